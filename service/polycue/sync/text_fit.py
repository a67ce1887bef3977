"""Cues fitted onto the words that were heard: the sharper way, where the language is the same."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from polycue.domain.cue import Cue
from polycue.domain.transcript import Word
from polycue.sync.evidence import Offsets, Row
from polycue.sync.fit import RATIOS, Fit, Piece
from polycue.sync.search import finished, search
from polycue.sync.wording import Pair, Wording, compared

# Of another film's subtitles one word in eighty is heard in the same order, and few of those in
# their time; of the right ones, heard with half of the words wrong, more than half.
GOOD_ENOUGH = 0.2
FEWEST_WORDS = 6  # heard in the same order; fewer are common to any two texts
_WORDS_A_PIECE = 8  # what a change of offset must gain to be made at all

_CLOSE_MS = 800  # a word this far from its place says nothing for it
_EXACT_MS = 150  # words within a cue are timed by their letters, which is no better than this
_FOR_NATS, _AGAINST_NATS = 1.5, 0.3
_BIN_MS = 100  # of the offsets that are tried
_MOST_BINS = 1500
_FIRST_WORDS_WANTED = 3  # to know an offset by
# Two words this far apart tell the speed well, and there is seldom a break between them.
_LEVER_MS = 120_000
_SAME_RATIO = 0.0004  # less than half of what 24 and 23.976 frames a second differ by
_OUTERMOST_RATIO = 1.12  # of usual speeds the outermost is 1.04; what is beyond this was misheard


def fit_to_words(cues: Sequence[Cue], heard: Sequence[Word]) -> Fit:
    """The pieces in which the cues' words lie best on those heard; ``cues`` has at least one.

    The score is the share of the cues' words that were heard, and within a moment of their place,
    less what each further piece costs: enough pieces would bring any words into place.
    """
    wording = compared(cues, heard)
    if len(wording.pairs) < FEWEST_WORDS:
        return Fit((Piece(0, len(cues), 1.0, 0),), 0.0)
    evidence = TextEvidence(wording)
    found = search(cues, evidence, _ratios(wording.pairs))
    pieces = evidence.at_best_ratio(finished(found, cues, evidence))
    scored = tuple(replace(piece, score=evidence.share_in_place([piece])) for piece in pieces)
    cost = _WORDS_A_PIECE * (len(pieces) - 1) / wording.count
    return Fit(scored, max(evidence.share_in_place(pieces) - cost, 0.0))


class TextEvidence:
    """Cues of one file held against the words of one film."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._cues = [pair.cue for pair in wording.pairs]

    def rows(self, first: int, last: int, ratio: float, offsets: Offsets) -> Iterator[Row]:
        nothing = np.zeros(len(offsets), np.float32)
        for cue in range(first, last):
            pairs = self._pairs(cue, cue + 1)
            yield self._row(pairs, ratio, offsets) if pairs else nothing

    def offsets(self, ratio: float) -> Offsets:
        """Those that at least two words in a bin want, the most wanted ones if they are many."""
        wanted = Counter(_offset_ms(pair, ratio) // _BIN_MS for pair in self._wording.pairs)
        common = [at for at, count in wanted.most_common(_MOST_BINS) if count > 1]
        bins = np.array(sorted(common or wanted), dtype=np.int64)
        return bins * _BIN_MS + _BIN_MS // 2

    def finer_ms(self, first: int, last: int, ratio: float, offset_ms: int) -> int:
        """The median of what the words want, of cues' first words where there are enough."""
        close = self._close(self._pairs(first, last), ratio, offset_ms)
        if not close:
            return offset_ms
        return round(median(_offset_ms(pair, ratio) for pair in _sharpest(close)))

    def at_best_ratio(self, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        """The pieces with the one ratio that all their words together want.

        In a short film 24 and 23.976 frames a second differ by less than what a single word may be
        off; all of them together tell.
        """
        clouds = [
            _cloud(_sharpest(self._close(self._pairs(p.first, p.last), p.ratio, p.offset_ms)))
            for p in pieces
        ]
        ratio = _settled(_slope(clouds), found=pieces[0].ratio)
        return tuple(
            replace(
                piece,
                ratio=ratio,
                offset_ms=self.finer_ms(piece.first, piece.last, ratio, _offset_at(cloud, ratio)),
            )
            if len(cloud[0])
            else piece
            for piece, cloud in zip(pieces, clouds, strict=True)
        )

    def share_in_place(self, pieces: Sequence[Piece]) -> float:
        """Of all spoken words of the pieces' cues."""
        in_place = total = 0
        for piece in pieces:
            pairs = self._pairs(piece.first, piece.last)
            in_place += len(self._close(pairs, piece.ratio, piece.offset_ms))
            total += sum(self._wording.counts[piece.first : piece.last])
        return in_place / total if total else 0.0

    def _pairs(self, first: int, last: int) -> Sequence[Pair]:
        low, high = bisect_left(self._cues, first), bisect_left(self._cues, last)
        return self._wording.pairs[low:high]

    def _row(self, pairs: Sequence[Pair], ratio: float, offsets: Offsets) -> Row:
        wanted = np.array([_offset_ms(pair, ratio) for pair in pairs])
        distance = np.abs(wanted[:, None] - offsets[None, :])
        near = np.clip((_CLOSE_MS - distance) / (_CLOSE_MS - _EXACT_MS), 0, 1)
        row: Row = (_FOR_NATS * near - _AGAINST_NATS).sum(axis=0).astype(np.float32)
        return row

    def _close(self, pairs: Sequence[Pair], ratio: float, offset_ms: int) -> list[Pair]:
        return [p for p in pairs if abs(_offset_ms(p, ratio) - offset_ms) < _CLOSE_MS]


def _sharpest(pairs: Sequence[Pair]) -> Sequence[Pair]:
    """Cues' first words where there are enough: those within a cue are timed by guess."""
    firsts = [pair for pair in pairs if pair.first]
    return firsts if len(firsts) >= _FIRST_WORDS_WANTED else pairs


_Cloud = tuple[NDArray[np.float64], NDArray[np.float64]]  # words' own times, and when heard


def _cloud(pairs: Sequence[Pair]) -> _Cloud:
    own = np.array([pair.own_ms for pair in pairs], dtype=np.float64)
    return own, np.array([pair.heard_ms for pair in pairs], dtype=np.float64)


def _slope(clouds: Sequence[_Cloud]) -> float:
    """By least squares, with a line of its own offset through each cloud; 0 where none can be."""
    over = under = 0.0
    for own, heard in clouds:
        if len(own):
            aside = own - own.mean()
            over += float((aside * (heard - heard.mean())).sum())
            under += float(np.square(aside).sum())
    return over / under if under else 0.0


def _settled(wanted: float, *, found: float) -> float:
    """The usual ratio that is meant, else ``wanted`` where that was no usual one before."""
    usual = min(RATIOS, key=lambda ratio: abs(ratio - wanted))
    if abs(usual - wanted) < _SAME_RATIO:
        return usual
    return wanted if wanted and found not in RATIOS else found


def _offset_at(cloud: _Cloud, ratio: float) -> int:
    own, heard = cloud
    return round(float(heard.mean() - own.mean() * ratio))


def _offset_ms(pair: Pair, ratio: float) -> int:
    return pair.heard_ms - round(pair.own_ms * ratio)


def _ratios(pairs: Sequence[Pair]) -> list[float]:
    """The usual ones, and the one that the words themselves show where that is another."""
    firsts = [pair for pair in pairs if pair.first] or pairs
    times = [pair.own_ms for pair in firsts]
    lever_ms = min(_LEVER_MS, (times[-1] - times[0]) // 2)
    slopes = []
    for at, pair in enumerate(firsts):
        far = bisect_left(times, pair.own_ms + lever_ms, at + 1)
        if lever_ms and far < len(firsts):
            other = firsts[far]
            slopes.append((other.heard_ms - pair.heard_ms) / (other.own_ms - pair.own_ms))
    measured = median(slopes) if slopes else 1.0
    usual = any(abs(measured - ratio) < _SAME_RATIO for ratio in RATIOS)
    sane = 1 / _OUTERMOST_RATIO < measured < _OUTERMOST_RATIO
    return [*RATIOS, measured] if sane and not usual else list(RATIOS)
