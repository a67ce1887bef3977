"""The top of a page: what matters at a glance, and every rule with what became of it."""

from collections.abc import Iterator

from polycue.domain.report import RuleResult, Severity
from polycue.tracks.page.markup import clock, counted, escaped, number, share
from polycue.tracks.page.subject import Subject


def header(subject: Subject) -> str:
    report = subject.report
    hard, soft = report.broken(Severity.HARD), report.broken(Severity.SOFT)
    if hard:
        state, mark = "hard", "✖"
    else:
        state, mark = ("soft", "▲") if soft else ("clean", "✔")
    rate = f", {float(report.frame_rate):.6g} frames a second" if report.frame_rate else ""
    return (
        f"<header><h1>{escaped(subject.title)}</h1>"
        f"<p>Language <b>{escaped(report.language)}</b>, held against the preset"
        f" <b>{escaped(report.preset)}</b>{rate}</p>"
        f'<p class="verdict {state}"><span aria-hidden="true">{mark}</span> '
        f"{_breaches(hard, 'hard')} and {_breaches(soft, 'soft')}"
        f" in {counted(report.cue_count, 'cue')}</p></header>"
    )


def _breaches(count: int, severity: str) -> str:
    found = f"{count:,}" if count else "no"
    return f"{found} {severity} {'breach' if count == 1 else 'breaches'}"


def tiles(subject: Subject) -> str:
    items = "".join(
        f"<div><dt>{what}</dt><dd>{value}</dd></div>" for what, value in _facts(subject)
    )
    return f'<dl class="tiles">{items}</dl>'


def _facts(subject: Subject) -> Iterator[tuple[str, str]]:
    report = subject.report
    clean = report.clean_cue_count / report.cue_count if report.cue_count else None
    yield "Cues without a breach", share(clean)
    yield "Within IWSLT's limits", share(report.iwslt)
    if speed := report.reading_speed:
        yield "Reading speed, median", f"{number(speed.p50)} cps"
        yield "95 % are at most", f"{number(speed.p95)} cps"
    if stays := report.stays:
        yield "Stay, median", f"{stays.p50 / 1000:.1f} s"
    if report.low_confidence_count is not None:
        yield "Doubtful cues", number(report.low_confidence_count)
    if report.translation:
        yield "Left untranslated", counted(report.translation.kept_source_count, "cue")
    yield "Length", clock(subject.end_ms)


def rules(subject: Subject) -> str:
    rows = "".join(map(_row, subject.report.rules))
    return (
        '<section><h2>Rules</h2><table class="rules"><thead><tr><th>Rule</th><th>Kind</th>'
        '<th class="n">Limit</th><th class="n">Breaches</th><th class="n">In 1,000 cues</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></section>"
    )


def _row(result: RuleResult) -> str:
    title = f"<td><code>{result.rule}</code> <span>{escaped(result.title)}</span></td>"
    kind = f'<td data-is="kind">{result.severity}</td>'
    if result.count is None:
        why = f'<td colspan="3" class="why">not checked: {escaped(result.why_not)}</td>'
        return f'<tr class="unchecked">{title}{kind}{why}</tr>'
    state = result.severity.value if result.count else "kept"
    mark = {"hard": "✖", "soft": "▲", "kept": "✔"}[state]
    limit = "–" if result.limit is None else f"{number(result.limit)} {escaped(result.unit)}"
    return (
        f'<tr class="{state}">{title}{kind}<td class="n" data-is="limit">{limit}</td>'
        f'<td class="n count" data-is="breaches"><span aria-hidden="true">{mark}</span>'
        f" {number(result.count)}</td>"
        f'<td class="n" data-is="in 1,000 cues">{number(result.per_thousand)}</td></tr>'
    )
