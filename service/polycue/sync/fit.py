"""What a fit is: pieces of a subtitle file, each with the way its time leads to the film's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """Cues ``first`` <= i < ``last`` that move together: time * ``ratio`` + ``offset_ms``.

    ``score`` says how good the evidence for it is, from 0 (none, or as by chance) to 1.
    """

    first: int
    last: int
    ratio: float
    offset_ms: int
    score: float = 0.0

    def time_ms(self, own_ms: int) -> int:
        """The film's time for one of the file's own; never earlier for a later one."""
        return round(own_ms * self.ratio) + self.offset_ms


@dataclass(frozen=True, slots=True)
class Fit:
    """Pieces that cover all cues in order, and how good they are together, from 0 to 1."""

    pieces: tuple[Piece, ...]
    score: float

    @property
    def ratio(self) -> float:
        """The same for all pieces: of the film's speed and that the file was timed at."""
        return self.pieces[0].ratio


# Films of 24 and 23.976 frames a second run at 25 on European television, and back. Subtitles that
# were timed at one speed drift against a film at another. (30 is 24 or 23.976 with fields repeated,
# at the same speed.)
_SPEEDS = (24_000 / 1001, 24.0, 25.0)
RATIOS: tuple[float, ...] = tuple(
    dict.fromkeys([1.0, *(one / other for one in _SPEEDS for other in _SPEEDS)])
)
