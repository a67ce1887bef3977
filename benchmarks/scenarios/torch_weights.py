"""The weights of a scripted model under openai/whisper's names, for peers that run on torch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from models import Geometry, Script, made


def write_weights(target: Path, geometry: Geometry, script: Script) -> Path:
    """Write them as ``.npz`` in float32, with the sizes that openai/whisper calls dims."""
    spec, vocabulary = made(geometry, script=script)
    dims = {
        "n_mels": geometry.mels,
        "n_vocab": len(vocabulary),
        "n_audio_ctx": 1500,
        "n_audio_state": geometry.width,
        "n_audio_head": geometry.heads,
        "n_audio_layer": geometry.encoder_layers,
        "n_text_ctx": 448,
        "n_text_state": geometry.width,
        "n_text_head": geometry.heads,
        "n_text_layer": geometry.decoder_layers,
    }
    weights = dict(_weights(spec))
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        np.savez(file, **weights, **{f"dims.{name}": np.array(v) for name, v in dims.items()})
    return target


def _weights(spec: Any) -> Iterator[tuple[str, np.ndarray]]:
    encoder, decoder = spec.encoder, spec.decoder
    for name in ("conv1", "conv2"):
        convolution = getattr(encoder, name)
        yield f"encoder.{name}.weight", convolution.weight
        yield f"encoder.{name}.bias", convolution.bias
    yield "encoder.positional_embedding", encoder.position_encodings.encodings
    yield from _norm("encoder.ln_post", encoder.layer_norm)
    yield "decoder.token_embedding.weight", decoder.embeddings.weight
    yield "decoder.positional_embedding", decoder.position_encodings.encodings
    yield from _norm("decoder.ln", decoder.layer_norm)
    for side, layers in (("encoder", encoder.layer), ("decoder", decoder.layer)):
        for number, layer in enumerate(layers):
            yield from _layer(f"{side}.blocks.{number}", layer)


def _layer(name: str, layer: Any) -> Iterator[tuple[str, np.ndarray]]:
    attention = layer.self_attention
    parts = np.split(attention.linear[0].weight, 3)
    yield from _attention(f"{name}.attn", parts, attention)
    if hasattr(layer, "attention"):
        across = layer.attention
        parts = [across.linear[0].weight, *np.split(across.linear[1].weight, 2)]
        yield from _attention(f"{name}.cross_attn", parts, across)
    yield from _norm(f"{name}.mlp_ln", layer.ffn.layer_norm)
    yield f"{name}.mlp.0.weight", layer.ffn.linear_0.weight
    yield f"{name}.mlp.0.bias", layer.ffn.linear_0.bias
    yield f"{name}.mlp.2.weight", layer.ffn.linear_1.weight
    yield f"{name}.mlp.2.bias", layer.ffn.linear_1.bias


def _attention(
    name: str, parts: list[np.ndarray], attention: Any
) -> Iterator[tuple[str, np.ndarray]]:
    """Query, key, value and output; all their biases are zero, and keys have none at all."""
    yield from _norm(f"{name}_ln", attention.layer_norm)
    for part, weight in zip(("query", "key", "value"), parts, strict=True):
        yield f"{name}.{part}.weight", weight
        if part != "key":
            yield f"{name}.{part}.bias", np.zeros(len(weight), np.float32)
    yield f"{name}.out.weight", attention.linear[-1].weight
    yield f"{name}.out.bias", attention.linear[-1].bias


def _norm(name: str, norm: Any) -> Iterator[tuple[str, np.ndarray]]:
    yield f"{name}.weight", norm.gamma
    yield f"{name}.bias", norm.beta
