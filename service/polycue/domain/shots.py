"""Where the picture of a film cuts."""

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Shots:
    """The cuts of a film, in order: the first whole millisecond of each new shot.

    ``until_ms`` is how far the picture was looked through, None to its end.
    """

    cuts_ms: tuple[int, ...]
    until_ms: int | None = None

    def __post_init__(self) -> None:
        if any(later <= cut for cut, later in pairwise((-1, *self.cuts_ms))):
            raise ValueError("cuts are in order of time")

    def known_until(self, time_ms: int) -> bool:
        """Whether there is no other cut up to the time."""
        return self.until_ms is None or self.until_ms >= time_ms
