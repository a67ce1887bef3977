"""The table of what was reached: every judged row, from results as they lie in a folder."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.place import Place

SPEED = Path(__file__).resolve().parents[1] / "speed.py"
MINUTES = 9.0  # for the short set, all in all
LEAST_S = 15.0  # less is not worth a start
GRACE_S = 30.0  # for what is broken off
TIMES_ITS_LIMIT = 6  # a round of a full scenario may begin just before its limit


@dataclass(frozen=True)
class Turn:
    """One scenario of a set.

    ``rounds`` 0 are as many as is usual, no round begins after ``limit_s``, and after ``most_s``
    it is broken off; rounds that were finished count.
    """

    name: str
    rounds: int
    limit_s: float
    most_s: float


# In order of weight: what the time is up for is told as not measured.
SHORT_SET = (
    Turn("one-file", 2, 40, 120),
    Turn("many-files", 2, 40, 110),
    Turn("clips", 2, 35, 110),
    Turn("translation", 1, 60, 80),
    Turn("short-job", 2, 25, 60),
    Turn("tenants", 1, 30, 60),
    Turn("first-cue", 2, 15, 45),
    Turn("front-end", 2, 60, 80),
    Turn("growth", 1, 20, 50),
    Turn("memory", 1, 60, 80),
    Turn("one-file-base", 1, 20, 60),
)


def run_each(
    turns: Sequence[Turn], size: str, place: Place, results: Path, minutes: float = math.inf
) -> None:
    """Each scenario in a process of its own, so that one that fails costs only its rows."""
    end = time.monotonic() + minutes * 60
    for turn in turns:
        path(results, turn.name, size, place).unlink(missing_ok=True)
    for turn in turns:
        left_s = end - time.monotonic()
        if left_s < LEAST_S:
            print(f"{turn.name}: not measured, the time is up", flush=True)
            continue
        command = [sys.executable, str(SPEED), turn.name, f"--size={size}", *place.flags()]
        command += [f"--rounds={turn.rounds}", f"--limit={turn.limit_s}", f"--results={results}"]
        process = subprocess.Popen(command, start_new_session=True)
        try:
            process.wait(min(left_s, turn.most_s))
        except subprocess.TimeoutExpired:
            print(f"{turn.name}: took too long, broken off", flush=True)
        finally:
            if process.poll() is None:
                stop(process)


def stop(process: "subprocess.Popen[bytes]", grace_s: float = GRACE_S) -> None:
    """Have it end what it has started; what is left after a while is killed, it and all.

    Only itself is told: it takes its jobs back from its server, which would else be gone first.
    """
    process.terminate()
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        print("it did not end by itself", flush=True)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def path(results: Path, name: str, size: str, place: Place) -> Path:
    where = "" if place == Place() else f"-{place.device}-{place.compute_type}"
    return results / f"{name}{where}{'' if size == 'full' else f'-{size}'}.json"


def collected(names: Sequence[str], size: str, place: Place, results: Path) -> list[dict[str, Any]]:
    """The rows of all results of that size, in the order of ``names``, and what is missing."""
    rows: list[dict[str, Any]] = []
    for name in names:
        target = path(results, name, size, place)
        if target.exists():
            rows += json.loads(target.read_text(encoding="utf-8"))["rows"]
        else:
            rows.append({"name": name, "judged": True, "reached": None})
    return rows


def state(row: dict[str, Any]) -> str:
    if "median" not in row:
        return "not measured"
    if not row["judged"]:
        return "told"
    return "reached" if row["reached"] else "missed"


def shown(row: dict[str, Any]) -> str:
    if "median" not in row:
        return f"{state(row):<12} {row['name']}"
    spread = f"{row['least']:.3g} to {row['greatest']:.3g}"
    told = [goal(row) if row["judged"] else "", row["flaw"].upper()]
    return (
        f"{state(row):<12} {row['name']:<86} {row['median']:8.3g}{row['unit']:<3} ({spread}) "
        + ", ".join(filter(None, told))
    )


def goal(row: dict[str, Any]) -> str:
    return f"{row['sense']} {row['goal']:g}{row['unit']}"


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The same for a document."""
    lines = ["| | median (least to greatest) | goal | |", "|---|---|---|---|"]
    for row in rows:
        if "median" in row:
            spread = f"({row['least']:.3g} to {row['greatest']:.3g})"
            figure = f"**{row['median']:.3g}{row['unit']}** {spread}"
            said = ", ".join(filter(None, [state(row), row["flaw"]]))
            wanted = goal(row) if row["judged"] else ""
            lines.append(f"| {row['name']} | {figure} | {wanted} | {said} |")
        else:
            lines.append(f"| {row['name']} | | | not measured |")
    return "\n".join(lines)


def write_into(document: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Put the table between the marks of a document."""
    before, mark, rest = document.read_text(encoding="utf-8").partition("<!-- speed: benchmarks")
    told, end, behind = rest.partition("<!-- speed: end -->")
    if not (mark and end):
        raise SystemExit(f"{document} has no marks for the table of speed")
    first_line = told.partition("\n")[0]
    text = f"{before}{mark}{first_line}\n\n{markdown(rows)}\n\n{end}{behind}"
    document.write_text(text, encoding="utf-8")


def write(rows: Sequence[dict[str, Any]], described: dict[str, Any], target: Path) -> None:
    """The table as JSON, and beside it for documents and as a picture."""
    report = {**described, "rows": list(rows)}
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    target.with_suffix(".md").write_text(markdown(rows) + "\n", encoding="utf-8")
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
