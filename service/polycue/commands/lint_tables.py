"""What ``polycue lint`` prints."""

from collections import defaultdict
from collections.abc import Iterator

import click

from polycue.domain.report import LintRule, RuleResult, Severity, TrackReport, Violation
from polycue.pipeline.linting import Linted
from polycue.tracks.timestamps import format_vtt

_FIRST = 4  # numbers of cues that are named in a row
_ROW = "  {:4} {:15} {:>8} {:>8}  {:24} {}"


def show(name: str, report: TrackReport) -> None:
    """A summary, the rules that are broken, and those that could not be checked."""
    click.echo(f"{name}: {_summary(report)}")
    broken = [result for result in report.rules if result.count]
    places = _places(report)
    if broken:
        click.echo(_ROW.format("", "rule", "breaches", "in 1,000", "limit", "cues"))
    for result in broken:
        click.echo(_ROW.format(*_cells(result, places[result.rule])))
    for why, rules in _unchecked(report).items():
        click.echo(f"  not checked: {', '.join(rules)}: {why}")


def breach_lines(linted: Linted) -> Iterator[str]:
    """``12: 00:01:02.345 hard line_length: a line is too long: 50 against 42 characters``."""
    results = {result.rule: result for result in linted.report.rules}
    for violation in linted.report.violations:
        result = results[violation.rule]
        at = linted.cues[violation.cue - 1].start_ms if violation.cue else None
        place = f"{violation.cue}: " + (f"{format_vtt(at)} " if at is not None else "")
        told = f"{result.severity} {result.rule}: {result.title}{_numbers(violation, result)}"
        yield place + told + (f": {_quoted(violation.detail)}" if violation.detail else "")
    if left_out := linted.report.violations_left_out:
        yield f" {left_out} more breaches are counted and not listed"


def _summary(report: TrackReport) -> str:
    hard, soft = report.broken(Severity.HARD), report.broken(Severity.SOFT)
    rate = f" at {float(report.frame_rate):.6g} fps" if report.frame_rate else ""
    clean = f"{100 * report.clean_cue_count / report.cue_count:.1f} %" if report.cue_count else "-"
    return (
        f"{report.language}, preset {report.preset}{rate}; {report.cue_count:,} cues, {clean}"
        f" without a breach; {hard:,} hard, {soft:,} soft"
    )


def _cells(result: RuleResult, cues: list[int]) -> tuple[str, ...]:
    shown = ", ".join(map(str, cues[:_FIRST])) + (", ..." if len(cues) > _FIRST else "")
    return (
        result.severity.value,
        result.rule.value,
        f"{result.count:,}",
        "" if result.per_thousand is None else f"{result.per_thousand:,.1f}",
        "" if result.limit is None else f"{result.limit:g} {result.unit}",
        shown or "the file",
    )


def _places(report: TrackReport) -> dict[LintRule, list[int]]:
    places: dict[LintRule, list[int]] = defaultdict(list)
    for violation in report.violations:
        if violation.cue:
            places[violation.rule].append(violation.cue)
    return places


def _unchecked(report: TrackReport) -> dict[str, list[str]]:
    """The rules that were not checked, by the reason."""
    found: dict[str, list[str]] = defaultdict(list)
    for result in report.rules:
        if result.count is None:
            found[result.why_not].append(result.rule.value)
    return found


def _numbers(violation: Violation, result: RuleResult) -> str:
    if violation.measured is None:
        return ""
    against = f" against {violation.limit:g}" if violation.limit else ""
    return f": {violation.measured:g}{against} {result.unit}"


def _quoted(text: str) -> str:
    """On one line whatever it holds; a terminal obeys control characters."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
