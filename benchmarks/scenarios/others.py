"""Rows of benchmarks that stand for themselves: front end, memory, translation.

Each is run as its own command, in its own process, into a folder from which its result is read.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scenarios.place import Workshop
from scenarios.rounds import Outcome, Pace, Row

BENCHMARKS = Path(__file__).resolve().parents[1]
Spread = Mapping[str, float]


def front_end(workshop: Workshop, pace: Pace) -> Outcome:
    """Speech detection beside faster-whisper's, and all before the model, on one core."""
    minutes = pace.pick(1, 4, 20)
    found = _result("front_end.py", f"--minutes={minutes}", f"--rounds={pace.rounds}")
    same = not found["same"]["other_spans"]
    rows = [
        Row(
            "speech detection on one core: over faster-whisper's, same spans",
            _values(found["detection_over_faster_whisper"]) if same else [0],
            1.6,
            at_least=True,
            note="front_end.py",
        ),
        Row(
            "front end on one core: times real time",
            _values(found["times_real_time"]),
            220,
            at_least=True,
            note="front_end.py; ffmpeg in its sandbox to features",
        ),
    ]
    return Outcome(rows, {"minutes": minutes})


def memory(workshop: Workshop, pace: Pace) -> Outcome:
    """A long film beside one of ten minutes, and a server after many jobs."""
    hours, jobs = pace.pick(1, 2, 10), pace.pick(10, 50, 200)
    unit, demo = pace.pick(1, 1, 15), pace.pick(11, 15, 60)
    found = _result(
        "memory.py",
        f"--hours={hours}",
        f"--demo-minutes={demo}",
        f"--unit-minutes={unit}",
        f"--jobs={jobs}",
        f"--rounds={pace.pick(1, 1, 3)}",
    )
    rows = [
        Row(
            f"memory, {hours} h of sound against 10 min: more",
            [found["more_mib"]["stand-in"] * 1.048576],
            150,
            at_least=False,
            unit=" MB",
            note="memory.py; stand-in for the model",
        ),
        Row(
            f"memory of a server over {jobs} jobs: more in the last quarter",
            [found["held_more_in_last_quarter_mib"] * 1.048576],
            15,
            at_least=False,
            unit=" MB",
            note="memory.py; demo models",
        ),
        Row(
            f"16 times {unit} min of film without a model: over the time of one",
            [found["times_the_time"]["16"]],
            16.5,
            at_least=False,
            note="memory.py",
        ),
    ]
    return Outcome(rows, {"hours": hours, "jobs": jobs})


def translation(workshop: Workshop, pace: Pace) -> Outcome:
    """A thousand sentences in our batches, beside argostranslate's call for each line."""
    lines = pace.pick(20, 150, 1000)
    found = _result("translation.py", f"--lines={lines}", f"--rounds={pace.pick(1, 1, 3)}")
    rows = [
        Row(
            f"translation of {lines} sentences, {each['model']}: over {each['peer']}",
            [each["ratio_min"], each["ratio_median"], each["ratio_max"]],
            4.5,
            at_least=True,
            note="translation.py; same beam, same outputs",
        )
        for each in found["measurements"]
        if each["way"] == "polycue" and each["identical"]
    ]
    return Outcome(rows, {"lines": lines})


def _values(spread: Spread) -> list[float]:
    return [spread["least"], spread["median"], spread["greatest"]]


def _result(script: str, *flags: str) -> dict[str, Any]:
    """What the benchmark wrote; that it missed a goal of its own is no error here."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(BENCHMARKS / script), *flags, f"--results={folder}"]
        done = subprocess.run(command)
        written = Path(folder) / Path(script).with_suffix(".json")
        if not written.exists():
            raise SystemExit(f"{script} ended with {done.returncode} and wrote no result")
        found: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
        return found
