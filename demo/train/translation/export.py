"""A trained translator as an Argos package: CTranslate2 int8, SentencePiece, splitter, metadata."""

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ctranslate2.specs import common_spec, transformer_spec
from demo.train.translation import splitter
from demo.train.translation.data import NAMES, Pair, Pieces
from demo.train.translation.model import Attention, DecoderLayer, EncoderLayer, Translator
from torch import Tensor, nn

VERSION = "0.1"
_ZIP_TIME = (2026, 1, 1, 0, 0, 0)  # fixed, so that equal weights give an equal file

_CARD = """# {source} > {target}, of polycue's demo world

A {source} > {target} model of 2 + 2 Transformer layers (CTranslate2 int8, SentencePiece), trained
from nothing on sentences of one small template grammar of a documentary narrator. It keeps
polycue's demo and tests free of downloads. It is **not** a translator for real text: words and
patterns outside the grammar give fluent nonsense.

How well it does on held-out sentences of the grammar is in polycue's `demo/models/argos/README.md`.

Licence: Apache-2.0.
"""


def write_package(pair: Pair, model: Translator, pieces: Pieces, folder: Path, to: Path) -> Path:
    """Write ``translate-en_es-0_1.argosmodel`` and its like into ``to``; the path comes back."""
    name = f"translate-{pair}-{VERSION.replace('.', '_')}"
    with TemporaryDirectory() as weights:
        _specification(model, pieces).save(weights)
        files = {f"model/{path.name}": path.read_bytes() for path in Path(weights).iterdir()}
    files["sentencepiece.model"] = (folder / "sentencepiece.model").read_bytes()
    files[f"minisbd/{pair.source}.onnx"] = splitter.build(pair.source)
    files["metadata.json"] = json.dumps(_metadata(pair), indent=1).encode()
    card = _CARD.format(source=NAMES[pair.source], target=NAMES[pair.target])
    files["README.md"] = card.encode()

    to.mkdir(parents=True, exist_ok=True)
    package, partial = to / f"{name}.argosmodel", to / f"{name}.partial"
    with zipfile.ZipFile(partial, "w") as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(f"{name}/{path}", _ZIP_TIME)
            archive.writestr(entry, files[path], zipfile.ZIP_DEFLATED, 9)
    return partial.replace(package)


def _metadata(pair: Pair) -> dict[str, Any]:
    return {
        "package_version": VERSION,
        "argos_version": "1.9.0",
        "from_code": pair.source,
        "from_name": NAMES[pair.source],
        "to_code": pair.target,
        "to_name": NAMES[pair.target],
        "links": [],
        "demo": True,  # polycue says so to its users; argostranslate leaves unknown keys alone
    }


def _specification(model: Translator, pieces: Pieces) -> transformer_spec.TransformerSpec:
    spec = transformer_spec.TransformerSpec.from_config(
        (len(model.encoder), len(model.decoder)),
        model.encoder[0].attention.heads,
        pre_norm=True,
        activation=common_spec.Activation.RELU,
    )
    for side, layers, norm in (
        (spec.encoder, model.encoder, model.encoder_norm),
        (spec.decoder, model.decoder, model.decoder_norm),
    ):
        embeddings = side.embeddings
        for table in embeddings if isinstance(embeddings, list) else [embeddings]:
            table.weight = _array(model.embedding.weight)
            table.multiply_by_sqrt_depth = True
        side.scale_embeddings = True
        side.position_encodings.encodings = _array(model.positions)
        _norm(side.layer_norm, norm)
        for layer_spec, layer in zip(side.layer, layers, strict=True):
            _layer(layer_spec, layer)
    spec.decoder.projection.weight = _array(model.embedding.weight)
    spec.decoder.projection.bias = _array(model.bias)
    spec.register_source_vocabulary(pieces.vocabulary)
    spec.register_target_vocabulary(pieces.vocabulary)
    spec.config.add_source_bos = False
    spec.config.add_source_eos = False
    spec.validate()
    spec.optimize(quantization="int8")
    return spec


def _layer(spec: Any, layer: EncoderLayer) -> None:
    own = layer.attention
    _norm(spec.self_attention.layer_norm, layer.attention_norm)
    _linear(spec.self_attention.linear[0], [own.query, own.key, own.value])
    _linear(spec.self_attention.linear[1], [own.out])
    if isinstance(layer, DecoderLayer):
        cross: Attention = layer.cross
        _norm(spec.attention.layer_norm, layer.cross_norm)
        _linear(spec.attention.linear[0], [cross.query])
        _linear(spec.attention.linear[1], [cross.key, cross.value])
        _linear(spec.attention.linear[2], [cross.out])
    _norm(spec.ffn.layer_norm, layer.feed_forward_norm)
    _linear(spec.ffn.linear_0, [layer.feed_forward.first])
    _linear(spec.ffn.linear_1, [layer.feed_forward.second])


def _linear(spec: Any, layers: Iterable[nn.Linear]) -> None:
    """Projections that share their input are one wider matrix in CTranslate2."""
    layers = list(layers)
    spec.weight = np.concatenate([_array(layer.weight) for layer in layers])
    spec.bias = np.concatenate([_array(layer.bias) for layer in layers])


def _norm(spec: Any, norm: nn.LayerNorm) -> None:
    spec.gamma, spec.beta = _array(norm.weight), _array(norm.bias)


def _array(values: Tensor) -> np.ndarray:
    return values.detach().float().cpu().numpy()
