"""The cues of a file moved as its pieces say: text, lines and order stay, and none overlap."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from polycue.domain.cue import Cue
from polycue.sync.fit import Fit
from polycue.sync.search import ROOM_MS


@dataclass(frozen=True, slots=True)
class Retimed:
    """``cues`` at the film's time. ``homeless`` are those, at their own time, that have no place.

    They would lie before the film's start or behind its end, or in a scene that the film lacks.
    """

    cues: tuple[Cue, ...]
    homeless: tuple[Cue, ...]


def retimed(cues: Sequence[Cue], fit: Fit, *, duration_ms: int | None) -> Retimed:
    """Move the cues, which are in order and do not overlap; ``duration_ms`` None knows no end."""
    placed: list[Cue] = []
    homeless: list[Cue] = []
    limit_ms = duration_ms  # when the next cue of the film begins, seen from the end
    for piece in reversed(fit.pieces):
        for cue in reversed(cues[piece.first : piece.last]):
            begin_ms = piece.time_ms(cue.start_ms)
            start_ms, end_ms = max(begin_ms, 0), max(piece.time_ms(cue.end_ms), begin_ms + 1)
            if limit_ms is not None:
                end_ms = min(end_ms, limit_ms)
            own_ms = cue.duration_ms * piece.ratio
            if end_ms - start_ms < max(1, min(ROOM_MS, own_ms - 1)):
                homeless.append(cue)
                continue
            placed.append(replace(cue, start_ms=start_ms, end_ms=end_ms, words=(), costs=()))
            limit_ms = start_ms
    return Retimed(tuple(reversed(placed)), tuple(reversed(homeless)))
