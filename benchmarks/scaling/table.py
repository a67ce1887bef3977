"""The tables of docs/scaling.md, from the results."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scaling.grid import GUESSED, PUBLISHED
from scaling.load import CHUNK_MS

Report = Mapping[str, Any]


def write_into(document: Path, tables: Mapping[str, str]) -> None:
    """Put each where the document has ``<!-- scaling: NAME -->``, up to ``<!-- end -->``."""
    text = document.read_text(encoding="utf-8")
    for name, table in tables.items():
        place = re.compile(rf"(<!-- scaling: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = place.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text)  # type: ignore[misc]
    document.write_text(text, encoding="utf-8")


def tables(runs: Report, validation: Report) -> Mapping[str, str]:
    costs = runs["assumptions"]["costs"]
    return {
        "runs": "\n".join(_runs(runs)),
        "limits": "\n".join(_limits(costs)),
        "validation": "\n".join(_validation(validation)),
        "costs": "\n".join(_costs(costs)),
    }


def _runs(report: Report) -> Iterator[str]:
    devices = report["assumptions"]["devices"]
    yield (
        "| GPUs | load | grown by | busy | rows a batch | useful | chunk waits, p50, p99"
        " | job waits, p50, p99 | fairness | nearest to its end |"
    )
    yield "|---" * 10 + "|"
    order = sorted(report["runs"], key=lambda r: (r["device"], r["gpus"], r["load"], r["growth"]))
    for run in order:
        useful = run["times_real_time"] / (run["gpus"] * devices[run["device"]]["x"])
        load = run["load"] + (f", {GUESSED.name}" if run["device"] == GUESSED.name else "")
        next_ = max(run["loads"], key=run["loads"].get)
        yield (
            f"| {run['gpus']:,} | {load} | {run['growth']} | {run['busy_share']:.0%}"
            f" | {run['rows_a_batch']:.1f} | {useful:.0%} | {_waits(run['row_wait_s'])}"
            f" | {_waits(run['job_wait_s'])} | {_or_none(run['fairness'])}"
            f" | {next_}, {run['loads'][next_]:.0%} |"
        )


def _limits(costs: Report) -> Iterator[str]:
    """What one of each can carry, in sound and in GPUs."""
    chunk_s = CHUNK_MS / 1000
    python_s = costs["row_python_s"] + costs["chunk_python_s"] + costs["layout_python_s"]
    carried = {
        "a server's interpreter": chunk_s / python_s,
        "a core of the front end": 1 / costs["sound_core_s"],
        "a store's commits (PostgreSQL)": chunk_s * costs["commits_at_once"] / costs["commit_s"],
        "10 Gbit/s out of a driver": chunk_s * costs["link_bytes_a_second"] / costs["row_bytes"],
    }
    yield f"| | times real time | GPUs: {PUBLISHED.name} | GPUs: {GUESSED.name} |"
    yield "|---|---|---|---|"
    for name, times in carried.items():
        gpus = (f"{times / d.times_real_time:.1f}" for d in (PUBLISHED, GUESSED))
        yield f"| {name} | {times:,.0f} | {' | '.join(gpus)} |"


def _validation(report: Report) -> Iterator[str]:
    yield (
        "| simulated over real, median (least to greatest) | makespan | busy share"
        " | chunk wait, p50 | within 15 % |"
    )
    yield "|---|---|---|---|---|"
    for name, row in report["trials"].items():
        cells = (
            f"{s['median']:.2f} ({s['least']:.2f} to {s['greatest']:.2f})"
            for s in (
                row["simulated_over_real"][n] for n in ("makespan_s", "busy_share", "wait_p50_s")
            )
        )
        yield f"| {name} | {' | '.join(cells)} | {'yes' if row['reached'] else 'no'} |"


def _costs(costs: Report) -> Iterator[str]:
    yield "| what | value | measured by |"
    yield "|---|---|---|"
    of_python = (
        ("queue and batch, a row", "row_python_s", "scheduling.py"),
        ("flow and hearing, a chunk", "chunk_python_s", "scale.py costs"),
        ("cues, a chunk of 60 words", "layout_python_s", "cue_speed.py"),
    )
    ms = {name: 1000 * value for name, value in costs.items() if name.endswith("_s")}
    front = f"{1 / costs['sound_core_s']:.0f} times real time a core"
    commit = f"{ms['commit_s']:.2f} ms, {costs['commits_at_once']} at once"
    rows = (
        ("sound to chunks", front, "front_end.py"),
        ("features of a chunk", f"{ms['features_core_s']:.1f} ms of a core", "front_end.py"),
        *((what, f"{ms[name]:.2f} ms of the interpreter", by) for what, name, by in of_python),
        ("a commit, PostgreSQL", commit, "scale.py costs"),
        ("a claim, PostgreSQL", f"{ms['claim_s']:.2f} ms, one at a time", "scale.py costs"),
    )
    for name, value, by in rows:
        yield f"| {name} | {value} | `{by}` |"


def _waits(found: Report) -> str:
    return f"{_seconds(found.get('p50'))}, {_seconds(found.get('p99'))}"


def _seconds(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s" if value >= 0.1 else "0 s"


def _or_none(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
