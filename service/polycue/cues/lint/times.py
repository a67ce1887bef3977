"""When cues come and go, and how long they stand.

Times in files are whole milliseconds and frames are not, so each writer's rounding is let pass.
"""

from dataclasses import dataclass
from typing import Self

from polycue.cues.lint.sheet import NO_LIMIT, Checked, NotChecked, Outcome, Sheet
from polycue.cues.presets import Rules
from polycue.domain.report import Gaps, LintRule, Violation

_ROUNDING_MS = 1
# Without a frame rate only what is wrong at any of these is held against a file.
_SLOWEST_FPS, _FASTEST_FPS = 24, 60


def min_duration(sheet: Sheet) -> Outcome:
    limit = sheet.limit("min_cue_ms")
    if limit is None:
        return NO_LIMIT
    found = [
        Violation(LintRule.MIN_DURATION, number, cue.duration_ms, limit)
        for number, cue in enumerate(sheet.cues, 1)
        if cue.duration_ms + _ROUNDING_MS < limit
    ]
    return Checked(found, limit)


def max_duration(sheet: Sheet) -> Outcome:
    limit = sheet.limit("max_cue_ms")
    if limit is None:
        return NO_LIMIT
    found = [
        Violation(LintRule.MAX_DURATION, number, cue.duration_ms, limit)
        for number, cue in enumerate(sheet.cues, 1)
        if cue.duration_ms - _ROUNDING_MS > limit
    ]
    return Checked(found, limit)


def overlap(sheet: Sheet) -> Outcome:
    found = [
        Violation(LintRule.OVERLAP, place + 1, -gap_ms, 0)
        for place, gap_ms in sheet.gaps()
        if gap_ms < 0
    ]
    return Checked(found, 0)


def order(sheet: Sheet) -> Outcome:
    found, latest_ms = [], 0
    for number, cue in enumerate(sheet.cues, 1):
        if cue.start_ms < latest_ms:
            found.append(Violation(LintRule.ORDER, number, latest_ms - cue.start_ms, 0))
        latest_ms = max(latest_ms, cue.start_ms)
    return Checked(found, 0)


def gap(sheet: Sheet) -> Outcome:
    limits = GapLimits.of(sheet.rules)
    if not sheet.limit("min_gap_frames"):
        return NO_LIMIT
    found = [
        Violation(LintRule.GAP, place + 1, gap_ms, round(limits.least_ms))
        for place, gap_ms in sheet.gaps()
        if gap_ms >= 0 and limits.is_below(gap_ms)
    ]
    return Checked(found, round(limits.least_ms))


def flicker(sheet: Sheet) -> Outcome:
    limits = GapLimits.of(sheet.rules)
    if not sheet.limit("chain_gap_ms"):
        return NO_LIMIT
    found = [
        Violation(LintRule.FLICKER, place + 1, gap_ms, limits.seen_ms)
        for place, gap_ms in sheet.gaps()
        if limits.is_flicker(gap_ms)
    ]
    return Checked(found, limits.seen_ms)


def beyond_end(sheet: Sheet) -> Outcome:
    limit = sheet.around.media_end_ms
    if limit is None:
        return NotChecked("the length of the film is not known")
    found = [
        Violation(LintRule.BEYOND_END, number, cue.end_ms, limit)
        for number, cue in enumerate(sheet.cues, 1)
        if cue.end_ms - _ROUNDING_MS > limit
    ]
    return Checked(found, limit)


@dataclass(frozen=True, slots=True)
class GapLimits:
    """The smallest gap, and how long one must be to be seen as one.

    The smallest is ``least_ms`` and may measure ``closed_ms``; the two differ by rounding, and
    where the frame rate is not known, by what it may be.
    """

    least_ms: float
    closed_ms: float
    seen_ms: int

    @classmethod
    def of(cls, rules: Rules) -> Self:
        frames, grid = rules.min_gap_frames, rules.grid
        if grid.period_ms > 1:  # a film's own frames
            exact_ms = frames * grid.period_ms / grid.count
            return cls(exact_ms, exact_ms + 2 * _ROUNDING_MS, rules.chain_gap_ms)
        least_ms, closed_ms = 1000 * frames / _FASTEST_FPS, 1000 * frames / _SLOWEST_FPS
        return cls(least_ms, closed_ms + 2 * _ROUNDING_MS, rules.chain_gap_ms)

    def is_below(self, gap_ms: int) -> bool:
        return gap_ms + _ROUNDING_MS <= self.least_ms

    def is_flicker(self, gap_ms: int) -> bool:
        return self.closed_ms <= gap_ms and gap_ms + _ROUNDING_MS < self.seen_ms


def gaps_of(sheet: Sheet) -> Gaps:
    """The gaps between cues that do not overlap, by their length."""
    limits = GapLimits.of(sheet.rules)
    counts = dict.fromkeys(("touching", "below_minimum", "closed", "flicker", "seen"), 0)
    for _, gap_ms in sheet.gaps():
        if gap_ms >= 0:
            counts[_kind(gap_ms, limits)] += 1
    return Gaps(**counts)


def _kind(gap_ms: int, limits: GapLimits) -> str:
    if gap_ms == 0:
        return "touching"
    if limits.is_below(gap_ms):
        return "below_minimum"
    if gap_ms < limits.closed_ms:
        return "closed"
    return "flicker" if limits.is_flicker(gap_ms) else "seen"
