"""Silero's network, version 6, written anew as products of matrices.

Of each window of 576 samples it takes four spectra of 256 samples, puts four small convolutions
over them, and remembers with an LSTM. As convolutions over a window at a time that is slow in
onnxruntime, which also computes a fifth spectrum and drops it. Here the overlapping pieces that a
convolution looks at are laid side by side, for all windows of a block at once, and multiplied with
its weights: the same sums, rounded otherwise (1e-6 in the probability). The LSTM goes from window
to window as before.
"""

from polycue.speech.onnx_format import Nodes, OnnxFile, Weights

_WINDOW = 576  # samples: 64 of the window before, 512 of this one
_PIECE, _STEP, _PIECES = 256, 128, 4  # of a spectrum, in samples
_MIRRORED = (_PIECES - 1) * _STEP + _PIECE - _WINDOW  # the last piece reaches over the end
_STRIDES = (1, 2, 2, 1)  # of the convolutions
_TAPS = 3
# Of the spectrum's basis, the convolutions, the LSTM's input and state, and the last layer.
_SHAPES = ((258, 1, 256), (128, 129, 3), (64, 128, 3), (64, 64, 3), (128, 64, 3), (1, 128, 1))
_LSTM_SHAPES = ((1, 512, 128), (1, 512, 128), (1, 1024))


def in_matrix_form(file: bytes) -> bytes:
    """The network in ``file`` as another file, with the same inputs and outputs.

    Raises:
        ValueError: it is another network.
    """
    given = OnnxFile(file)
    convolutions, lstms = given.inputs_of("Conv"), given.inputs_of("LSTM")
    shapes = tuple(weights.shape for weights, *_ in convolutions)
    if shapes != _SHAPES or [tuple(w.shape for w in lstm) for lstm in lstms] != [_LSTM_SHAPES]:
        raise ValueError("not version 6 of Silero's network")
    (basis,), *layers, last = convolutions
    nodes = Nodes()
    seen, length = _spectra(nodes, basis[:, 0]), _PIECES
    for (weights, bias), stride in zip(layers, _STRIDES, strict=True):
        seen, length = _convolved(nodes, seen, length, weights, bias, stride)
    _remembered(nodes, seen, lstms[0], *last)
    return given.with_nodes(nodes)


def _spectra(nodes: Nodes, basis: Weights) -> str:
    """Loudness by frequency of each piece of each window: shape (windows, 4 * 129)."""
    whole = nodes.add("Pad", "input", nodes.constant([0, 0, 0, _MIRRORED]), mode="reflect")
    pieces = _side_by_side(nodes, whole, [_STEP * n for n in range(_PIECES)], _PIECE)
    waves = nodes.add("MatMul", pieces, nodes.constant(basis.T))
    bins = len(basis) // 2
    real, imaginary = (_columns(nodes, waves, first, bins) for first in (0, bins))
    squares = (nodes.add("Mul", part, part) for part in (real, imaginary))
    loudness = nodes.add("Sqrt", nodes.add("Add", *squares))
    return _rows_of(nodes, loudness, _PIECES * bins)


def _convolved(
    nodes: Nodes, seen: str, length: int, weights: Weights, bias: Weights, stride: int
) -> tuple[str, int]:
    """A convolution over the ``length`` places of each window, and how many come out of it."""
    channels_out, channels, _ = weights.shape
    taps = weights.transpose(2, 1, 0)
    if length == 1:  # to its left and right are only zeros
        around, taps = seen, taps[1:2]
        places = 1
    else:
        padded = nodes.add("Pad", seen, nodes.constant([0, channels, 0, channels]))
        firsts = [place * channels for place in range(0, length, stride)]
        around, places = _side_by_side(nodes, padded, firsts, _TAPS * channels), len(firsts)
    matrix = nodes.constant(taps.reshape(-1, channels_out))
    summed = nodes.add("Gemm", around, matrix, nodes.constant(bias))
    return _rows_of(nodes, nodes.add("Relu", summed), places * channels_out), places


def _remembered(
    nodes: Nodes, seen: str, lstm: list[Weights], weights: Weights, bias: Weights
) -> None:
    """The probability of each window from those before it; ``h`` and ``c`` are the memory."""
    size = lstm[1].shape[2]
    sequence = nodes.add("Reshape", seen, nodes.constant([-1, 1, size]))
    gates = (nodes.constant(part) for part in lstm)
    outputs = ("remembered", "hn", "cn")
    states = nodes.add("LSTM", sequence, *gates, "", "h", "c", to=outputs, hidden_size=size)
    kept = nodes.add("Relu", _rows_of(nodes, states, size))
    logits = nodes.add("Gemm", kept, nodes.constant(weights[0]), nodes.constant(bias))
    speech = nodes.add("Sigmoid", logits)
    nodes.add("Reshape", speech, nodes.constant([-1]), to="speech_probs")


def _side_by_side(nodes: Nodes, rows: str, firsts: list[int], width: int) -> str:
    """Pieces of each row that begin at ``firsts``, each as a row of its own."""
    pieces = [_columns(nodes, rows, first, width) for first in firsts]
    return _rows_of(nodes, nodes.add("Concat", *pieces, axis=1), width)


def _columns(nodes: Nodes, rows: str, first: int, width: int) -> str:
    bounds = ([first], [first + width], [1])
    return nodes.add("Slice", rows, *(nodes.constant(bound) for bound in bounds))


def _rows_of(nodes: Nodes, values: str, width: int) -> str:
    return nodes.add("Reshape", values, nodes.constant([-1, width]))
