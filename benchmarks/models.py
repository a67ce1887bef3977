"""Whisper models with the true geometry and random weights, for tests and for measuring speed.

They need no download and cost what real ones cost; what they say means nothing, but with a script
they say so many words with full confidence. Written from numpy alone: tiny in a second, large-v3 in
a minute.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper.tokenizer import _LANGUAGE_CODES
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from scripted import FIRST_WORD, Script, rising, words, write_script

__all__ = ["FIRST_WORD", "GEOMETRIES", "Geometry", "Script", "made", "rising", "write_whisper"]

_TEXT_TOKENS = 50_257
_TIMES = 1_501  # <|0.00|> to <|30.00|>
_FFT = 400
_WEIGHT_DEVIATION = 0.02
_ALIGNMENT_HEADS = 10  # of large-v3; smaller ones have 6 to 10


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes of a Whisper, as in openai/whisper's ``ModelDimensions``."""

    mels: int
    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    languages: int = 99


GEOMETRIES = {
    "tiny": Geometry(80, 384, 6, 4, 4),
    "base": Geometry(80, 512, 8, 6, 6),
    "small": Geometry(80, 768, 12, 12, 12),
    "medium": Geometry(80, 1024, 16, 24, 24),
    "large-v2": Geometry(80, 1280, 20, 32, 32),
    "large-v3": Geometry(128, 1280, 20, 32, 32, languages=100),
    "large-v3-turbo": Geometry(128, 1280, 20, 32, 4, languages=100),
}


def write_whisper(
    folder: Path,
    geometry: Geometry,
    *,
    quantization: str = "int8",
    chunk_length_s: int = 30,
    script: Script | None = None,
) -> Path:
    """Write a model that faster-whisper loads into ``folder``, which must not exist, and return it.

    The weights depend on geometry and script only. A model in float16 needs a GPU to be fast.
    """
    spec, vocabulary = made(geometry, chunk_length_s, script)
    spec.validate()
    spec.optimize(quantization=quantization)
    folder.mkdir(parents=True)
    spec.save(str(folder))
    _write_tokenizer(folder, vocabulary)
    _write_preprocessor(folder, geometry.mels, chunk_length_s)
    return folder


def made(
    geometry: Geometry, chunk_length_s: int = 30, script: Script | None = None
) -> tuple[Any, list[str]]:
    """A ``WhisperSpec`` with all its weights in float32, and its vocabulary."""
    vocabulary = _vocabulary(geometry.languages)
    spec = ctranslate2.specs.WhisperSpec(
        geometry.encoder_layers, geometry.heads, geometry.decoder_layers, geometry.heads
    )
    _fill(spec, geometry, len(vocabulary), positions=chunk_length_s * 50)
    first_language = vocabulary.index("<|en|>")
    spec.config.lang_ids = list(range(first_language, first_language + geometry.languages))
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [220, _TEXT_TOKENS]
    last, heads = geometry.decoder_layers - 1, min(geometry.heads, _ALIGNMENT_HEADS)
    spec.config.alignment_heads = [[last, head] for head in range(heads)]
    if script is not None:
        write_script(spec, script, end=_TEXT_TOKENS, english=first_language, heads=heads)
    spec.register_vocabulary(vocabulary)
    return spec, vocabulary


def _vocabulary(languages: int) -> list[str]:
    """Whisper's order; CTranslate2 finds special tokens by name and takes "" for multilingual."""
    text = [f"Ġw{number}" for number in range(_TEXT_TOKENS)]
    text[220], text[-1] = "Ġ", ""
    for number, word in enumerate(words(), start=FIRST_WORD):
        text[number] = f"Ġ{word}"
    codes = ["en", *(code for code in _LANGUAGE_CODES if code not in {"en", "yue"}), "yue"]
    return [
        *text,
        "<|endoftext|>",
        "<|startoftranscript|>",
        *(f"<|{code}|>" for code in codes[:languages]),
        "<|translate|>",
        "<|transcribe|>",
        "<|startoflm|>",
        "<|startofprev|>",
        "<|nospeech|>",
        "<|notimestamps|>",
        *(f"<|{number * 0.02:.2f}|>" for number in range(_TIMES)),
    ]


def _fill(spec: Any, geometry: Geometry, tokens: int, positions: int) -> None:
    random = np.random.default_rng(0)
    width = geometry.width

    def weight(*shape: int) -> np.ndarray:
        return random.normal(0, _WEIGHT_DEVIATION, shape).astype(np.float32)

    def linear(layer: Any, out_width: int, in_width: int) -> None:
        layer.weight, layer.bias = weight(out_width, in_width), np.zeros(out_width, np.float32)

    calm = np.float32((2 * geometry.encoder_layers) ** -0.5)  # or 32 layers drown what is said

    def norm(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(width, np.float32), np.zeros(width, np.float32)

    def attention(block: Any, *widths: int) -> None:
        for layer, out_width in zip(block.linear, widths, strict=True):
            linear(layer, out_width, width)
        block.linear[-1].weight *= calm
        norm(block.layer_norm)

    def feed_forward(block: Any) -> None:
        linear(block.linear_0, 4 * width, width)
        linear(block.linear_1, width, 4 * width)
        block.linear_1.weight *= calm
        norm(block.layer_norm)

    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = weight(width, geometry.mels, 3), weight(width)
    encoder.conv2.weight, encoder.conv2.bias = weight(width, width, 3), weight(width)
    encoder.position_encodings.encodings = weight(positions, width)
    norm(encoder.layer_norm)
    for layer in encoder.layer:
        attention(layer.self_attention, 3 * width, width)
        feed_forward(layer.ffn)
    decoder.embeddings.weight = weight(tokens, width)
    decoder.position_encodings.encodings = weight(448, width)
    norm(decoder.layer_norm)
    for layer in decoder.layer:
        attention(layer.self_attention, 3 * width, width)
        attention(layer.attention, width, 2 * width, width)
        feed_forward(layer.ffn)
    decoder.projection.weight = decoder.embeddings.weight  # tied, as Whisper's are


def _write_tokenizer(folder: Path, vocabulary: list[str]) -> None:
    ids = {token: number for number, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=vocabulary[0]))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))


def _write_preprocessor(folder: Path, mels: int, chunk_length_s: int) -> None:
    values = {
        "feature_size": mels,
        "sampling_rate": 16_000,
        "hop_length": 160,
        "chunk_length": chunk_length_s,
        "n_fft": _FFT,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(values), "utf-8")
