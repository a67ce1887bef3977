"""What a folder says of the model in it, without loading the model."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polycue.domain import language
from polycue.models.catalogue import is_english_only

_MULTILINGUAL_TOKENS = 51_865  # of Whisper's vocabulary; English-only models have one token less
# faster-whisper fetches a tokenizer from the network where this one file is missing.
_WHISPER_NEEDS = ("config.json", "model.bin", "tokenizer.json")
_WHISPER_VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
_WHISPER_MAY_HAVE = ("preprocessor_config.json", "polycue.json", "README.md", "LICENSE")
_ARGOS_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ARGOS_VERSION = re.compile(r"\d+(\.\d+)*")


@dataclass(frozen=True, slots=True)
class ArgosFacts:
    """What an Argos package translates. Languages are BCP-47, ``version`` is "1.9" or the like."""

    source: str
    target: str
    version: str
    demo: bool

    @property
    def name(self) -> str:
        return f"{self.source}:{self.target}"

    @property
    def folder(self) -> str:
        """The name Argos itself gives the folder: ``translate-en_es-1_9``."""
        codes = f"{language.argos_code(self.source)}_{language.argos_code(self.target)}"
        return f"translate-{codes}-{self.version.replace('.', '_')}"


@dataclass(frozen=True, slots=True)
class WhisperFacts:
    """What a Whisper model understands, as BCP-47; ``demo`` marks the models of a small world."""

    languages: tuple[str, ...]
    demo: bool


def missing_whisper_files(folder: Path) -> list[str]:
    """The files without which the model does not load, or not without a network."""
    missing = [name for name in _WHISPER_NEEDS if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in _WHISPER_VOCABULARIES):
        missing.append(_WHISPER_VOCABULARIES[0])
    return missing


def whisper_files(folder: Path) -> list[Path]:
    """The files of the model, leaving what else may lie there."""
    names = (*_WHISPER_NEEDS, *_WHISPER_VOCABULARIES, *_WHISPER_MAY_HAVE)
    return [folder / name for name in names if (folder / name).is_file()]


def whisper_facts(folder: Path) -> WhisperFacts:
    """As far as the files say; no languages where they are damaged."""
    marker = _json(folder / "polycue.json")
    if isinstance(marker.get("languages"), list):
        return WhisperFacts(tuple(map(str, marker["languages"])), marker.get("demo") is True)
    if is_english_only(folder.name):
        return WhisperFacts(("en",), demo=False)
    return WhisperFacts(_languages(folder), demo=False)


def argos_facts(metadata: bytes) -> ArgosFacts | None:
    """What ``metadata.json`` says; None when it is not that of a package for translating."""
    try:
        content = json.loads(metadata)
    except ValueError:
        return None
    if not isinstance(content, dict) or content.get("type", "translate") != "translate":
        return None
    codes: list[Any] = [content.get("from_code"), content.get("to_code")]
    version = content.get("package_version")
    if not all(isinstance(code, str) and _ARGOS_CODE.fullmatch(code) for code in codes):
        return None
    if not (isinstance(version, str) and _ARGOS_VERSION.fullmatch(version)):
        return None
    source, target = map(language.from_argos, codes)
    return ArgosFacts(source, target, version, content.get("demo") is True)


def version_order(version: str) -> list[int]:
    """Grows with the version: "1.10" is above "1.9"."""
    return [int(number) for number in re.findall(r"\d+", version)]


def _languages(folder: Path) -> tuple[str, ...]:
    """Those whose ids the model was converted with, read in its vocabulary."""
    vocabulary = _vocabulary(folder)
    if not vocabulary:
        return ()
    if len(vocabulary) < _MULTILINGUAL_TOKENS:
        return ("en",)
    ids = _json(folder / "config.json").get("lang_ids", [])
    tokens = [vocabulary[i] for i in ids if isinstance(i, int) and 0 <= i < len(vocabulary)]
    return tuple(sorted(language.from_whisper(token.strip("<|>")) for token in tokens))


def _vocabulary(folder: Path) -> list[str]:
    try:
        if (folder / "vocabulary.json").is_file():
            tokens = json.loads((folder / "vocabulary.json").read_bytes())
            return [str(token) for token in tokens] if isinstance(tokens, list) else []
        return (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError):
        return []


def _json(path: Path) -> dict[str, Any]:
    """The object in a file; empty where there is none."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
