"""Rows of benchmarks that stand for themselves: front end, memory, translation.

Each is run as its own command, in its own process. A full run leaves its report and its picture
where that command alone would; a shorter one leaves nothing but rows.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scenarios.place import REPOSITORY, Workshop
from scenarios.rounds import Outcome, Pace, Row

BENCHMARKS = REPOSITORY / "benchmarks"
ARGOS_PYTHON = REPOSITORY / ".venv-argos" / "bin" / "python"
ONE_THREAD = ", one thread"
MB_A_MIB = 1.048576
Spread = Mapping[str, float]


def front_end(workshop: Workshop, pace: Pace) -> Iterator[Outcome]:
    """Speech detection beside faster-whisper's, and all before the model, on one core."""
    minutes = pace.pick(1, 3, 20)
    found = _result(pace, "front_end.py", f"--minutes={minutes}", f"--rounds={pace.rounds}")
    others = found["same"]["other_spans"]
    rows = [
        Row(
            "speech detection on one core: over faster-whisper's, same spans",
            _values(found["detection_over_faster_whisper"]),
            1.6,
            at_least=True,
            note="front_end.py",
            flaw=f"{others} spans differ" if others else "",
        ),
        Row(
            "front end on one core: times real time",
            _values(found["times_real_time"]),
            220,
            at_least=True,
            note="front_end.py; ffmpeg in its sandbox to features",
        ),
    ]
    yield Outcome(rows, {"minutes": minutes})


def memory(workshop: Workshop, pace: Pace) -> Iterator[Outcome]:
    """A long film beside one of ten minutes, and a server after many jobs."""
    full = pace.size == "full"
    hours, jobs = pace.pick(1, 1, 10), pace.pick(8, 40, 200)
    flags = [f"--hours={hours}", f"--jobs={jobs}"]
    flags += [] if full else ["--demo-minutes=0", "--rounds=0"]
    found = _result(pace, "memory.py", *flags)
    rows = [
        Row(
            f"memory, {hours} h of sound against 10 min: more",
            [found["more_mib"]["stand-in"] * MB_A_MIB],
            150,
            at_least=False,
            unit=" MB",
            note="memory.py; stand-in for the model",
        ),
        Row(
            f"memory of a server over {jobs} jobs: more in the last quarter",
            [found["held_more_in_last_quarter_mib"] * MB_A_MIB],
            15,
            at_least=False,
            unit=" MB",
            note="memory.py; demo models",
        ),
    ]
    if full:
        rows.append(
            Row(
                "16 times 15 min of film without a model: over the time of one",
                [found["times_the_time"]["16"]],
                16.5,
                at_least=False,
                note="memory.py",
                judged=False,
            )
        )
    yield Outcome(rows, {"hours": hours, "jobs": jobs})


def translation(workshop: Workshop, pace: Pace) -> Iterator[Outcome]:
    """A thousand sentences in our batches, beside argostranslate's call for each line.

    Without an environment that has argostranslate (``make peers``) its loop alone stands for it.
    """
    lines = pace.pick(20, 100, 1000)
    flags = [f"--lines={lines}", f"--rounds={pace.pick(1, 1, 3)}"]
    flags += [] if pace.size == "full" else ["--few-ways"]
    if ARGOS_PYTHON.exists():
        flags.append(f"--peer={ARGOS_PYTHON}")
    found = _result(pace, "translation.py", *flags)["measurements"]
    rows = [
        row for each in found if each["way"] == "polycue" for row in _translated(lines, each, found)
    ]
    yield Outcome(rows, {"lines": lines})


def _translated(lines: int, ours: dict[str, Any], found: list[dict[str, Any]]) -> Iterator[Row]:
    """The judged row, and beside it the one over the same peer with a single thread."""
    name = f"translation of {lines} sentences, {ours['model']}: over"
    flaw = "" if ours["identical"] else "outputs differ"
    spread = [ours["ratio_min"], ours["ratio_median"], ours["ratio_max"]]
    note = "translation.py; same beam, same outputs"
    yield Row(f"{name} {ours['peer']}", spread, 4.5, at_least=True, note=note, flaw=flaw)
    for each in found:
        if (each["model"], each["way"]) == (ours["model"], ours["peer"] + ONE_THREAD):
            pairs = zip(each["seconds"], ours["seconds"], strict=True)
            ratios = [theirs / own for theirs, own in pairs]
            told = f"{name} its one-thread run"
            yield Row(told, ratios, 4.5, at_least=True, note=note, judged=False, flaw=flaw)


def _values(spread: Spread) -> list[float]:
    return [spread["least"], spread["median"], spread["greatest"]]


def _result(pace: Pace, script: str, *flags: str) -> dict[str, Any]:
    """What the benchmark wrote; that it missed a goal of its own is no error here."""
    with tempfile.TemporaryDirectory() as aside:
        folder = pace.reports if pace.size == "full" and pace.reports else Path(aside)
        written = folder / Path(script).with_suffix(".json")
        written.unlink(missing_ok=True)
        command = [sys.executable, str(BENCHMARKS / script), *flags, f"--results={folder}"]
        done = subprocess.run(command)
        if not written.exists():
            raise SystemExit(f"{script} ended with {done.returncode} and wrote no result")
        found: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
        return found
