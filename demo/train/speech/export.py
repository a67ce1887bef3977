"""A trained recogniser as a CTranslate2 int8 model that faster-whisper loads like any other."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ctranslate2.specs import whisper_spec
from demo.train.speech import features, tokens, windows
from demo.train.speech.model import Attention, DecoderLayer, EncoderLayer, Whisper
from demo.train.speech.tokens import Rows
from torch import Tensor, nn

# <|endoftext|> is not suppressed at the beginning: a decode with <|notimestamps|> could then
# never come back empty, and silence must.
_SUPPRESSED_AT_BEGIN = [tokens.BLANK]

_PREPROCESSOR = {
    "feature_extractor_type": "WhisperFeatureExtractor",
    "feature_size": features.MEL_BANDS,
    "sampling_rate": features.SAMPLE_RATE_HZ,
    "hop_length": features.HOP,
    "chunk_length": windows.WINDOW_S,
    "n_fft": 400,
    "n_samples": windows.SAMPLES,
    "nb_max_frames": windows.SAMPLES // features.HOP,
    "padding_side": "right",
    "padding_value": 0.0,
    "processor_class": "WhisperProcessor",
    "return_attention_mask": False,
}
# What polycue reads: to warn its users, and how to align (3 is a little better than 7 here).
_POLYCUE = {"demo": True, "languages": ["en"], "translates": False, "median_filter_width": 3}


def write_model(model: Whisper, rows: Rows, folder: Path) -> None:
    """Write all files of the model into ``folder``, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = tokens.load()
    spec = _specification(model, rows)
    spec.register_vocabulary(tokens.names(tokenizer))
    _configure(spec.config, model)
    spec.validate()
    spec.optimize(quantization="int8")
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    spec.save(str(partial))
    (partial / "preprocessor_config.json").write_text(_json(_PREPROCESSOR), "utf-8")
    (partial / "polycue.json").write_text(_json(_POLYCUE), "utf-8")
    if tokens.TOKENIZER.parent.resolve() != folder.resolve():
        shutil.copyfile(tokens.TOKENIZER, partial / "tokenizer.json")
    for path in partial.iterdir():
        os.replace(path, folder / path.name)
    partial.rmdir()


def _configure(config: Any, model: Whisper) -> None:
    config.lang_ids = list(range(tokens.ENGLISH, tokens.LAST_LANGUAGE + 1))
    config.suppress_ids = []
    config.suppress_ids_begin = _SUPPRESSED_AT_BEGIN
    # The heads that were guided to the words' places: all of the last layer.
    last = model.shape.decoder_layers - 1
    config.alignment_heads = [(last, head) for head in range(model.shape.heads)]


def _specification(model: Whisper, rows: Rows) -> whisper_spec.WhisperSpec:
    shape = model.shape
    spec = whisper_spec.WhisperSpec(
        shape.encoder_layers, shape.heads, shape.decoder_layers, shape.heads
    )
    encoder, decoder = model.encoder, model.decoder
    _convolution(spec.encoder.conv1, encoder.first_convolution)
    _convolution(spec.encoder.conv2, encoder.second_convolution)
    spec.encoder.position_encodings.encodings = _array(encoder.positions)
    _norm(spec.encoder.layer_norm, encoder.norm)
    for layer_spec, layer in zip(spec.encoder.layer, encoder.layers, strict=True):
        _layer(layer_spec, layer)

    table = _full_table(decoder.embedding, rows)
    spec.decoder.embeddings.weight = table
    spec.decoder.projection.weight = table
    spec.decoder.position_encodings.encodings = _array(decoder.positions)
    _norm(spec.decoder.layer_norm, decoder.norm)
    for layer_spec, layer in zip(spec.decoder.layer, decoder.layers, strict=True):
        _layer(layer_spec, layer)
        _norm(layer_spec.attention.layer_norm, layer.cross_norm)
        _cross_attention(layer_spec.attention, layer.cross)
    return spec


def _full_table(embedding: Tensor, rows: Rows) -> np.ndarray:
    """[VOCABULARY, width]: the shared row wherever a token has none of its own."""
    return _array(embedding[torch.from_numpy(rows.row_of)])


def _layer(spec: Any, layer: EncoderLayer | DecoderLayer) -> None:
    _norm(spec.self_attention.layer_norm, layer.attention_norm)
    attention = layer.attention
    _linear(spec.self_attention.linear[0], attention.query, attention.key, attention.value)
    _linear(spec.self_attention.linear[1], attention.out)
    _norm(spec.ffn.layer_norm, layer.feed_forward_norm)
    _linear(spec.ffn.linear_0, layer.feed_forward.first)
    _linear(spec.ffn.linear_1, layer.feed_forward.second)


def _cross_attention(spec: Any, attention: Attention) -> None:
    _linear(spec.linear[0], attention.query)
    _linear(spec.linear[1], attention.key, attention.value)
    _linear(spec.linear[2], attention.out)


def _linear(spec: Any, *layers: nn.Linear) -> None:
    """Projections that share their input are one wider matrix in CTranslate2."""
    spec.weight = np.concatenate([_array(layer.weight) for layer in layers])
    spec.bias = np.concatenate(
        [
            np.zeros(layer.out_features, np.float32) if layer.bias is None else _array(layer.bias)
            for layer in layers  # Whisper's keys have no bias
        ]
    )


def _convolution(spec: Any, convolution: nn.Conv1d) -> None:
    spec.weight, spec.bias = _array(convolution.weight), _array(convolution.bias)


def _norm(spec: Any, norm: nn.LayerNorm) -> None:
    spec.gamma, spec.beta = _array(norm.weight), _array(norm.bias)


def _array(values: Tensor) -> np.ndarray:
    return values.detach().float().cpu().numpy()


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"
