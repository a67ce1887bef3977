"""Where one piece of work finds its inputs."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from polycue.domain.cancel import CancelToken


@dataclass(slots=True)
class Bench:
    """A folder that inputs are brought to, each on a shelf of its own: two may have one name.

    They are there until ``held`` is closed. ``room_bytes`` is what may still be fetched from other
    hosts, for all of them together.
    """

    folder: Path
    cancel: CancelToken
    room_bytes: int
    held: ExitStack = field(default_factory=ExitStack)
    _shelves: int = 0

    def shelf(self) -> Path:
        shelf = self.folder / "inputs" / str(self._shelves)
        shelf.mkdir(parents=True)
        self._shelves += 1
        return shelf
