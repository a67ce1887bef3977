"""Cues that come or go beside a shot change: the eye starts to read anew there."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from polycue.cues.lint.sheet import NO_LIMIT, Checked, NotChecked, Outcome, Sheet
from polycue.domain.report import LintRule, Violation

# Half a frame at 24 per second: what is nearer is on the same frame.
_SAME_FRAME_MS = 21


def shot_in(sheet: Sheet) -> Outcome:
    """Measured is the time since the shot change, negative where it is still to come."""
    return _near_cuts(sheet, LintRule.SHOT_IN, lambda place: sheet.cues[place].start_ms, 0)


def shot_out(sheet: Sheet) -> Outcome:
    """Measured as in ``shot_in``; a cue may also go the preset's frames before the change."""
    gap_ms = round((sheet.limit("shot_gap_frames") or 0) * _frame_ms(sheet))
    return _near_cuts(sheet, LintRule.SHOT_OUT, lambda place: sheet.cues[place].end_ms, -gap_ms)


def _near_cuts(
    sheet: Sheet, rule: LintRule, time_of: Callable[[int], int], wanted_ms: int
) -> Outcome:
    """The cues whose time is in a shot change's zone and not ``wanted_ms`` after it."""
    zone_ms, cuts = sheet.limit("shot_zone_ms"), sheet.around.cuts
    if not zone_ms:
        return NO_LIMIT
    if cuts is None:
        return NotChecked("where the film's shots change is not known")
    found = []
    for place in range(len(sheet.cues)):
        since_ms = _since_nearest(cuts, time_of(place))
        if since_ms is None or abs(since_ms) >= zone_ms - _SAME_FRAME_MS:
            continue
        if abs(since_ms - wanted_ms) > _SAME_FRAME_MS:
            found.append(Violation(rule, place + 1, since_ms, wanted_ms))
    return Checked(found, zone_ms)


def _since_nearest(cuts: Sequence[int], time_ms: int) -> int | None:
    """The time since the nearest of the cuts, None where there are none."""
    after = bisect_right(cuts, time_ms)
    since = [time_ms - cut for cut in cuts[max(0, after - 1) : after + 1]]
    return min(since, key=abs, default=None)


def _frame_ms(sheet: Sheet) -> float:
    grid = sheet.rules.grid
    return grid.picture * grid.period_ms / grid.count
