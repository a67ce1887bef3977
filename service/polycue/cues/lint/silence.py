"""Cues that come on where nobody speaks."""

import math
from bisect import bisect_right

from polycue.cues.lint.sheet import Checked, NotChecked, Outcome, Sheet
from polycue.domain.report import LintRule, Violation

# Three frames at 24 per second, what quality control lets pass; the detector hears in 32 ms steps.
_TOLERANCE_MS = 125


def silent_start(sheet: Sheet) -> Outcome:
    """Measured is the time to the nearest speech."""
    speech = sheet.around.speech
    if not speech:
        return NotChecked("where somebody speaks is not known")
    starts = [span.start_ms for span in speech]
    found = []
    for number, cue in enumerate(sheet.cues, 1):
        after = bisect_right(starts, cue.start_ms)
        since_ms = cue.start_ms - speech[after - 1].end_ms if after else math.inf
        until_ms = starts[after] - cue.start_ms if after < len(starts) else math.inf
        nearest_ms = min(since_ms, until_ms)
        if nearest_ms > _TOLERANCE_MS:
            found.append(Violation(LintRule.SILENT_START, number, nearest_ms, _TOLERANCE_MS))
    return Checked(found, _TOLERANCE_MS)
