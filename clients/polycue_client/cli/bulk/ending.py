"""What a person is told at the end of a run, in a terminal or in a pipe."""

from typing import TYPE_CHECKING

import click

from polycue_client.cli.bulk.rows import DONE, FAILED, LEFT, SKIPPED, FilmRow
from polycue_client.cli.bulk.totals import hours
from polycue_client.cli.display import harmless, name_of

if TYPE_CHECKING:
    from rich.console import Console

    from polycue_client.cli.bulk.report import Report

_MOST_ROWS = 40  # more is for a file
_STYLES = {DONE: "green", SKIPPED: "dim", FAILED: "red", LEFT: "yellow"}


def tell(report: "Report") -> None:
    """On stderr: a table where somebody looks at it, lines where not."""
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal and not console.is_dumb_terminal:
        _show(console, report)
        return
    for row in report.rows:
        if row.state in {FAILED, LEFT} and row.to_do:
            click.echo(harmless(f"{name_of(row.film)}: {row.to_do}"), err=True)
    click.echo(summary(report), err=True)


def summary(report: "Report") -> str:
    """For people: one line on all of it."""
    told = report.totals()
    said = [f"{told['films']:,} films: {told[DONE]:,} done, {told[SKIPPED]:,} skipped"]
    said += [f"{told[FAILED]:,} failed", f"{told[LEFT] + told['not_looked_at']:,} not done"]
    counts = f"{told['cues']:,} cues, {told['violations']:,} violations"
    pace = f"{hours(told['sound_ms'])} of sound in {hours(told['wall_ms'])}"
    return f"{', '.join(said)}; {counts}, {told['fallbacks']:,} fallbacks; {pace}"


def _show(console: "Console", report: "Report") -> None:
    from rich.table import Table

    shown = list(report.rows)
    if len(shown) > _MOST_ROWS:
        shown = [row for row in shown if row.state in {FAILED, LEFT}]
    if shown:
        table = Table(box=None, header_style="bold", pad_edge=False, show_edge=False)
        for name in ("film", "state", "sound", "languages", "cues", "viol.", "fallb.", "time"):
            right = name not in {"film", "state", "languages"}
            table.add_column(
                name,
                justify="right" if right else "left",
                no_wrap=name != "film",
                overflow="fold",
            )
        table.add_column("why, and what to do", ratio=1, overflow="fold")
        for row in shown[:_MOST_ROWS]:
            table.add_row(*_cells(row), style=None)
        console.print(table)
        if len(shown) > _MOST_ROWS:
            console.print(f"... and {len(shown) - _MOST_ROWS:,} more; --report-file has all")
    console.print(summary(report), highlight=False)


def _cells(row: FilmRow) -> list[str]:
    from rich.markup import escape

    why = "\n".join(filter(None, (row.message, row.to_do and f"-> {row.to_do}")))
    has_tracks = bool(row.tracks)
    counts = [
        f"{count:,}" if has_tracks else "" for count in (row.cues, row.violations, row.fallbacks)
    ]
    return [
        escape(name_of(row.film)),
        f"[{_STYLES[row.state]}]{row.state}[/]",
        hours(row.duration_ms) if row.duration_ms else "",
        ", ".join(dict.fromkeys(track.language for track in row.tracks)),
        *counts,
        hours(row.took_ms) if row.took_ms is not None else "",
        escape(harmless(why)),
    ]
