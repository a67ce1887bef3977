"""A translation package of the size of Argos's, with random weights and answers of a fixed length.

None can be had without a network. Every layer costs what a trained one costs; what it writes means
nothing. A script lies in channels of the decoder's residual stream that no layer writes to: the
position tells the next piece, and after so many comes the end. So every search, of whatever width,
takes the same steps in every engine, with no option set, and rounding changes no answer.
"""

import json
from pathlib import Path
from shutil import copytree
from typing import Any

import ctranslate2
import numpy as np

SEED = 20261122
VOCABULARY = 32_000
LAYERS, WIDTH, HEADS, INNER = 6, 512, 8, 2048
ANSWER_TOKENS = 12
POSITIONS = 512
_DEVIATION = 0.02
_HERE, _NEXT = 20.0, 2.0  # how loud a position is, and how much that says: logits about 30


def write_package(like: Path, folder: Path) -> Path:
    """A package with the tokenizer, splitter and languages of the one in ``like``."""
    copytree(like, folder)
    old = folder / "model"
    config = json.loads((old / "config.json").read_text())
    pieces = json.loads((old / "shared_vocabulary.json").read_text())
    for file in old.iterdir():
        file.unlink()
    old.rmdir()
    pieces += [f"\u2581w{n}" for n in range(VOCABULARY - len(pieces))]
    spec = ctranslate2.specs.TransformerSpec.from_config(
        (LAYERS, LAYERS), HEADS, pre_norm=True, activation=ctranslate2.specs.Activation.RELU
    )
    for key in ("bos_token", "eos_token", "unk_token", "decoder_start_token"):
        setattr(spec.config, key, config[key])
    spec.config.add_source_bos = config["add_source_bos"]
    spec.config.add_source_eos = config["add_source_eos"]
    _fill(spec)
    _write_script(spec.decoder, pieces)
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.validate()
    spec.optimize(quantization="int8")
    old.mkdir()
    spec.save(str(old))
    return folder


def _fill(spec: Any) -> None:
    source = np.random.default_rng(SEED)

    def weight(*shape: int) -> np.ndarray:
        return source.normal(0, _DEVIATION, shape).astype(np.float32)

    def linear(layer: Any, out_width: int, in_width: int) -> None:
        layer.weight, layer.bias = weight(out_width, in_width), np.zeros(out_width, np.float32)

    def norm(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def attention(block: Any, *widths: int) -> None:
        for layer, out_width in zip(block.linear, widths, strict=True):
            linear(layer, out_width, WIDTH)
        norm(block.layer_norm)

    spec.encoder.embeddings[0].weight = weight(VOCABULARY, WIDTH)
    spec.decoder.embeddings.weight = weight(VOCABULARY, WIDTH)
    for layer in (*spec.encoder.layer, *spec.decoder.layer):
        attention(layer.self_attention, 3 * WIDTH, WIDTH)
        linear(layer.ffn.linear_0, INNER, WIDTH)
        linear(layer.ffn.linear_1, WIDTH, INNER)
        norm(layer.ffn.layer_norm)
    for layer in spec.decoder.layer:
        attention(layer.attention, WIDTH, 2 * WIDTH, WIDTH)
    norm(spec.encoder.layer_norm)
    norm(spec.decoder.layer_norm)
    linear(spec.decoder.projection, VOCABULARY, WIDTH)


def _write_script(decoder: Any, pieces: list[str]) -> None:
    """The last channels say at which position a step is, and nothing else writes to them."""
    first = WIDTH - ANSWER_TOKENS - 1
    decoder.embeddings.weight[:, first:] = 0
    for layer in decoder.layer:
        for last in (layer.self_attention.linear[-1], layer.attention.linear[-1]):
            last.weight[first:] = 0
        layer.ffn.linear_1.weight[first:] = 0
    encodings = _sinusoids()
    encodings[:, first:] = 0
    words = [piece for piece in pieces if piece.startswith("\u2581") and piece[1:].isalpha()]
    decoder.projection.weight[:, first:] = 0
    for step in range(ANSWER_TOKENS + 1):
        encodings[step:, first + step] = 0
        encodings[step, first + step] = _HERE
        piece = "</s>" if step == ANSWER_TOKENS else words[7 * step]
        decoder.projection.weight[pieces.index(piece), first + step] = _NEXT
    encodings[ANSWER_TOKENS:, WIDTH - 1] = _HERE
    decoder.position_encodings.encodings = encodings


def _sinusoids() -> np.ndarray:
    at = np.arange(POSITIONS)[:, None] / 10_000 ** (np.arange(WIDTH // 2) / (WIDTH // 2))
    return np.concatenate([np.sin(at), np.cos(at)], axis=1).astype(np.float32)
