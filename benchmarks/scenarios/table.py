"""The table of what was reached: every judged row, from results as they lie in a folder."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPEED = Path(__file__).resolve().parents[1] / "speed.py"
MINUTES = 9.5  # for the short set, all in all


@dataclass(frozen=True)
class Short:
    """One scenario of the short set: how many rounds, and the seconds after which none begins."""

    name: str
    rounds: int
    limit_s: int


# In order of weight: what the time is up for is told as not measured.
SHORT_SET = (
    Short("one-file", 2, 60),
    Short("many-files", 2, 70),
    Short("clips", 2, 60),
    Short("short-job", 2, 40),
    Short("tenants", 2, 30),
    Short("first-cue", 3, 20),
    Short("growth", 1, 20),
    Short("front-end", 3, 60),
    Short("translation", 1, 90),
    Short("memory", 1, 90),
)


def run_short_set(results: Path, place_flags: Sequence[str], minutes: float = MINUTES) -> None:
    """Each scenario in a process of its own, so that one that fails costs only its rows."""
    end = time.monotonic() + minutes * 60
    for short in SHORT_SET:
        path(results, short.name, "quick").unlink(missing_ok=True)
    for short in SHORT_SET:
        left_s = end - time.monotonic()
        if left_s < 15:
            print(f"{short.name}: not measured, the time is up", flush=True)
            continue
        command = [sys.executable, str(SPEED), short.name, "--size=quick", *place_flags]
        command += [f"--rounds={short.rounds}", f"--limit={short.limit_s}", f"--results={results}"]
        process = subprocess.Popen(command, start_new_session=True)
        try:
            process.wait(min(left_s, 3 * short.limit_s + 60))
        except subprocess.TimeoutExpired:
            print(f"{short.name}: took too long", flush=True)
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def path(results: Path, name: str, size: str) -> Path:
    return results / f"{name}{'' if size == 'full' else f'-{size}'}.json"


def collected(results: Path, size: str) -> list[dict[str, Any]]:
    """The rows of all results of that size, in the order of the short set, and what is missing."""
    rows: list[dict[str, Any]] = []
    for short in SHORT_SET:
        target = path(results, short.name, size)
        if target.exists():
            rows += json.loads(target.read_text(encoding="utf-8"))["rows"]
        else:
            rows.append({"name": f"{short.name}: not measured", "judged": True, "reached": None})
    return rows


def shown(row: dict[str, Any]) -> str:
    if "median" not in row:
        return f"missing  {row['name']}"
    state = ("reached" if row["reached"] else "missed") if row["judged"] else ""
    unit, sense = row["unit"], "at least" if row["sense"] == "at least" else "at most"
    spread = f"{row['least']:.3g} to {row['greatest']:.3g}"
    goal = f"{sense} {row['goal']:g}{unit}" if row["judged"] else ""
    return f"{state:<8} {row['name']:<86} {row['median']:8.3g}{unit:<3} ({spread}) {goal}"


def write(rows: Sequence[dict[str, Any]], described: dict[str, Any], target: Path) -> None:
    """The table as JSON, and as a picture beside it."""
    report = {**described, "rows": list(rows)}
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    measured = [row for row in rows if "median" in row]
    if measured:
        plot(measured, target.with_suffix(".png"))


def plot(rows: Sequence[dict[str, Any]], target: Path) -> None:
    """How far each row is past its goal, on a logarithmic axis: right of the line is reached."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(12, 0.42 * len(rows) + 1.2), layout="constrained")
    for place, row in enumerate(reversed(rows)):
        low, middle, high = sorted(_past(row, key) for key in ("least", "median", "greatest"))
        colour = "#9aa5ab" if not row["judged"] else "#2a9d8f" if row["reached"] else "#e76f51"
        axes.plot([low, high], [place, place], color=colour, linewidth=3, solid_capstyle="round")
        axes.plot([middle], [place], "o", color=colour)
    axes.axvline(1, color="#1b4965", linewidth=1)
    axes.set_xscale("log")
    names = [f"{row['name']} ({row['median']:.3g}{row['unit']})" for row in reversed(rows)]
    axes.set_yticks(range(len(rows)), names, fontsize=8)
    axes.set_xlabel("times better than its goal; grey: told beside, not judged")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, dpi=110)
    pyplot.close(figure)


def _past(row: dict[str, Any], key: str) -> float:
    value, goal = max(float(row[key]), 1e-3), float(row["goal"])
    return value / goal if row["sense"] == "at least" else goal / value
