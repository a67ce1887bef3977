"""Models from local files into the store: what ``pull`` does, without a network."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from polycue.domain.errors import ModelDamaged, Unreadable
from polycue.models.archive import extract_argos
from polycue.models.catalogue import catalogue
from polycue.models.facts import ArgosFacts, argos_facts, missing_whisper_files, whisper_files
from polycue.models.kind import ModelKind
from polycue.models.lock import Lock, hold_to
from polycue.models.manifest import Record, fingerprint
from polycue.models.store import InstalledModel, ModelStore, checked_whisper_name

_ARCHIVE = ".argosmodel"
_DEEPEST = 4  # folders below the one given in which models are looked for


@dataclass(frozen=True, slots=True)
class Imported:
    """A model that is installed now, and whether it was before."""

    model: InstalledModel
    already_there: bool


def import_models(
    path: Path,
    store: ModelStore,
    *,
    name: str = "",
    replace: bool = False,
    lock: Lock | None = None,
) -> tuple[Imported, ...]:
    """Install what ``path`` is or holds: Whisper folders, Argos archives, unpacked packages.

    ``name`` is for a single Whisper model, which else has that of its folder. A model that is there
    already, file for file, is left alone; ``replace`` is for one that is not the same. With a
    ``lock`` every model must be one of those in it, to the byte.

    Raises:
        Unreadable: there is no such path, or no model in it.
        ModelDamaged: a model is not whole, or not to be trusted.
        AlreadyExists: another model has the name.
        ModelMissing: the lock does not have it.
    """
    try:
        found = list(_models_in(path))
    except OSError as error:
        raise Unreadable(path, f"cannot be read ({error.strerror})") from error
    if not found:
        raise Unreadable(
            path, "no model: a folder with config.json and model.bin, or an .argosmodel file"
        )
    return tuple(_import(each, store, name=name, replace=replace, lock=lock) for each in found)


def _models_in(path: Path, depth: int = 0) -> Iterator[Path]:
    if path.is_file():
        if path.suffix == _ARCHIVE:
            yield path
    elif _is_whisper(path) or _is_argos(path):
        yield path
    elif depth <= _DEEPEST:
        for below in sorted(path.iterdir()):
            # A folder of downloads has dangling links, sockets and other people's folders in it.
            with contextlib.suppress(OSError):
                yield from _models_in(below, depth + 1)


def _import(
    path: Path, store: ModelStore, *, name: str, replace: bool, lock: Lock | None
) -> Imported:
    with store.staging() as staging:
        staged = staging / "model"
        kind, folder_name, record = _stage(path, staged, name)
        record = fingerprint(record, staged)
        if lock is not None:
            hold_to(lock.find(_name(kind, folder_name, staged)), record)
        there = store.same(kind, folder_name, record)
        if there is not None:
            return Imported(there, already_there=True)
        model = store.install(staged, kind, folder_name, record, replace=replace)
    return Imported(model, already_there=False)


def _name(kind: ModelKind, folder_name: str, staged: Path) -> str:
    """As people call it: a package by its languages."""
    if kind is ModelKind.WHISPER:
        return folder_name
    facts = argos_facts((staged / "metadata.json").read_bytes())
    return facts.name if facts else folder_name


def _stage(path: Path, staged: Path, name: str) -> tuple[ModelKind, str, Record]:
    try:
        return (
            _stage_whisper(path, staged, name) if _is_whisper(path) else _stage_argos(path, staged)
        )
    except OSError as error:
        if error.filename is not None and Path(error.filename).is_relative_to(staged):
            raise
        raise Unreadable(path, f"cannot be read ({error.strerror})") from error


def _stage_whisper(path: Path, staged: Path, name: str) -> tuple[ModelKind, str, Record]:
    missing = missing_whisper_files(path)
    if missing:
        raise ModelDamaged(path.name, f"{', '.join(missing)} is missing")
    hub_name, revision = _from_hub_cache(path)
    folder_name = checked_whisper_name(name or hub_name or path.resolve().name)
    staged.mkdir()
    for file in whisper_files(path):
        shutil.copyfile(file, staged / file.name)  # follows the links of a hub's cache
    return ModelKind.WHISPER, folder_name, Record(source="import", revision=revision)


def _stage_argos(path: Path, staged: Path) -> tuple[ModelKind, str, Record]:
    facts = extract_argos(path, staged) if path.is_file() else _copy_package(path, staged)
    if not (staged / "model" / "model.bin").is_file():
        raise ModelDamaged(path.name, "model/model.bin is missing")
    return ModelKind.ARGOS, facts.folder, Record(source="import", revision=facts.version)


def _copy_package(path: Path, staged: Path) -> ArgosFacts:
    facts = argos_facts((path / "metadata.json").read_bytes())
    if facts is None:
        raise ModelDamaged(path.name, "its metadata.json is not that of a translator")
    shutil.copytree(path, staged, ignore=shutil.ignore_patterns("stanza", "spacy", ".*"))
    return facts


def _is_whisper(path: Path) -> bool:
    return (path / "config.json").is_file() and (path / "model.bin").is_file()


def _is_argos(path: Path) -> bool:
    if path.is_file():
        return path.suffix == _ARCHIVE
    return (path / "metadata.json").is_file() and (path / "model").is_dir()


def _from_hub_cache(path: Path) -> tuple[str, str]:
    """Name and commit of a snapshot in a Hugging Face cache; empty for any other folder."""
    if path.parent.name != "snapshots":
        return "", ""
    repository = path.parent.parent.name.removeprefix("models--").replace("--", "/")
    known = next((m.name for m in catalogue().models if m.source == repository), "")
    return known or repository.rpartition("/")[2], path.name
