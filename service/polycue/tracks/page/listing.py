"""The cues themselves, those that break rules marked with what they break."""

from collections.abc import Iterator

from polycue.domain.cue import Cue, CueFlag
from polycue.domain.report import LintRule, Severity, Violation
from polycue.tracks.page.markup import clock, counted, escaped, number
from polycue.tracks.page.subject import Subject

# More are no help to a person and a burden to a browser; those that break rules come first.
MOST_CUES = 5_000

_FLAGS = {
    CueFlag.KEPT_SOURCE: "left untranslated",
    CueFlag.LOW_CONFIDENCE: "the recogniser doubts these words",
    CueFlag.SUSPECT: "perhaps nobody said this",
}
_MARKS = {Severity.HARD: "✖", Severity.SOFT: "▲"}


def cues(subject: Subject) -> str:
    shown = list(_shown(subject))
    left_out = len(subject.cues) - len(shown)
    broken = len(subject.by_cue.keys() - {0})
    rest = f"<p>{counted(left_out, 'cue')} more are not shown here.</p>" if left_out else ""
    start = "broken" if broken else "every"
    return (
        f"<section><h2>Cues</h2>{_file(subject)}<fieldset><legend>Show</legend>"
        f"{_choice('every', 'all of them', start)}{_choice('broken', 'with a breach', start)}"
        f"{_choice('worst', 'with a hard one', start)}</fieldset>"
        f'<ol class="cues" lang="{escaped(subject.report.language)}">'
        f"{''.join(_cue(subject, number) for number in shown)}</ol>{rest}</section>"
    )


def _shown(subject: Subject) -> Iterator[int]:
    """The numbers of the cues that there is room for, in their order."""
    count = len(subject.cues)
    if count <= MOST_CUES:
        return iter(range(1, count + 1))
    broken = sorted(subject.by_cue.keys() - {0})[:MOST_CUES]
    whole = (number for number in range(1, count + 1) if number not in subject.by_cue)
    filling = [number for number, _ in zip(whole, range(MOST_CUES - len(broken)), strict=False)]
    return iter(sorted(broken + filling))


def _choice(name: str, label: str, start: str) -> str:
    checked = " checked" if name == start else ""
    return f'<label><input type="radio" name="show" id="show-{name}"{checked}> {label}</label>'


def _file(subject: Subject) -> str:
    """What is wrong with the file and no single cue."""
    found = subject.by_cue.get(0)
    if not found:
        return ""
    items = "".join(f"<li>{_breach(subject, violation)}</li>" for violation in found[:200])
    more = f"<li>and {len(found) - 200:,} more</li>" if len(found) > 200 else ""
    return f'<h3>The file itself</h3><ul class="marks">{items}{more}</ul>'


def _cue(subject: Subject, number_of: int) -> str:
    cue, speed = subject.cues[number_of - 1], subject.speeds[number_of - 1]
    severity = subject.severity(number_of)
    marks = [_breach(subject, violation) for violation in subject.by_cue.get(number_of, ())]
    marks += [
        f'<span class="flag">◆ {text}</span>' for flag, text in _FLAGS.items() if flag in cue.flags
    ]
    listed = "".join(f"<li>{mark}</li>" for mark in marks)
    return (
        f'<li class="cue {severity or "clean"}" id="c{number_of}" value="{number_of}">'
        f'<p class="when"><b>{number_of}</b> {clock(cue.start_ms)} – {clock(cue.end_ms)}'
        f" <span>{cue.duration_ms / 1000:.2f} s, {number(speed)} cps</span></p>"
        f'<p class="text" dir="auto">{_lines(cue)}</p>'
        f"{f'<ul class=marks>{listed}</ul>' if listed else ''}</li>"
    )


def _lines(cue: Cue) -> str:
    return "<br>".join(f"<bdi>{escaped(line)}</bdi>" for line in cue.lines)


def _breach(subject: Subject, violation: Violation) -> str:
    result = subject.results[violation.rule]
    mark, kind = _MARKS[result.severity], result.severity.value
    numbers = ""
    if violation.measured is not None and violation.rule is not LintRule.ORDER:
        numbers = f": {number(violation.measured)}"
        if violation.limit:
            numbers += f" against {number(violation.limit)}"
        numbers += f" {escaped(result.unit)}"
    detail = f": <q><bdi>{escaped(violation.detail)}</bdi></q>" if violation.detail else ""
    return (
        f'<span class="{kind}"><b>{mark} {kind}</b> {escaped(result.title)}{numbers}{detail}</span>'
    )
