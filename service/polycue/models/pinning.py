"""What is installed as a lock, and what is installed against a lock."""

from polycue.models.lock import Lock, LockedModel, locked, unlike
from polycue.models.store import InstalledModel, ModelStore


def lock_of(store: ModelStore) -> tuple[Lock, tuple[str, ...]]:
    """Every installed model pinned to its bytes, and the names of those nothing is recorded of.

    Of a pair the newest version, which is the one that is loaded.
    """
    pinned, unknown = [], []
    newest = {(model.kind, model.name): model for model in store.installed()}
    for model in newest.values():
        record = store.record(model.path)
        if record is None:
            unknown.append(model.name)
            continue
        pinned.append(
            LockedModel(
                name=model.name,
                source=record.source,
                revision=record.revision,
                size_bytes=model.size_bytes,
                kind=model.kind,
                files=record.files,
                licence=record.licence,
                whole=True,
            )
        )
    return locked(pinned), tuple(unknown)


def differences_from(lock: Lock, store: ModelStore, name: str) -> list[str]:
    """What of an installed model is not as ``lock`` has it, its files read; empty when all is.

    Raises:
        ModelMissing: the lock does not have it, or it is not installed.
    """
    pinned = lock.find(name)
    return [
        problem
        for model in store.find(name)
        if model.revision in {"", pinned.revision}
        for problem in (*store.problems(model), *_unlike(pinned, model, store))
    ] or _other_revision(pinned, store)


def _unlike(pinned: LockedModel, model: InstalledModel, store: ModelStore) -> list[str]:
    record = store.record(model.path)
    return unlike(pinned, record.files) if record else []


def _other_revision(pinned: LockedModel, store: ModelStore) -> list[str]:
    there = {model.revision for model in store.find(pinned.name)}
    if pinned.revision in there or "" in there:
        return []
    return [f"revision {', '.join(sorted(there))} is installed, not {pinned.revision}"]
