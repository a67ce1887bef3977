"""The folder of models: ``whisper/<name>``, ``argos/<package>`` and their manifest."""

import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from polycue.domain.errors import AlreadyExists, ModelDamaged, ModelMissing, Unwritable
from polycue.models.catalogue import find_whisper
from polycue.models.facts import argos_facts, missing_whisper_files, version_order, whisper_facts
from polycue.models.kind import ModelKind
from polycue.models.manifest import Manifest, Record, differences

_WHISPER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_STAGING = ".staging-"
_CANNOT_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model on disk. A pair is named ``en:es``; ``languages`` are then source and target.

    ``recorded`` says whether hashes were taken when it was installed, so that it can be verified.
    """

    name: str
    kind: ModelKind
    path: Path
    size_bytes: int
    revision: str
    languages: tuple[str, ...]
    demo: bool
    recorded: bool


class ModelStore:
    """All models below ``root``, which need not exist yet; reading never writes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._manifest = Manifest(root)

    def __repr__(self) -> str:
        return f"ModelStore({str(self._root)!r})"

    @property
    def root(self) -> Path:
        return self._root

    @property
    def argos_root(self) -> Path:
        return self._root / ModelKind.ARGOS

    def whisper_path(self, name: str) -> Path:
        """The folder of a Whisper model by its name or another name of it.

        Raises:
            ModelMissing: it is not installed, or not wholly.
        """
        known = find_whisper(name)
        for folder_name in dict.fromkeys([name, known.name if known else name]):
            folder = self._root / ModelKind.WHISPER / folder_name
            if _WHISPER_NAME.fullmatch(folder_name) and not missing_whisper_files(folder):
                return folder
        raise ModelMissing(name, f"polycue models {'pull ' + name if known else 'import FOLDER'}")

    def installed(self) -> tuple[InstalledModel, ...]:
        """Every model, Whisper first, in order of names and versions; damaged ones too."""
        records = self._manifest.read()
        whisper = [self._whisper(folder, records) for folder in self._folders(ModelKind.WHISPER)]
        argos = [self._argos(folder, records) for folder in self._folders(ModelKind.ARGOS)]
        return (
            *sorted(whisper, key=lambda m: m.name),
            *sorted(filter(None, argos), key=lambda m: (m.name, version_order(m.revision))),
        )

    def find(self, name: str) -> tuple[InstalledModel, ...]:
        """The model of this name; a pair may be there in several versions.

        Raises:
            ModelMissing: there is none.
        """
        known = find_whisper(name)
        wanted = {name, known.name if known else name}
        found = tuple(model for model in self.installed() if model.name in wanted)
        if not found:
            raise ModelMissing(name, f"polycue models pull {name}")
        return found

    def verify(self, name: str) -> list[str]:
        """Read every file of the model and say what is not as it was installed; empty when all is.

        Raises:
            ModelMissing: there is no such model.
        """
        return [problem for model in self.find(name) for problem in self.problems(model)]

    def problems(self, model: InstalledModel) -> list[str]:
        """The same of one folder."""
        record = self.record(model.path)
        if record is not None:
            return differences(record, model.path)
        return [
            "it was put there by hand, so there are no hashes to hold it to;"
            " 'polycue models import --replace' takes it up"
        ]

    def record(self, folder: Path) -> Record | None:
        """What was noted when the model in ``folder`` was installed; None where nothing was."""
        return self._manifest.read().get(self._key(folder))

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """An empty folder beside the models, held alone: who else installs waits until it is gone.

        Raises:
            Unwritable: the store cannot be written, or the disk is full.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._root / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise Unwritable(self._root, f"models cannot be kept there ({error})") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for left in self._root.glob(f"{_STAGING}*"):  # by a process that was killed
                shutil.rmtree(left)
            with tempfile.TemporaryDirectory(prefix=_STAGING, dir=self._root) as folder:
                yield Path(folder)
        except OSError as error:
            if error.errno in _CANNOT_WRITE:
                raise Unwritable(self._root, os.strerror(error.errno or 0).lower()) from error
            raise
        finally:
            os.close(lock)

    def downloads(self) -> Path:
        """Where half a download waits to be gone on with."""
        return self._root / ".downloads"

    def need(self, size_bytes: int) -> None:
        """Return when so much can be stored.

        Raises:
            Unwritable: the disk is too full.
        """
        free = shutil.disk_usage(self._root).free
        if free < size_bytes:
            raise Unwritable(
                self._root, f"{size_bytes / 1e6:.0f} MB are needed and {free / 1e6:.0f} MB are free"
            )

    def install(
        self,
        staged: Path,
        kind: ModelKind,
        folder_name: str,
        record: Record,
        *,
        replace: bool = False,
    ) -> InstalledModel:
        """Move a complete folder from ``staging`` to its place; ``record`` has its hashes.

        Raises:
            AlreadyExists: another model has the name and ``replace`` is not said.
        """
        folder = self._root / kind / folder_name
        folder.parent.mkdir(exist_ok=True)
        if folder.exists():
            if not replace:
                raise AlreadyExists(folder, "another model has this name; --replace replaces it")
            folder.rename(staged.parent / ".replaced")
        staged.rename(folder)
        records = {**self._manifest.read(), self._key(folder): record}
        self._manifest.write({k: r for k, r in records.items() if (self._root / k).is_dir()})
        return next(model for model in self.installed() if model.path == folder)

    def same(self, kind: ModelKind, folder_name: str, record: Record) -> InstalledModel | None:
        """The installed model in this folder, if its files are those of ``record`` to the byte."""
        folder = self._root / kind / folder_name
        known = self._manifest.read().get(self._key(folder))
        if known is None or known.files != record.files or differences(known, folder):
            return None
        return next((m for m in self.installed() if m.path == folder), None)

    def _folders(self, kind: ModelKind) -> list[Path]:
        root = self._root / kind
        if not root.is_dir():
            return []
        return [p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")]

    def _key(self, folder: Path) -> str:
        return folder.relative_to(self._root).as_posix()

    def _whisper(self, folder: Path, records: dict[str, Record]) -> InstalledModel:
        facts = whisper_facts(folder)
        record = records.get(self._key(folder))
        return InstalledModel(
            name=folder.name,
            kind=ModelKind.WHISPER,
            path=folder,
            size_bytes=size_of(folder),
            revision=record.revision if record else "",
            languages=facts.languages,
            demo=facts.demo,
            recorded=record is not None,
        )

    def _argos(self, folder: Path, records: dict[str, Record]) -> InstalledModel | None:
        metadata = folder / "metadata.json"
        facts = argos_facts(metadata.read_bytes()) if metadata.is_file() else None
        if facts is None:
            return None
        return InstalledModel(
            name=facts.name,
            kind=ModelKind.ARGOS,
            path=folder,
            size_bytes=size_of(folder),
            revision=facts.version,
            languages=(facts.source, facts.target),
            demo=facts.demo,
            recorded=self._key(folder) in records,
        )


def size_of(folder: Path) -> int:
    """Bytes of all files below; of a link, the link's own."""
    return sum(p.lstat().st_size for p in folder.rglob("*") if not p.is_dir())


def checked_whisper_name(name: str) -> str:
    """``name`` where it can be that of a folder.

    Raises:
        ModelDamaged: it cannot.
    """
    if not _WHISPER_NAME.fullmatch(name):
        raise ModelDamaged(name, "a name has letters, digits, '.', '_' and '-'")
    return name
