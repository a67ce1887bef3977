"""Where films are and where their results go: folders, one after the other, here or in a bucket."""

import bisect
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from polycue.api.v1 import artifacts_pb2, media_pb2
    from polycue_client.client import Polycue

_FRESH_S = 5.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as a folder tells of it. ``version`` changes with its bytes, as far as can be seen."""

    size_bytes: int
    version: str
    changed_s: float


class Shelf(Protocol):
    """The place for the results of the films of one folder."""

    def there(self) -> Mapping[str, Entry]:
        """What lies there now, by name.

        Raises:
            OSError: nobody can tell.
        """
        ...

    def has(self, name: str) -> bool:
        """Whether a file has this name at this moment; raises as ``there`` does."""
        ...

    def check_writable(self) -> None:
        """Return where results may be written, as far as can be told without writing one.

        Raises:
            OSError: they may not.
        """
        ...

    def address(self, name: str) -> str:
        """As people write it."""
        ...

    def publish(
        self,
        client: "Polycue",
        wanted: "Sequence[tuple[artifacts_pb2.Artifact, str]]",
        *,
        overwrite: bool,
    ) -> None:
        """Let results appear under their names, each whole or not at all.

        Raises:
            FileExists: ``overwrite`` is not set and one is there by now.
            OSError: they cannot be written.
        """
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """A folder's files. ``path`` is from the tree's top, "" for that; ``problem`` why none came.

    ``is_named`` says that it is the file itself that was asked for.
    """

    path: str
    files: Mapping[str, Entry]
    problem: OSError | None = None
    is_named: bool = False


class Tree(Protocol):
    """A folder that was named, with all below it."""

    @property
    def address(self) -> str: ...

    @property
    def label(self) -> str:
        """The same for all who name this place: what makes two runs the same."""
        ...

    def folders(self) -> Iterator[Found]:
        """Each when it is asked for; in the same order every time. Hidden ones are left out."""
        ...

    def shelf(self, path: str) -> Shelf:
        """For results that lie beside their films."""
        ...

    def local(self, name: str) -> Path | None:
        """A film's path on this machine, None where the server finds it by itself."""
        ...

    def source(self, name: str) -> "media_pb2.MediaSource":
        """What the server may find a film by, if it may read it where it is."""
        ...


class Glance:
    """What lies on a shelf, a few seconds old: a folder of ten thousand is not read for each."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._lock = threading.Lock()
        self._there: Mapping[str, Entry] = {}
        self._names: list[str] = []
        self._until_s = -math.inf

    def about(self, stem: str) -> Mapping[str, Entry]:
        """The files that are named after a film, whether it has made them or not.

        Raises:
            OSError: nobody can tell.
        """
        with self._lock:
            if time.monotonic() > self._until_s:
                self._there = self.shelf.there()
                self._names = sorted(self._there)
                self._until_s = time.monotonic() + _FRESH_S
            begin = bisect.bisect_left(self._names, f"{stem}.")
            end = bisect.bisect_left(self._names, f"{stem}/")  # which follows on "."
            return {name: self._there[name] for name in self._names[begin:end]}


@dataclass(frozen=True, slots=True)
class Film:
    """A film of a tree; ``name`` is from the tree's top, with ``/``."""

    tree: Tree
    name: str
    entry: Entry
    glance: Glance

    @property
    def shelf(self) -> Shelf:
        return self.glance.shelf

    @property
    def address(self) -> str:
        top = self.tree.address
        return f"{top.rstrip('/')}/{self.name}" if top else self.name


ShelfOf = Callable[[Tree, str], Shelf]
"""Where the results of a folder's films go."""
