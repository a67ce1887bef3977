"""All parts of a page put together."""

from importlib import resources

from polycue.tracks.page import heard, listing, plots, summary
from polycue.tracks.page.markup import escaped
from polycue.tracks.page.subject import Subject

# Nothing is fetched and nothing runs, whatever a subtitle file may hold.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(subject: Subject) -> str:
    """The whole HTML document."""
    style = (resources.files("polycue.tracks.page") / "page.css").read_text(encoding="utf-8")
    body = (
        summary.header(subject),
        summary.tiles(subject),
        plots.reading_speed(subject),
        plots.timeline(subject),
        summary.rules(subject),
        heard.sections(subject),
        listing.cues(subject),
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escaped(subject.title)}: subtitle report</title>"
        f"<style>\n{style}</style></head>\n<body><main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main></body></html>\n"
    )
