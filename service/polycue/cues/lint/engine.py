"""Every rule over the same cues."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from polycue.cues.lint import glyphs, grammar, shape, shots, silence, speed, times
from polycue.cues.lint.catalogue import CATALOGUE
from polycue.cues.lint.sheet import Check, Checked, NotChecked, Outcome, Sheet
from polycue.domain.report import LintRule, RuleResult

_CHECKS: Mapping[LintRule, Check] = {
    LintRule.LINES: shape.lines,
    LintRule.LINE_LENGTH: shape.line_length,
    LintRule.READING_SPEED: speed.reading_speed,
    LintRule.MIN_DURATION: times.min_duration,
    LintRule.MAX_DURATION: times.max_duration,
    LintRule.OVERLAP: times.overlap,
    LintRule.GAP: times.gap,
    LintRule.FLICKER: times.flicker,
    LintRule.ORDER: times.order,
    LintRule.BEYOND_END: times.beyond_end,
    LintRule.SHOT_IN: shots.shot_in,
    LintRule.SHOT_OUT: shots.shot_out,
    LintRule.SILENT_START: silence.silent_start,
    LintRule.ORPHAN: shape.orphan,
    LintRule.ONE_LINE: shape.one_line,
    LintRule.LINE_END: grammar.line_end,
    LintRule.CUE_END: grammar.cue_end,
    LintRule.SENTENCE_INSIDE: grammar.sentence_inside,
    LintRule.DIALOGUE_DASH: shape.dialogue_dash,
    LintRule.GLYPH: glyphs.glyph,
}
_NOT_WANTED = NotChecked("it was left out by the caller")
_NOTHING = Checked(())
# Of cues that come from no file; the first two cannot be by construction.
_WITHOUT_FILE: Mapping[LintRule, Outcome] = {
    LintRule.TIMES: _NOTHING,
    LintRule.EMPTY: _NOTHING,
    LintRule.VTT_SYNTAX: NotChecked("it is a rule for WebVTT files"),
}


def outcomes(sheet: Sheet, wanted: Collection[LintRule]) -> dict[LintRule, Outcome]:
    """What each rule found, in the order of the rules; those not wanted are not checked."""
    return {rule: _outcome(rule, sheet) if rule in wanted else _NOT_WANTED for rule in CATALOGUE}


def result(rule: LintRule, outcome: Outcome, cue_count: int) -> RuleResult:
    entry = CATALOGUE[rule]
    if isinstance(outcome, NotChecked):
        return RuleResult(rule, entry.severity, entry.title, entry.unit, why_not=outcome.why)
    count = len(outcome.found)
    per_thousand = round(1000 * count / cue_count, 1) if cue_count else None
    unit = outcome.unit or entry.unit
    return RuleResult(rule, entry.severity, entry.title, unit, outcome.limit, count, per_thousand)


def _outcome(rule: LintRule, sheet: Sheet) -> Outcome:
    """What the rule found in the cues, behind what whoever read their file found there."""
    in_file = sheet.around.file.get(rule, _WITHOUT_FILE.get(rule, _NOTHING))
    check = _CHECKS.get(rule)
    if check is None or isinstance(in_file, NotChecked):
        return in_file
    in_cues = check(sheet)
    if isinstance(in_cues, NotChecked):
        return in_cues
    return replace(in_cues, found=[*in_file.found, *in_cues.found])
