"""What was installed, from where, and the hash of every file of it: ``manifest.json``."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from polycue.domain.errors import ModelDamaged

Progress = Callable[[int, int | None], None]  # bytes done, bytes in all where they are known

_NAME = "manifest.json"
_FORMAT = 1
_BLOCK_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class FileRecord:
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Record:
    """How a model folder came here, and its files by their path in it.

    ``source`` is a repository, an address or the name of what was imported; ``revision`` a commit
    or a version, "" where there is none.
    """

    source: str
    revision: str
    licence: str = ""
    files: Mapping[str, FileRecord] = field(default_factory=dict)


class Manifest:
    """The records of a store by folder, ``whisper/tiny``. Writing is for who holds its lock."""

    def __init__(self, root: Path) -> None:
        self._path = root / _NAME

    def read(self) -> dict[str, Record]:
        """All records; none where nothing was ever installed.

        Raises:
            ModelDamaged: the file is not what we wrote.
        """
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return {folder: _record(r) for folder, r in content["models"].items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            advice = "move it away, then import or pull the models again"
            raise ModelDamaged(_NAME, f"{self._path} cannot be read; {advice}") from error

    def write(self, records: Mapping[str, Record]) -> None:
        models = {folder: asdict(records[folder]) for folder in sorted(records)}
        new = self._path.with_name(f".{_NAME}")
        new.write_text(json.dumps({"format": _FORMAT, "models": models}, indent=1) + "\n")
        os.replace(new, self._path)


def fingerprint(record: Record, folder: Path) -> Record:
    """``record`` with the files now in ``folder``, every one of them read and hashed."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return replace(
        record,
        files={
            path.relative_to(folder).as_posix(): FileRecord(path.stat().st_size, sha256(path))
            for path in sorted(files)
        },
    )


def differences(
    record: Record, folder: Path, *, hash_of: Callable[[Path], str] | None = None
) -> list[str]:
    """What of ``folder`` is not as recorded, one line each; empty when all is well.

    ``hash_of`` gives a file's SHA-256 where the caller knows a cheaper way than to read it.
    """
    hash_of = hash_of or sha256
    recorded = record.files
    present = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    problems = [f"{name} is missing" for name in sorted(recorded.keys() - present.keys())]
    problems += [f"{name} was not installed" for name in sorted(present.keys() - recorded.keys())]
    for name in sorted(recorded.keys() & present.keys()):
        size_bytes = present[name].stat().st_size
        if size_bytes != recorded[name].size_bytes:
            problems.append(f"{name} has {size_bytes} bytes, not {recorded[name].size_bytes}")
        elif hash_of(present[name]) != recorded[name].sha256:
            problems.append(f"{name} has changed")
    return problems


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _record(content: dict[str, Any]) -> Record:
    files = {name: FileRecord(**file) for name, file in content["files"].items()}
    return Record(content["source"], content["revision"], content["licence"], files)
