"""Models held to their hashes before they are loaded."""

import os
import threading
from pathlib import Path

from polycue import telemetry
from polycue.domain.errors import ModelDamaged
from polycue.models.manifest import differences, sha256
from polycue.models.store import ModelStore

log = telemetry.logger(__name__)

_State = tuple[int, int, int, int]


class CheckedModels:
    """Lets nothing be loaded that is not what was installed. Safe to use from any thread.

    A file is read once (2 GB/s on a core with SHA instructions) and again only where its inode,
    size or time has changed. With ``recorded_only`` models that were put there by hand, of which
    nobody knows what they should be, are refused; else the log tells of them.
    """

    def __init__(self, store: ModelStore, *, recorded_only: bool) -> None:
        self._store, self._recorded_only = store, recorded_only
        self._reading: dict[Path, threading.Lock] = {}  # nobody waits for another model's gigabytes
        self._told: set[Path] = set()
        self._read: dict[Path, tuple[_State, str]] = {}

    def __repr__(self) -> str:
        return f"CheckedModels({self._store!r}, {len(self._read)} files read)"

    def whisper_path(self, name: str) -> Path:
        """The folder of a Whisper model whose files are as they were installed.

        Raises:
            ModelMissing: it is not installed.
            ModelDamaged: as ``check``.
        """
        folder = self._store.whisper_path(name)
        self.check(folder)
        return folder

    def check(self, folder: Path) -> None:
        """Return if the model in a folder of the store may be loaded.

        Raises:
            ModelDamaged: a file has changed, is missing or was not installed; or nothing is known
                of the model and that is not allowed.
        """
        record = self._store.record(folder)
        if record is None:
            self._take_unknown(folder)
            return
        with self._reading.setdefault(folder, threading.Lock()):
            problems = differences(record, folder, hash_of=self._hash_of)
        if problems:
            raise ModelDamaged(
                folder.name, f"{'; '.join(problems)}; install it again with polycue models pull"
            )

    def _take_unknown(self, folder: Path) -> None:
        problem = "it was put there by hand, without hashes to hold it to"
        if self._recorded_only:
            raise ModelDamaged(
                folder.name, f"{problem}; 'polycue models import --replace' takes it up"
            )
        if folder not in self._told:
            self._told.add(folder)
            log.warning("a model cannot be verified", model=folder.name, problem=problem)

    def _hash_of(self, file: Path) -> str:
        found = os.stat(file)
        state = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
        known = self._read.get(file)
        if known is None or known[0] != state:
            known = self._read[file] = state, sha256(file)
        return known[1]
