"""Captions on the terminal, the languages side by side."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Tracks = Mapping[str, Sequence["Caption"]]


@dataclass(frozen=True, slots=True)
class Caption:
    """A cue as a person reads it, on one line; ``costs`` where it tells them."""

    start_ms: int
    end_ms: int
    text: str
    costs: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """What is on screen in each language during one stretch of time."""

    start_ms: int
    texts: Mapping[str, str]


def rows_of(tracks: Tracks) -> list[Row]:
    """The captions of all languages in rows: those that overlap in time share one.

    Languages break the same speech into cues at different places, so a row may hold several cues
    of each.
    """
    everything = sorted(
        ((caption, language) for language, track in tracks.items() for caption in track),
        key=lambda item: item[0].start_ms,
    )
    rows: list[Row] = []
    group: list[tuple[Caption, str]] = []
    end_ms = 0
    for caption, language in everything:
        if group and caption.start_ms >= end_ms:
            rows.append(_row(group, list(tracks)))
            group = []
        group.append((caption, language))
        end_ms = max(end_ms, caption.end_ms)
    return [*rows, _row(group, list(tracks))] if group else rows


def _row(group: Sequence[tuple[Caption, str]], languages: Sequence[str]) -> Row:
    texts = {
        language: " ".join(caption.text for caption, spoken in group if spoken == language)
        for language in languages
    }
    return Row(group[0][0].start_ms, texts)


def clock(ms: int) -> str:
    """``1:02:03.4``, rounded down, without the hours where there are none."""
    seconds, tenths = divmod(ms // 100, 10)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    tail = f"{minutes:02d}:{seconds:02d}.{tenths}"
    return f"{hours}:{tail}" if hours else tail


def show(title: str, tracks: Tracks) -> None:
    """Print a table to stdout."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = shutil.get_terminal_size((110, 24)).columns
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else width)
    table = Table(title=Text(title), title_justify="left", show_lines=True)
    table.add_column("time", no_wrap=True)
    for language in tracks:
        table.add_column(language, overflow="fold", ratio=1)
    for row in rows_of(tracks):
        table.add_row(clock(row.start_ms), *map(Text, row.texts.values()))
    console.print(table)
