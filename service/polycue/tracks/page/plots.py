"""Drawings: how fast cues must be read, and the film from end to end.

Inline SVG; the style sheet has the colours.
"""

import math
from collections import Counter
from collections.abc import Iterator

from polycue.domain.report import Severity
from polycue.tracks.page.markup import clock, escaped, number, share
from polycue.tracks.page.subject import Subject

_BAR, _PLOT_HEIGHT = 20, 150  # units of the drawing
_LAST_BAR = 40  # characters a second; what is faster is counted there
_STEPS_S = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_MOST_ROWS = 24
_ROW_HEIGHT, _SPEECH_HEIGHT = 44, 5


def reading_speed(subject: Subject) -> str:
    """A histogram, a bar for each character a second."""
    report = subject.report
    if report.reading_speed is None:
        return ""
    line = subject.most_cps
    counts = Counter(min(int(speed), _LAST_BAR) for speed in subject.speeds)
    last = max(*counts, math.ceil(line or 0) + 1)
    speed = report.reading_speed
    caption = (
        f"Half of the cues are at most {number(speed.p50)}, 90 % at most {number(speed.p90)}, "
        f"95 % at most {number(speed.p95)}, the fastest is {number(speed.max)}."
    )
    if line is not None:
        caption += f" Above the limit of {number(line)} are {share(report.reading_speed_over)}."
    width = (last + 1) * _BAR
    return (
        "<section><h2>Reading speed</h2><p>Cues by characters a second; hatched bars are above the"
        f' preset’s limit. {caption}</p><svg class="speeds" role="img"'
        f' aria-label="{escaped(caption)}" viewBox="-4 -18 {width + 8} {_PLOT_HEIGHT + 42}">'
        '<defs><pattern id="over" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect class="under" width="6" height="6"/>'
        '<rect class="stripe" width="3" height="6"/></pattern></defs>'
        f"{''.join(_bars(counts, line))}{_axis(last)}{_limit(line)}</svg></section>"
    )


def _bars(counts: Counter[int], limit: float | None) -> Iterator[str]:
    most = max(counts.values())
    for speed, count in sorted(counts.items()):
        height = max(1.0, round(_PLOT_HEIGHT * count / most, 1))
        over = limit is not None and speed >= limit
        more = "or more" if speed == _LAST_BAR else f"to {speed + 1}"
        yield (
            f'<rect class="{"over" if over else "bar"}" x="{speed * _BAR + 1}" width="{_BAR - 2}"'
            f' y="{_PLOT_HEIGHT - height:g}" height="{height:g}">'
            f"<title>{speed} {more}: {count:,} cues</title></rect>"
        )


def _axis(last: int) -> str:
    labels = "".join(
        f'<text x="{speed * _BAR}" y="{_PLOT_HEIGHT + 17}">{speed}</text>'
        for speed in range(0, last + 2, 5)
    )
    base = f'<line x1="0" x2="{(last + 1) * _BAR}" y1="{_PLOT_HEIGHT}" y2="{_PLOT_HEIGHT}"/>'
    return f'<g class="axis">{base}{labels}</g>'


def _limit(limit: float | None) -> str:
    if limit is None:
        return ""
    x = limit * _BAR
    return (
        f'<g class="limit"><line x1="{x:g}" x2="{x:g}" y1="-4" y2="{_PLOT_HEIGHT}"/>'
        f'<text x="{x:g}" y="-7">limit {number(limit)}</text></g>'
    )


