"""What the recogniser and the translator have to say, as far as they were asked."""

from polycue.domain.report import Recognition, Translation
from polycue.tracks.page.markup import clock, escaped
from polycue.tracks.page.subject import Subject

_MOST_ROWS = 500


def sections(subject: Subject) -> str:
    report = subject.report
    found = ""
    if report.recognition:
        found += _recognition(report.recognition)
    if report.translation:
        found += _translation(report.translation)
    if subject.notices:
        items = "".join(f"<li>{escaped(n.message)}</li>" for n in subject.notices[:_MOST_ROWS])
        found += f"<section><h2>Notices</h2><ul>{items}</ul></section>"
    return found


def _recognition(recognition: Recognition) -> str:
    spoken = ", ".join(
        f"{escaped(language.language)} {clock(language.duration_ms).partition('.')[0]}"
        for language in recognition.languages
    )
    heard = f"<p>Heard with {escaped(recognition.model)}{': ' + spoken if spoken else ''}.</p>"
    if not recognition.verdicts:
        return f"<section><h2>Recognition</h2>{heard}</section>"
    rows = "".join(
        f"<tr><td>{clock(verdict.start_ms)}</td><td>{verdict.remedy}</td>"
        f"<td>{', '.join(verdict.signals)}</td>"
        f'<td dir="auto">{escaped(verdict.text)}</td><td dir="auto">{escaped(verdict.replacement)}'
        "</td></tr>"
        for verdict in recognition.verdicts[:_MOST_ROWS]
    )
    return (
        f"<section><h2>Recognition</h2>{heard}"
        "<p>What was done about words that perhaps nobody said:</p>"
        '<div class="scroll"><table><thead><tr><th>At</th><th>Done</th><th>Why</th><th>Was</th>'
        f"<th>Is</th></tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _translation(translation: Translation) -> str:
    route = " → ".join(escaped(language) for language in translation.route)
    if not translation.fallbacks:
        return f"<section><h2>Translation</h2><p>{route}</p></section>"
    rows = "".join(
        f"<tr><td>{clock(fallback.start_ms)}</td><td>{escaped(fallback.reason.message)}</td>"
        f"<td>{fallback.rung.replace('_', ' ')}</td>"
        f'<td dir="auto">{escaped(fallback.source)}</td></tr>'
        for fallback in translation.fallbacks[:_MOST_ROWS]
    )
    return (
        f"<section><h2>Translation</h2><p>{route}</p>"
        "<p>Sentences whose first translation was not fit to be shown:</p>"
        '<div class="scroll"><table><thead><tr><th>At</th><th>Because</th><th>Instead</th>'
        f"<th>Source</th></tr></thead><tbody>{rows}</tbody></table></div></section>"
    )
