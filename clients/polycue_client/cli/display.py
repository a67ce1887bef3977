"""What a person sees while the work goes on: bars on a terminal, plain lines elsewhere.

All of it goes to stderr; stdout is for results.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from unicodedata import category

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from polycue.api.v1 import jobs_pb2


_VERBS = {
    "JOB_STAGE_PROBE": "looking",
    "JOB_STAGE_EXTRACT": "listening",
    "JOB_STAGE_TRANSCRIBE": "transcribing",
    "JOB_STAGE_TRANSLATE": "translating",
    "JOB_STAGE_RENDER": "writing",
    "JOB_STAGE_MUX": "muxing",
    "JOB_STAGE_SHOTS": "looking for cuts",
    "JOB_STAGE_SYNC": "fitting",
}

# Those of C0 and C1, but for the line feed.
_CONTROLS = dict.fromkeys(
    (*range(10), *range(11, 32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}"
)

_BREAKING = frozenset({"Cc", "Zl", "Zp"})  # controls, and what ends a line or a paragraph


def harmless(text: str) -> str:
    """The text of a file or a server without what a terminal would obey."""
    return text.translate(_CONTROLS)


def name_of(path: str | os.PathLike[str]) -> str:
    """A file's name on one line, its control characters as Python escapes them."""
    name = click.format_filename(path)
    return "".join(
        char.encode("unicode_escape").decode() if category(char) in _BREAKING else char
        for char in name
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of one file: ``done`` of ``total``, both 0 where nothing is known."""

    name: str
    done: float
    total: float
    finished: bool = False

    @property
    def share(self) -> float:
        if self.finished:
            return 1.0
        return min(self.done / self.total, 1.0) if self.total else 0.0


def step_of(progress: "jobs_pb2.StageProgress") -> Step:
    """A stage as the server tells it; one that this client does not know is just work."""
    from polycue.api.v1 import jobs_pb2

    stages = jobs_pb2.JobStage
    known = progress.stage in stages.values()
    return Step(
        name=_VERBS.get(stages.Name(progress.stage), "working") if known else "working",
        done=progress.processed_duration.ToMilliseconds(),
        total=progress.total_duration.ToMilliseconds(),
        finished=progress.finished,
    )


class Display(Protocol):
    def begin(self, title: str) -> None:
        """Work on another file begins."""

    def step(self, step: Step) -> None:
        """A stage moved; called from any thread."""

    def end(self) -> None:
        """Nothing more comes for this file."""

    def say(self, line: str) -> None:
        """A line that stays."""


class Lines:
    """A line where a stage begins, and one for each further tenth of it."""

    def __init__(self) -> None:
        self._title = ""
        self._tenths: dict[str, int] = {}

    def begin(self, title: str) -> None:
        self._title = title
        self._tenths = {}

    def step(self, step: Step) -> None:
        tenths = int(step.share * 10)
        if step.name not in self._tenths:
            self.say(f"{self._title}: {step.name}")
        elif tenths > self._tenths[step.name]:
            self.say(f"{self._title}: {step.name}, {tenths * 10} %")
        self._tenths[step.name] = tenths

    def end(self) -> None:
        pass

    def say(self, line: str) -> None:
        click.echo(harmless(line), err=True)


class Bars:
    """A bar for each stage of the file in hand; they go when it is done."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._progress: Progress | None = None
        self._title = ""
        self._bars: dict[str, TaskID] = {}

    def begin(self, title: str) -> None:
        self._title, self._bars = title, {}
        self._progress = _progress(self._console)
        self._progress.start()

    def step(self, step: Step) -> None:
        if not self._progress:
            return
        if step.name not in self._bars:
            self._bars[step.name] = self._progress.add_task(step.name, total=1.0, title=self._title)
        self._progress.update(self._bars[step.name], completed=step.share)

    def end(self) -> None:
        if self._progress:
            self._progress.stop()
        self._progress = None

    def say(self, line: str) -> None:
        self._console.print(harmless(line), markup=False, highlight=False, soft_wrap=True)


def display() -> Display:
    from rich.console import Console

    console = Console(stderr=True)
    return Bars(console) if console.is_terminal and not console.is_dumb_terminal else Lines()


def _progress(console: "Console") -> "Progress":
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.fields[title]}", style="bold", markup=False),
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,  # or results would go where the bars go
        redirect_stderr=False,
    )
