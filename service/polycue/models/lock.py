"""``models.lock``: which models may be installed, each pinned to a revision and to hashes.

The one of this package lists the Whisper models that have names. ``polycue models lock`` writes one
of what is installed; held to it, another machine installs the same bytes or nothing.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polycue.domain.errors import ModelDamaged, ModelMissing, Unreadable
from polycue.models.kind import ModelKind
from polycue.models.manifest import FileRecord, Record

_FORMAT = 1
_MOST_BYTES = 4 * 2**20
_NAME = re.compile(r"\w[\w.:-]*")  # of a folder or a pair, and no way to another place
_NONSENSE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
_HEAD = """\
# Models pinned to their bytes. Install exactly these with: polycue models pull --lock models.lock
format = 1
"""


@dataclass(frozen=True, slots=True)
class LockedModel:
    """A model in the format of CTranslate2. ``size_bytes`` is what is downloaded, about.

    ``source`` is a repository or an address, ``revision`` a commit or a version. ``files`` has the
    hashes that are known for sure; what the first install brings besides is recorded and held to,
    unless these are the ``whole`` model.
    """

    name: str
    source: str
    revision: str
    size_bytes: int
    kind: ModelKind = ModelKind.WHISPER
    files: Mapping[str, FileRecord] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    licence: str = ""
    whole: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Lock:
    """Pinned models by name, in the order of the file they were read from."""

    models: tuple[LockedModel, ...]

    @classmethod
    def read(cls, path: Path) -> "Lock":
        """The lock in a file.

        Raises:
            Unreadable: there is none, or it is no lock.
        """
        try:
            with path.open("rb") as file:
                text = file.read(_MOST_BYTES).decode()
        except (OSError, UnicodeDecodeError) as error:
            raise Unreadable(path, str(error)) from error
        return cls.parse(text, path)

    @classmethod
    def parse(cls, text: str, path: Path) -> "Lock":
        """The lock in a text; ``path`` is what errors call it."""
        try:
            return cls(_unambiguous(tuple(map(_model, _tables(tomllib.loads(text))))))
        except _NONSENSE as error:  # and what is no TOML is a ValueError
            raise Unreadable(path, f"is no models.lock ({error})") from error

    def text(self) -> str:
        """The lock as a file has it; reading it gives the same lock."""
        return _HEAD + "".join(map(_table, self.models))

    def get(self, name: str) -> LockedModel | None:
        """The model of this name or alias."""
        return next((model for model in self.models if name in model.names), None)

    def find(self, name: str) -> LockedModel:
        """The same.

        Raises:
            ModelMissing: the lock does not have it.
        """
        found = self.get(name)
        if found is None:
            raise ModelMissing(name, "polycue models lock, where it is installed")
        return found


def unlike(pinned: LockedModel, found: Mapping[str, FileRecord]) -> list[str]:
    """What of ``found`` is not as the lock has it, one line each."""
    more = sorted(found.keys() - pinned.files.keys()) if pinned.whole else []
    problems = [f"{name} is not in the lock" for name in more]
    for name, wanted in pinned.files.items():
        there = found.get(name)
        if there is None:
            problems.append(f"{name} did not come with it")
        elif there.sha256 != wanted.sha256:
            problems.append(f"{name} came with SHA-256 {there.sha256}, not {wanted.sha256}")
    return problems


def hold_to(pinned: LockedModel, record: Record) -> None:
    """Return if what was fetched is what is pinned.

    Raises:
        ModelDamaged: a file is missing or another.
    """
    problems = unlike(pinned, record.files)
    if problems:
        raise ModelDamaged(pinned.name, "; ".join(problems))


def locked(models: Iterable[LockedModel]) -> Lock:
    """A lock of these, in order of kind and name."""
    return Lock(tuple(sorted(models, key=lambda model: (model.kind, model.name, model.revision))))


def _unambiguous(models: tuple[LockedModel, ...]) -> tuple[LockedModel, ...]:
    names = [name for model in models for name in model.names]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"{twice!r} is pinned twice")
    return models


def _tables(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if content["format"] != _FORMAT:
        raise ValueError(f"format {content['format']}, not {_FORMAT}")
    return content.get("model", ())  # type: ignore[no-any-return]


def _model(table: Mapping[str, Any]) -> LockedModel:
    files = {
        name: FileRecord(int(file.get("size_bytes", 0)), _sha256(file["sha256"]))
        for name, file in table.get("files", {}).items()
    }
    return LockedModel(
        name=_name(table["name"]),
        source=str(table["source"]),
        revision=str(table["revision"]),
        size_bytes=int(table["size_bytes"]),
        kind=ModelKind(table["kind"]),
        files=files,
        aliases=tuple(map(str, table.get("aliases", ()))),
        licence=str(table.get("licence", "")),
        whole=table.get("whole", False) is True,
    )


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name of a model")
    return text


def _sha256(text: str) -> str:
    if len(bytes.fromhex(text)) != 32:
        raise ValueError(f"{text!r} is no SHA-256")
    return text.lower()


def _table(model: LockedModel) -> str:
    lines = [
        "\n[[model]]",
        f"name = {_string(model.name)}",
        f"kind = {_string(model.kind.value)}",
        f"source = {_string(model.source)}",
        f"revision = {_string(model.revision)}",
        f"licence = {_string(model.licence)}",
        f"size_bytes = {model.size_bytes}",
    ]
    if model.whole:
        lines.append("whole = true")
    if model.aliases:
        lines.append(f"aliases = [{', '.join(map(_string, model.aliases))}]")
    for name, file in sorted(model.files.items()):
        size = f"size_bytes = {file.size_bytes}, " if file.size_bytes else ""
        lines.append(f"files.{_string(name)} = {{ {size}sha256 = {_string(file.sha256)} }}")
    return "\n".join(lines) + "\n"


def _string(text: str) -> str:
    # JSON's strings are TOML's, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
