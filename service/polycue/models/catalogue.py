"""The models that have names, from the ``models.lock`` of this package."""

from functools import cache
from importlib import resources
from pathlib import Path

from polycue.models.lock import Lock, LockedModel


@cache
def catalogue() -> Lock:
    """The Whisper models that can be pulled by name."""
    file = resources.files("polycue.models").joinpath("models.lock")
    return Lock.parse(file.read_text(encoding="utf-8"), Path(str(file)))


def find_whisper(name: str) -> LockedModel | None:
    """The model of this name or alias."""
    return catalogue().get(name)


def is_english_only(name: str) -> bool:
    """Whether a known model understands English alone.

    Distilled models do, too, whatever their vocabulary: their cards list no other language.
    """
    known = find_whisper(name)
    return known is not None and (known.name.endswith(".en") or known.name.startswith("distil-"))
