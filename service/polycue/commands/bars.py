"""How far a download is: a bar on a terminal, a line for each tenth elsewhere. All on stderr."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from polycue.models.manifest import Progress


def size_text(size_bytes: int) -> str:
    """As shops and disks count: 486 MB, 3.1 GB."""
    if size_bytes >= 1_000_000_000:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes >= 1_000_000 else f"{size_bytes / 1e3:.0f} kB"


@contextmanager
def bar(title: str) -> Iterator[Progress]:
    """What to call with bytes done and in all; may be called from any thread."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal or console.is_dumb_terminal:
        yield _Tenths(title)
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    with Progress(
        TextColumn("{task.description}", style="bold", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,  # or results would go where the bars go
        redirect_stderr=False,
    ) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


class _Tenths:
    def __init__(self, title: str) -> None:
        self._title = title
        self._told = -1

    def __call__(self, done: int, total: int | None) -> None:
        tenths = 10 * done // total if total else 0
        if tenths > self._told:
            self._told = tenths
            of = f" of {size_text(total)}" if total else ""
            click.echo(f"{self._title}: {size_text(done)}{of}", err=True)
