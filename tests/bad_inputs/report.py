"""The table, as Markdown."""

import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from bad_inputs.bench import Pass
from bad_inputs.entry import Entry
from polycue.media import landlock

_HEAD = """# A hundred bad inputs

Made by `make test-bad-inputs`: each input through the real service (a server process, gRPC,
uploads and jobs, the demo model, cues that heed shots). **R** is a refusal and its reason, **W** a
result with notices, **OK** one without. Seconds are those a client waits for its job, megabytes the
highest peak of one ffmpeg meanwhile. The last two columns are what came of it without our
whitelists (all of ffmpeg's protocols, formats and decoders), and without the sandbox. In none of
these passes a canary was touched: an HTTP server on loopback, a neighbour's file, a file elsewhere.

"""


def write(path: Path, entries: Sequence[Entry], passes: Sequence[Pass], control: Pass) -> None:
    """``control`` is the pass in which the canaries had to be touched."""
    lines = _lines(entries, passes, control)
    path.write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def _lines(entries: Sequence[Entry], passes: Sequence[Pass], control: Pass) -> Iterator[str]:
    yield f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]},"
    yield f"Landlock ABI {landlock.abi()}, ffmpeg {_ffmpeg()}, Python {platform.python_version()}."
    yield ""
    yield "| pass | inputs | slowest | largest ffmpeg | not as expected | whole pass |"
    yield "|---|---|---|---|---|---|"
    for each in passes:
        slowest = max(row.outcome.seconds for row in each.rows.values())
        largest = max(row.memory_mb for row in each.rows.values())
        yield (
            f"| {each.title} | {len(each.rows)} | {slowest:.1f} s | {largest:.0f} MB |"
            f" {len(each.problems)} | {each.seconds:.0f} s |"
        )
    yield ""
    yield f"Without either defence, to try the canaries: {len(control.touched)} touches by"
    yield f"{sum(bool(row.touched) for row in control.rows.values())} inputs."
    yield ""
    yield "| # | input | expected | outcome | s | MB | s, 8 at once | no whitelists | no sandbox |"
    yield "|---|---|---|---|---|---|---|---|---|"
    alone, eight, bare, open_ = passes
    for entry in entries:
        row = alone.rows[entry.number]
        yield (
            f"| {entry.number} | {entry.title} | {entry.expected} | {row.outcome} |"
            f" {row.outcome.seconds:.1f} | {row.memory_mb:.0f} |"
            f" {eight.rows[entry.number].outcome.seconds:.1f} |"
            f" {bare.rows[entry.number].outcome} | {open_.rows[entry.number].outcome} |"
        )


def _ffmpeg() -> str:
    told = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True)
    return told.stdout.split()[2]