def timeline(subject: Subject) -> str:
    """The film in rows of equal length: bars as high as cues are fast."""
    if not subject.cues:
        return ""
    step_ms = _row_ms(subject.end_ms)
    drawing = _Rows(subject, step_ms)
    rows = "".join(map(drawing.row, range(-(-subject.end_ms // step_ms))))
    known = ["bars are cues, as high as they are fast to read", "a dashed line is the limit"]
    known += ["columns with a dashed edge have a hard breach, hollow bars a soft one"]
    known += ["the strip below is where somebody speaks"] if subject.speech else []
    known += ["thin upright lines are shot changes"] if subject.cuts else []
    return (
        f"<section><h2>Timeline</h2><p>From left to right: {'; '.join(known)}."
        f" Each row is {_minutes(step_ms)} long.</p><p>{_rhythm(subject)}</p>"
        f'<div class="timeline">{rows}</div></section>'
    )


def _rhythm(subject: Subject) -> str:
    """How long cues stand and how long the pauses between them are, in a sentence."""
    stays, gaps = subject.report.stays, subject.report.gaps
    stand = (
        f"Cues stand for {stays.p5 / 1000:.1f} s (5 % for less), {stays.p50 / 1000:.1f} s (half of"
        f" them) to {stays.p95 / 1000:.1f} s (5 % for more). "
        if stays
        else ""
    )
    return (
        f"{stand}Of the gaps between them {number(gaps.seen)} are seen as pauses,"
        f" {number(gaps.closed)} are closed to the smallest, {number(gaps.flicker)} are too short"
        f" to be seen, {number(gaps.below_minimum)} below the smallest, and"
        f" {number(gaps.touching)} cues touch the next."
    )


def _minutes(time_ms: int) -> str:
    return clock(time_ms).partition(".")[0]


def _row_ms(end_ms: int) -> int:
    steps = (1000 * step for step in _STEPS_S)
    return next((step for step in steps if step * _MOST_ROWS >= end_ms), end_ms)


class _Rows:
    """Draws one row of the timeline after another; what crosses their edge is in both."""

    def __init__(self, subject: Subject, step_ms: int) -> None:
        self._subject, self._step_ms = subject, step_ms
        self._limit = subject.most_cps
        self._full = 2 * (self._limit or 20)  # characters a second of a bar of full height
        self._order = sorted(range(len(subject.cues)), key=lambda at: subject.cues[at].start_ms)

    def row(self, index: int) -> str:
        from_ms, to_ms = index * self._step_ms, (index + 1) * self._step_ms
        cues = "".join(self._cues(from_ms, to_ms))
        speech = "".join(
            f'<rect class="speech" {_across(span.start_ms, span.end_ms, from_ms, to_ms)}'
            f' y="{_ROW_HEIGHT + 2}" height="{_SPEECH_HEIGHT}"/>'
            for span in self._subject.speech
            if span.start_ms < to_ms and span.end_ms > from_ms
        )
        cuts = "".join(
            f'<line class="cut" x1="{cut - from_ms}" x2="{cut - from_ms}" y1="0" y2="100"/>'
            for cut in self._subject.cuts
            if from_ms <= cut < to_ms
        )
        line = ""
        if self._limit:
            y = _ROW_HEIGHT * (1 - self._limit / self._full)
            line = f'<line class="limit" x1="0" x2="{self._step_ms}" y1="{y:g}" y2="{y:g}"/>'
        height = _ROW_HEIGHT + _SPEECH_HEIGHT + 3
        return (
            f'<div class="row"><span>{_minutes(from_ms)}</span>'
            f'<svg viewBox="0 0 {self._step_ms} {height}" preserveAspectRatio="none">'
            f"{cuts}{cues}{speech}{line}</svg></div>"
        )

    def _cues(self, from_ms: int, to_ms: int) -> Iterator[str]:
        subject = self._subject
        for at in self._order:
            cue = subject.cues[at]
            if cue.start_ms >= to_ms:
                return
            if cue.end_ms <= from_ms:
                continue
            severity = subject.severity(at + 1)
            place = _across(cue.start_ms, cue.end_ms, from_ms, to_ms)
            height = max(3, round(_ROW_HEIGHT * min(1, subject.speeds[at] / self._full)))
            column = f'<rect class="column" {place} height="{_ROW_HEIGHT}"/>'
            yield (
                f'<a href="#c{at + 1}">{column if severity is Severity.HARD else ""}'
                f'<rect class="{severity or "clean"}" {place} y="{_ROW_HEIGHT - height}"'
                f' height="{height}"/></a>'
            )


def _across(start_ms: int, end_ms: int, from_ms: int, to_ms: int) -> str:
    x, end = max(start_ms, from_ms) - from_ms, min(end_ms, to_ms) - from_ms
    return f'x="{x}" width="{max(end - x, 1)}"'
