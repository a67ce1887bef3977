"""How fast cues must be read."""

from polycue.cues.lint.sheet import NO_LIMIT, Checked, Outcome, Sheet
from polycue.domain.report import LintRule, Violation


def reading_speed(sheet: Sheet) -> Outcome:
    limit = sheet.limit("max_chars_per_second")
    if limit is None:
        return NO_LIMIT
    found = [
        Violation(LintRule.READING_SPEED, number, round(1000 * chars / cue.duration_ms, 1), limit)
        for number, (cue, chars) in enumerate(zip(sheet.cues, sheet.chars, strict=True), 1)
        if 1000 * chars > limit * cue.duration_ms
    ]
    return Checked(found, limit)


def speeds(sheet: Sheet) -> list[float]:
    """Characters a second of each cue."""
    return [
        1000 * chars / cue.duration_ms for cue, chars in zip(sheet.cues, sheet.chars, strict=True)
    ]
