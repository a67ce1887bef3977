"""The report as a page for people: one file that needs no other."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from polycue_client.cli.bulk.rows import DONE, FAILED, LEFT, SKIPPED, FilmRow
from polycue_client.cli.bulk.totals import hours

if TYPE_CHECKING:
    from polycue_client.cli.bulk.report import Report

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --quiet: #777;
  --done: #1a7f37; --skipped: #777; --failed: #cf222e; --left: #9a6700 }
@media (prefers-color-scheme: dark) {
  :root { --done: #3fb950; --failed: #ff7b72; --left: #d29922; --quiet: #999; --skipped: #999 } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p.what { color: var(--quiet); margin: .25rem 0 1.5rem }
p.stopped { border-left: 4px solid var(--failed); padding: .4rem .8rem; background: var(--soft) }
dl { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0 }
dl div { border: 1px solid var(--line); border-radius: 8px; padding: .5rem .9rem; min-width: 6rem }
dt { color: var(--quiet); font-size: .8rem }
dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line);
  vertical-align: top }
th { font-size: .8rem; color: var(--quiet); font-weight: 600 }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.film { overflow-wrap: anywhere; min-width: 14rem }
td.why { max-width: 30rem }
td.why small { color: var(--quiet); display: block }
.done { color: var(--done) } .failed { color: var(--failed) } .left { color: var(--left) }
.skipped { color: var(--skipped) }
"""
_TITLES = {
    FAILED: "Films that failed",
    LEFT: "Films that were not done",
    DONE: "Films that are done",
    SKIPPED: "Films that were passed over",
}
_HEADS = (
    ("film", ""),
    ("state", ""),
    ("sound", "n"),
    ("languages", ""),
    ("cues", "n"),
    ("violations", "n"),
    ("fallbacks", "n"),
    ("time", "n"),
    ("why, and what to do", ""),
)


def page(report: "Report") -> str:
    return "\n".join(_page(report)) + "\n"


def _page(report: "Report") -> Iterator[str]:
    yield '<!doctype html><html lang="en"><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>polycue: report on a run</title><style>{_STYLE}</style>"
    yield "<h1>Report on a run of <code>polycue subtitle</code></h1>"
    places = ", ".join(report.places)
    when = f"{report.began:%Y-%m-%d %H:%M:%S} to {report.ended:%Y-%m-%d %H:%M:%S} UTC"
    yield f'<p class="what">{escape(places)} · {escape(report.server)} · {when}</p>'
    if report.stopped_by:
        yield f'<p class="stopped">It was stopped: {escape(report.stopped_by)}</p>'
    yield _tiles(report)
    for state, title in _TITLES.items():
        if rows := [row for row in report.rows if row.state == state]:
            yield f"<h2>{title}: {len(rows):,}</h2>"
            yield from _table(rows)
    yield "</html>"


def _tiles(report: "Report") -> str:
    told = report.totals()
    tiles = [(name, f"{told[name]:,}", name) for name in (DONE, SKIPPED, FAILED)]
    tiles.append(("not done", f"{told[LEFT]:,}", LEFT))
    if told["not_looked_at"]:
        tiles.append(("not looked at", f"{told['not_looked_at']:,}", LEFT))
    tiles += [(name, f"{told[name]:,}", "") for name in ("cues", "violations", "fallbacks")]
    tiles.append(("sound", hours(told["sound_ms"]), ""))
    tiles.append(("time", hours(told["wall_ms"]), ""))
    tiles.append(("times real time", f"{told['speed']:,.1f}", ""))
    return (
        "<dl>"
        + "".join(
            f'<div><dt>{name}</dt><dd class="{kind if value != "0" else ""}">{value}</dd></div>'
            for name, value, kind in tiles
        )
        + "</dl>"
    )


def _table(rows: Iterable[FilmRow]) -> Iterator[str]:
    heads = "".join(f'<th class="{kind}">{name}</th>' for name, kind in _HEADS)
    yield f'<div class="scroll"><table><tr>{heads}</tr>'
    yield from map(_row, rows)
    yield "</table></div>"


def _row(row: FilmRow) -> str:
    why = [escape(row.message), *map(escape, row.notices)]
    if row.kept:
        why.append(f"{len(row.kept)} files that were there stay as they were")
    to_do = f"<small>{escape(row.to_do)}</small>" if row.to_do else ""
    reason = f' title="{escape(row.reason)}"' if row.reason else ""
    has_tracks = bool(row.tracks)
    cells = [
        f'<td class="film">{escape(row.film)}</td>',
        f'<td class="{row.state}"{reason}>{row.state}</td>',
        _number(hours(row.duration_ms) if row.duration_ms else ""),
        f"<td>{escape(', '.join(dict.fromkeys(t.language for t in row.tracks)))}</td>",
        *(
            _number(f"{count:,}" if has_tracks else "")
            for count in (row.cues, row.violations, row.fallbacks)
        ),
        _number(hours(row.took_ms) if row.took_ms is not None else ""),
        f'<td class="why">{"<br>".join(filter(None, why))}{to_do}</td>',
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _number(text: str) -> str:
    return f'<td class="n">{text}</td>'
