"""A converted Whisper model, from its folder into memory, and what is known of it there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import ctranslate2

from polycue.domain import language as languages
from polycue.domain.chunk import ModelFacts
from polycue.domain.errors import DeviceUnavailable, ModelDamaged
from polycue.speech.note import NOTE_FILE, ModelNote
from polycue.speech.weights import fingerprint
from polycue.whisperlib import WhisperModel

_SEED = 20261126  # of sampling: a film that is heard alone comes out the same each time
_REQUIRED_FILES = ("model.bin", "config.json", "tokenizer.json")
_FEATURES_FILE = "preprocessor_config.json"  # early models have none: 80 mels, 30 s
_TRANSFORM = (16_000, 400, 160)  # samples a second, in a window, and from frame to frame
_VOCABULARIES = ("vocabulary.json", "vocabulary.txt")  # one of them; older converters wrote text
_DECIDING_FILES = (*_REQUIRED_FILES, _FEATURES_FILE, *_VOCABULARIES, NOTE_FILE)


def opened(path: Path, name: str, **place: Any) -> tuple[WhisperModel, ModelFacts, ModelNote]:
    """Load the model in the folder ``path``; ``place`` is faster-whisper's: device, threads...

    Raises:
        ModelDamaged: a file is missing or not what it should be.
        DeviceUnavailable: the device cannot hold it, or not with this compute type.
    """
    for file in _REQUIRED_FILES:  # without a tokenizer faster-whisper would download one
        if not (path / file).is_file():
            raise ModelDamaged(name, f"{file} is missing")
    note = ModelNote.beside(path, name)
    ctranslate2.set_random_seed(_SEED)
    with _loading(name, place["device"]):
        if (path / _FEATURES_FILE).is_file():  # faster-whisper goes on without a broken one
            json.loads((path / _FEATURES_FILE).read_text("utf-8"))
        model = WhisperModel(str(path), local_files_only=True, **place)
    facts = replace(_facts(model, name, note), fingerprint=_made_of(model, path))
    return model, facts, note


def _facts(model: WhisperModel, name: str, note: ModelNote) -> ModelFacts:
    """From the weights and the vocabulary, and what the note says otherwise."""
    extractor, vocabulary = model.feature_extractor, model.hf_tokenizer
    if extractor.mel_filters.shape[0] != model.model.n_mels:
        raise ModelDamaged(name, f"{_FEATURES_FILE} is missing or of another model")
    if (extractor.sampling_rate, extractor.n_fft, extractor.hop_length) != _TRANSFORM:
        raise ModelDamaged(name, f"{_FEATURES_FILE} asks for features that no Whisper takes")
    multilingual: bool = model.model.is_multilingual
    known = note.languages or [
        languages.from_whisper(code)
        for code in model.supported_languages
        if not multilingual or vocabulary.token_to_id(f"<|{code}|>") is not None
    ]
    return ModelFacts(
        name=name,
        languages=tuple(known),
        max_chunk_ms=extractor.chunk_length * 1000,
        translates=note.can_translate(name, multilingual=multilingual),
        demo=note.demo,
        mels=model.model.n_mels,
    )


def _made_of(model: WhisperModel, path: Path) -> str:
    """What else than the chunk and the options decides what is heard."""
    weights = fingerprint(path, _DECIDING_FILES)
    arithmetic = f"{model.model.compute_type} on {model.model.device}"
    return f"{weights}, {arithmetic}, ctranslate2 {ctranslate2.__version__}"


@contextmanager
def _loading(name: str, device: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # tokenizers raises bare Exception for a file it cannot read
        problem = str(error)
        if any(word in problem for word in ("CUDA", "cublas", "compute type")):
            raise DeviceUnavailable(device, problem) from error
        raise ModelDamaged(name, problem) from error
