"""Models from the network into the store. Nothing else of polycue downloads anything."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from polycue.domain.errors import AlreadyExists, InvalidRequest, ModelDamaged, Offline
from polycue.models import whisper_hub
from polycue.models.archive import extract_argos
from polycue.models.argos_index import ArgosIndex, ArgosPackage
from polycue.models.catalogue import find_whisper
from polycue.models.facts import missing_whisper_files
from polycue.models.kind import ModelKind
from polycue.models.lock import Lock, LockedModel, hold_to, unlike
from polycue.models.manifest import Progress, Record, fingerprint
from polycue.models.pairs import parse_pair
from polycue.models.store import InstalledModel, ModelStore

_ROOM = 1.05  # of a model's size, since sizes are approximate
_ROOM_FOR_A_PACKAGE_BYTES = 600_000_000  # archive and contents of the largest


@dataclass(frozen=True, slots=True)
class Pulled:
    """A model that is installed now, and whether it was before."""

    model: InstalledModel
    already_there: bool


class PackageIndex(Protocol):
    """What ``ArgosIndex`` does."""

    def find(self, source: str, target: str) -> ArgosPackage: ...
    def fetch(self, package: ArgosPackage, to: Path, progress: Progress) -> str: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """Where models come from; ``whisper`` does what ``whisper_hub.fetch`` does."""

    whisper: Callable[[LockedModel, Path, Path, Progress], str] = whisper_hub.fetch
    argos: PackageIndex = field(default_factory=ArgosIndex)


def pull(
    wanted: str,
    store: ModelStore,
    *,
    offline: bool,
    progress: Progress,
    sources: Sources | None = None,
    lock: Lock | None = None,
) -> Pulled:
    """Install a Whisper model by name or an Argos package by pair, ``en:es``.

    Whisper models are pinned by this package's own lock, Argos packages are what the index has;
    with a ``lock`` both are what that says. What is installed so and unchanged since is left alone.
    A download that breaks off leaves nothing installed.

    Raises:
        InvalidRequest: nobody offers it.
        ModelMissing: the lock does not have it; or nobody offers the pair, but the error's command
            gets two that lead through English.
        Offline: it is not installed and ``offline`` forbids the network.
        DownloadFailed: the network, or who is behind it.
        ModelDamaged: what came is not what is pinned, or not whole.
        Unwritable: the disk is full or may not be written.
        AlreadyExists: a model that somebody put there by hand has the name.
    """
    sources = sources or Sources()
    pinned = lock.find(wanted) if lock else None
    if pinned is not None and pinned.kind is ModelKind.ARGOS:
        return _pull_package(pinned, store, sources.argos, offline=offline, progress=progress)
    pair = parse_pair(wanted)
    if pair is not None:
        return _pull_pair(pair, store, sources.argos, offline=offline, progress=progress)
    model = pinned or find_whisper(wanted)
    if model is None:
        raise InvalidRequest("model", f"{wanted!r} is none; see 'polycue models list --available'")
    return _pull_whisper(model, store, sources, offline=offline, progress=progress)


def _pull_whisper(
    model: LockedModel, store: ModelStore, sources: Sources, *, offline: bool, progress: Progress
) -> Pulled:
    there = _as_pinned(store, model)
    if there is not None:
        return Pulled(there, already_there=True)
    if offline:
        raise Offline(model.name)
    with store.staging() as staging:
        there = _as_pinned(store, model)
        if there is not None:  # by another process, for which this one has waited
            return Pulled(there, already_there=True)
        store.need(int(model.size_bytes * _ROOM))
        staged = staging / "model"
        commit = sources.whisper(model, store.downloads(), staged, progress)
        shutil.rmtree(store.downloads(), ignore_errors=True)  # or a bad file would come again
        missing = missing_whisper_files(staged)
        if missing:
            raise ModelDamaged(model.name, f"{model.source} came without {', '.join(missing)}")
        record = fingerprint(Record(model.source, commit, model.licence), staged)
        hold_to(model, record)
        installed = store.install(staged, ModelKind.WHISPER, model.name, record, replace=True)
    return Pulled(installed, already_there=False)


def _pull_pair(
    pair: tuple[str, str],
    store: ModelStore,
    index: PackageIndex,
    *,
    offline: bool,
    progress: Progress,
) -> Pulled:
    name = f"{pair[0]}:{pair[1]}"
    if offline:
        there = _sound(store, name)
        if there is None:
            raise Offline(name)
        return Pulled(there, already_there=True)
    found = index.find(*pair)
    there = _sound(store, name, found.version)
    if there is not None:
        return Pulled(there, already_there=True)
    return _install_package(found, None, store, index, progress)


def _pull_package(
    pinned: LockedModel,
    store: ModelStore,
    index: PackageIndex,
    *,
    offline: bool,
    progress: Progress,
) -> Pulled:
    """From the address in the lock; the index, which knows only what is newest, is not asked."""
    there = _as_pinned(store, pinned)
    if there is not None:
        return Pulled(there, already_there=True)
    if offline:
        raise Offline(pinned.name)
    source, _, target = pinned.name.partition(":")
    package = ArgosPackage(source, target, pinned.revision, (pinned.source,))
    return _install_package(package, pinned, store, index, progress)


def _install_package(
    package: ArgosPackage,
    pinned: LockedModel | None,
    store: ModelStore,
    index: PackageIndex,
    progress: Progress,
) -> Pulled:
    with store.staging() as staging:
        store.need(_ROOM_FOR_A_PACKAGE_BYTES)
        archive = staging / f"{package.name.replace(':', '_')}.argosmodel"
        staged = staging / "model"
        link = index.fetch(package, archive, progress)
        facts = extract_argos(archive, staged)
        if facts.name != package.name:
            raise ModelDamaged(package.name, f"{link} holds {facts.name}")
        record = fingerprint(Record(link, facts.version), staged)
        if pinned is not None:
            hold_to(pinned, record)
        model = store.install(staged, ModelKind.ARGOS, facts.folder, record, replace=True)
    return Pulled(model, already_there=False)


def _as_pinned(store: ModelStore, pinned: LockedModel) -> InstalledModel | None:
    there = _sound(store, pinned.name, pinned.revision)
    record = store.record(there.path) if there else None
    return there if record and not unlike(pinned, record.files) else None


def _sound(store: ModelStore, name: str, revision: str = "") -> InstalledModel | None:
    """The newest model of the name, or that of the revision, if its files are as installed."""
    there = [model for model in store.installed() if model.name == name]
    by_hand = next((m for m in there if not m.recorded and m.revision in {"", revision}), None)
    if by_hand is not None:
        raise AlreadyExists(by_hand.path, "it was put there by hand; move it away to pull another")
    fitting = [model for model in there if revision in {"", model.revision}]
    return fitting[-1] if fitting and not store.problems(fitting[-1]) else None
