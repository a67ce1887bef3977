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
from polycue.models.catalogue import WhisperModel, find_whisper
from polycue.models.facts import ModelKind, missing_whisper_files
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

    whisper: Callable[[WhisperModel, Path, Path, Progress], str] = whisper_hub.fetch
    argos: PackageIndex = field(default_factory=ArgosIndex)


def pull(
    wanted: str,
    store: ModelStore,
    *,
    offline: bool,
    progress: Progress,
    sources: Sources | None = None,
) -> Pulled:
    """Install a Whisper model by name or an Argos package by pair, ``en:es``.

    What is installed as it is pinned, or as the index has it, and unchanged since, is left alone. A
    download that breaks off leaves nothing installed.

    Raises:
        InvalidRequest: nobody offers it.
        ModelMissing: nobody offers the pair, but its command gets two that lead through English.
        Offline: it is not installed and ``offline`` forbids the network.
        DownloadFailed: the network, or who is behind it.
        ModelDamaged: what came is not what is pinned, or not whole.
        Unwritable: the disk is full or may not be written.
        AlreadyExists: a model that somebody put there by hand has the name.
    """
    sources = sources or Sources()
    pair = parse_pair(wanted)
    if pair is not None:
        return _pull_pair(pair, store, sources.argos, offline=offline, progress=progress)
    model = find_whisper(wanted)
    if model is None:
        raise InvalidRequest("model", f"{wanted!r} is none; see 'polycue models list --available'")
    return _pull_whisper(model, store, sources, offline=offline, progress=progress)


def _pull_whisper(
    model: WhisperModel, store: ModelStore, sources: Sources, *, offline: bool, progress: Progress
) -> Pulled:
    there = _sound(store, model.name, model.revision)
    if there is not None:
        return Pulled(there, already_there=True)
    if offline:
        raise Offline(model.name)
    with store.staging() as staging:
        there = _sound(store, model.name, model.revision)
        if there is not None:  # by another process, for which this one has waited
            return Pulled(there, already_there=True)
        store.need(int(model.size_bytes * _ROOM))
        staged = staging / "model"
        commit = sources.whisper(model, store.downloads(), staged, progress)
        shutil.rmtree(store.downloads(), ignore_errors=True)  # or a bad file would come again
        record = fingerprint(Record(model.repository, commit, model.licence), staged)
        _check(model, record, staged)
        installed = store.install(staged, ModelKind.WHISPER, model.name, record, replace=True)
    return Pulled(installed, already_there=False)


def _check(model: WhisperModel, record: Record, staged: Path) -> None:
    missing = missing_whisper_files(staged)
    if missing:
        raise ModelDamaged(model.name, f"{model.repository} came without {', '.join(missing)}")
    weights = record.files["model.bin"].sha256
    if model.weights_sha256 and weights != model.weights_sha256:
        raise ModelDamaged(
            model.name, f"model.bin came with SHA-256 {weights}, not {model.weights_sha256}"
        )


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
    package = index.find(*pair)
    there = _sound(store, name, package.version)
    if there is not None:
        return Pulled(there, already_there=True)
    with store.staging() as staging:
        store.need(_ROOM_FOR_A_PACKAGE_BYTES)
        return _install_package(package, store, index, staging, progress)


def _install_package(
    package: ArgosPackage,
    store: ModelStore,
    index: PackageIndex,
    staging: Path,
    progress: Progress,
) -> Pulled:
    archive = staging / f"{package.name.replace(':', '_')}.argosmodel"
    link = index.fetch(package, archive, progress)
    facts = extract_argos(archive, staging / "model")
    if facts.name != package.name:
        raise ModelDamaged(package.name, f"{link} holds {facts.name}")
    record = fingerprint(Record(link, facts.version), staging / "model")
    model = store.install(staging / "model", ModelKind.ARGOS, facts.folder, record, replace=True)
    return Pulled(model, already_there=False)


def _sound(store: ModelStore, name: str, revision: str = "") -> InstalledModel | None:
    """The newest model of the name, or that of the revision, if its files are as installed."""
    there = [model for model in store.installed() if model.name == name]
    by_hand = next((m for m in there if not m.recorded and m.revision in {"", revision}), None)
    if by_hand is not None:
        raise AlreadyExists(by_hand.path, "it was put there by hand; move it away to pull another")
    fitting = [model for model in there if revision in {"", model.revision}]
    return fitting[-1] if fitting and not store.problems(fitting[-1]) else None
