"""The best pieces for any evidence: all ratios tried, seams laid where they lose least."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from polycue.domain.cue import Cue
from polycue.sync.evidence import Evidence
from polycue.sync.fit import Piece
from polycue.sync.path import Toll, best_path

# A change of offset must be paid for by evidence: by the chance of one between two cues, and by
# that of any offset in particular. In a long gap of the file a break is likelier.
_CHANGE_NATS = 5.0
_GAP_NATS = 2.0
_LONG_GAP_MS = 10_000
_RATIO_NATS = 3.0  # most files run at the film's own speed
_BACK_NATS = 6.0  # fewer scenes are cut out than breaks put in
_LOST_NATS = 2.0  # a cue that has no room between two pieces
_SAME_MS = 120  # no eye sees it, and no break is so short
ROOM_MS = 500  # what is left of a cue must stay this long, or it has no room


@dataclass(frozen=True, slots=True)
class Found:
    """The best pieces, and what they are worth after what their changes and ratio cost."""

    pieces: tuple[Piece, ...]
    worth: float


def search(cues: Sequence[Cue], evidence: Evidence, ratios: Iterable[float]) -> Found:
    """The pieces with the most evidence; ``cues`` are in order, at least one."""
    return max((at_ratio(cues, evidence, ratio) for ratio in ratios), key=lambda best: best.worth)


def at_ratio(cues: Sequence[Cue], evidence: Evidence, ratio: float) -> Found:
    offsets = evidence.offsets(ratio)
    tolls = _tolls(cues, ratio, len(offsets))
    path = best_path(evidence.rows(0, len(cues), ratio, offsets), tolls, offsets)
    pieces = tuple(
        Piece(first, last, ratio, int(offsets[path.columns[first]]))
        for first, last in _runs(path.columns)
    )
    return Found(pieces, path.worth - (0.0 if ratio == 1 else _RATIO_NATS))


def finished(found: Found, cues: Sequence[Cue], evidence: Evidence) -> tuple[Piece, ...]:
    """The pieces with exact seams and offsets; what differs by next to nothing is one piece."""
    pieces = list(found.pieces)
    for at in range(len(pieces) - 1):
        seam = _seam(pieces[at], pieces[at + 1], cues, evidence)
        pieces[at] = replace(pieces[at], last=seam)
        pieces[at + 1] = replace(pieces[at + 1], first=seam)
    done: list[Piece] = []
    for piece in (_finer(piece, evidence) for piece in pieces):
        if done and abs(piece.offset_ms - done[-1].offset_ms) <= _SAME_MS:
            done[-1] = _finer(replace(done[-1], last=piece.last), evidence)
        else:
            done.append(piece)
    return tuple(done)


def _finer(piece: Piece, evidence: Evidence) -> Piece:
    offset_ms = evidence.finer_ms(piece.first, piece.last, piece.ratio, piece.offset_ms)
    return replace(piece, offset_ms=offset_ms)


def support(piece: Piece, evidence: Evidence, first: int, last: int) -> NDArray[np.float64]:
    """What speaks for each of the cues ``first`` <= i < ``last`` moved as the piece is."""
    offset = np.array([piece.offset_ms], dtype=np.int64)
    return np.array([float(row[0]) for row in evidence.rows(first, last, piece.ratio, offset)])


def _tolls(cues: Sequence[Cue], ratio: float, offset_count: int) -> Iterator[Toll]:
    dear = _CHANGE_NATS + math.log(offset_count)
    yield Toll(dear, 0, 0.0)
    for one, other in pairwise(cues):
        gap_ms = round((other.start_ms - one.end_ms) * ratio) + ROOM_MS
        yield Toll(dear - _gap_bonus(one, other), max(gap_ms, 0), _BACK_NATS)


def _gap_bonus(one: Cue, other: Cue) -> float:
    return _GAP_NATS * min(max(other.start_ms - one.end_ms, 0) / _LONG_GAP_MS, 1.0)


def _runs(columns: NDArray[np.intp]) -> list[tuple[int, int]]:
    cuts = (np.flatnonzero(np.diff(columns)) + 1).tolist()
    return list(zip([0, *cuts], [*cuts, len(columns)], strict=True))


def _seam(one: Piece, other: Piece, cues: Sequence[Cue], evidence: Evidence) -> int:
    """The first cue of ``other``, so that the two keep the most evidence and lose the fewest cues.

    Where the film lacks a scene, the cues of ``one`` run into those of ``other``; the ones that
    have no room any more are lost.
    """
    first, last = one.first, other.last
    before = np.concatenate(([0.0], np.cumsum(support(one, evidence, first, last))))
    after = np.concatenate(([0.0], np.cumsum(support(other, evidence, first, last))))
    starts = [one.time_ms(cue.start_ms) for cue in cues[first:last]]

    def worth(seam: int) -> float:
        room_ms = other.time_ms(cues[seam].start_ms) - ROOM_MS
        kept = min(bisect_right(starts, room_ms), seam - first)
        lost = seam - first - kept
        bonus = _gap_bonus(cues[seam - 1], cues[seam])
        rest = after[-1] - after[seam - first]
        return float(before[kept] + rest + bonus - _LOST_NATS * lost)

    return max(range(first + 1, last), key=worth)
