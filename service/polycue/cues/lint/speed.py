"""How fast cues must be read."""

from polycue.cues.lint.sheet import NO_LIMIT, Checked, Outcome, Sheet
from polycue.domain.report import LintRule, Violation


def reading_speed(sheet: Sheet) -> Outcome:
    """By characters, or by words where the preset counts those."""
    limit = sheet.limit("max_chars_per_second")
    if limit is None:
        return _word_speed(sheet)
    found = [
        Violation(LintRule.READING_SPEED, number, round(1000 * chars / cue.duration_ms, 1), limit)
        for number, (cue, chars) in enumerate(zip(sheet.cues, sheet.chars, strict=True), 1)
        if 1000 * chars > limit * cue.duration_ms
    ]
    return Checked(found, limit)


def _word_speed(sheet: Sheet) -> Outcome:
    limit = sheet.limit("max_words_per_minute")
    if limit is None:
        return NO_LIMIT
    speeds_wpm = [60_000 * len(cue.text.split()) / cue.duration_ms for cue in sheet.cues]
    found = [
        Violation(LintRule.READING_SPEED, number, round(speed_wpm), limit)
        for number, speed_wpm in enumerate(speeds_wpm, 1)
        if speed_wpm > limit
    ]
    return Checked(found, limit, unit="words per minute")


def speeds(sheet: Sheet) -> list[float]:
    """Characters a second of each cue."""
    return [
        1000 * chars / cue.duration_ms for cue, chars in zip(sheet.cues, sheet.chars, strict=True)
    ]
