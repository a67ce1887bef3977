"""What a person sees of a run: one bar for all of it on a terminal, plain lines elsewhere."""

import time
from typing import TYPE_CHECKING, Protocol

import click

from polycue_client.cli.bulk.rows import DONE, FAILED, LEFT, SKIPPED, FilmRow
from polycue_client.cli.bulk.totals import Totals, hours
from polycue_client.cli.display import harmless, name_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

_LINE_EVERY_S = 30.0
_MARKS = {DONE: "[green]✓[/]", SKIPPED: "[dim]·[/]", FAILED: "[red]✗[/]", LEFT: "[yellow]-[/]"}


class Screen(Protocol):
    def film(self, row: FilmRow) -> None:
        """A film came to its end."""

    def look(self, totals: Totals) -> None:
        """This is how far all have come."""

    def say(self, line: str) -> None:
        """A line that stays."""

    def end(self) -> None:
        """Nothing more comes."""


def line_of(row: FilmRow) -> str:
    """For people: what became of a film."""
    name = name_of(row.film)
    if row.state != DONE:
        words = {SKIPPED: "skipped", FAILED: "error", LEFT: "not done"}[row.state]
        return f"{name}: {words}: {row.message}"
    said = [", ".join(dict.fromkeys(track.language for track in row.tracks)) or row.language]
    if row.duration_ms:
        said.append(f"{hours(row.duration_ms)} of sound")
    said.append(f"{row.cues:,} cues")
    if row.kept:
        said.append(f"{len(row.kept)} files that were there stay as they were")
    return f"{name}: {', '.join(filter(None, said))}"


def state_of(totals: Totals) -> str:
    """For people: how far all have come."""
    of_all = f" of {totals.films:,}" if totals.films is not None else ""
    said = [f"{totals.seen:,}{of_all} films"]
    if totals.states[FAILED]:
        said.append(f"{totals.states[FAILED]:,} failed")
    said.append(f"{totals.running} at work, {totals.waiting} waiting")
    if totals.sending:
        said.append(f"{totals.sending} on their way")
    said.append(f"{hours(totals.heard_ms)} of sound, {totals.speed:.1f}x")
    if totals.left_s is not None:
        said.append(f"{hours(1000 * totals.left_s)} left")
    return "; ".join(said)


class Lines:
    """A line for each film, and now and then one on all of them."""

    def __init__(self) -> None:
        self._said_s = time.monotonic()

    def film(self, row: FilmRow) -> None:
        self.say(line_of(row))

    def look(self, totals: Totals) -> None:
        if time.monotonic() - self._said_s > _LINE_EVERY_S:
            self._said_s = time.monotonic()
            self.say(state_of(totals))

    def say(self, line: str) -> None:
        click.echo(harmless(line), err=True)

    def end(self) -> None:
        pass


class Bar:
    """Films that are done go by above it."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._progress: Progress = _progress(console)
        self._task: TaskID = self._progress.add_task("", total=None, state="listing ...")
        self._progress.start()

    def film(self, row: FilmRow) -> None:
        from rich.markup import escape

        text = f"{_MARKS[row.state]} {escape(line_of(row))}"
        self._console.print(text, highlight=False, soft_wrap=True)

    def look(self, totals: Totals) -> None:
        self._progress.update(
            self._task, total=totals.films, completed=totals.seen, state=state_of(totals)
        )

    def say(self, line: str) -> None:
        self._console.print(harmless(line), markup=False, highlight=False, soft_wrap=True)

    def end(self) -> None:
        self._progress.stop()


def screen() -> Screen:
    from rich.console import Console

    console = Console(stderr=True)
    return Bar(console) if console.is_terminal and not console.is_dumb_terminal else Lines()


def _progress(console: "Console") -> "Progress":
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

    return Progress(
        SpinnerColumn(),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[state]}", markup=False),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
