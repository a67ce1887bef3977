"""The report on a track: which rules it breaks, and how it reads on the whole."""

import math
from collections.abc import Collection, Sequence

from polycue.cues.lint.engine import outcomes, result
from polycue.cues.lint.sheet import Checked, Sheet, Surroundings, chars_of
from polycue.cues.lint.speed import speeds
from polycue.cues.lint.times import gaps_of
from polycue.cues.presets import Rules
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.report import (
    Distribution,
    LintRule,
    TrackReport,
)

# A file that is broken all over is not the better understood for more; the counts are of all.
MOST_LISTED = 10_000
ALL_RULES = frozenset(LintRule)

# What the IWSLT subtitling task holds systems to (iwslt.org/2023/subtitling), whatever the preset.
_IWSLT_LINE_CHARS, _IWSLT_LINES, _IWSLT_CPS = 42, 2, 21


def report_on(
    cues: Sequence[Cue],
    rules: Rules,
    *,
    preset: str,
    around: Surroundings | None = None,
    wanted: Collection[LintRule] = ALL_RULES,
) -> TrackReport:
    """The report on cues in the order of their file; they may overlap and be out of order."""
    sheet = Sheet(cues, rules, around or Surroundings())
    found = outcomes(sheet, wanted)
    violations = sorted(
        (v for outcome in found.values() if isinstance(outcome, Checked) for v in outcome.found),
        key=lambda violation: violation.cue,
    )
    offenders = {violation.cue for violation in violations} - {0}
    cps = speeds(sheet)
    return TrackReport(
        language=rules.language,
        preset=preset,
        frame_rate=rules.frame_rate,
        cue_count=len(cues),
        clean_cue_count=len(cues) - len(offenders),
        rules=tuple(result(rule, outcome, len(cues)) for rule, outcome in found.items()),
        violations=tuple(violations[:MOST_LISTED]),
        violations_left_out=max(0, len(violations) - MOST_LISTED),
        reading_speed=distribution(cps),
        reading_speed_over=_share_over(cps, rules.max_chars_per_second),
        stays=distribution([cue.duration_ms for cue in cues]),
        chars=distribution(sheet.chars),
        gaps=gaps_of(sheet),
        iwslt=_iwslt(sheet, cps),
        low_confidence_count=_flagged(cues, CueFlag.LOW_CONFIDENCE),
        suspect_count=_flagged(cues, CueFlag.SUSPECT),
    )


def reading_speeds(cues: Sequence[Cue], language: str) -> list[float]:
    """Characters a second of each cue."""
    return [1000 * chars_of(cue, language) / cue.duration_ms for cue in cues]


def distribution(values: Sequence[float]) -> Distribution | None:
    """None of no values."""
    if not values:
        return None
    ranked = sorted(values)

    def percentile(percent: int) -> float:
        return round(ranked[math.ceil(len(ranked) * percent / 100) - 1], 1)

    return Distribution(*map(percentile, (5, 50, 90, 95, 100)))


def _share_over(values: Sequence[float], limit: float | None) -> float | None:
    if not values or limit is None:
        return None
    return round(sum(value > limit for value in values) / len(values), 4)


def _iwslt(sheet: Sheet, cps: Sequence[float]) -> float | None:
    """The share of cues that conform."""
    if not sheet.cues:
        return None
    conforming = sum(
        len(widths) <= _IWSLT_LINES and max(widths) <= _IWSLT_LINE_CHARS and speed <= _IWSLT_CPS
        for widths, speed in zip(sheet.widths, cps, strict=True)
    )
    return round(conforming / len(cps), 4)


def _flagged(cues: Sequence[Cue], flag: CueFlag) -> int | None:
    """How many cues have the flag; None where no word says how likely it is."""
    known = any(word.probability is not None for cue in cues for word in cue.words)
    return sum(flag in cue.flags for cue in cues) if known else None
