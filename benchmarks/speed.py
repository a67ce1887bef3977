"""How fast is polycue, beside its peers and beside its own goals?

Every scenario is a command of its own, and "table" runs the short set and prints what was reached::

    .venv/bin/python benchmarks/speed.py table                  # what ``make bench`` runs
    .venv/bin/python benchmarks/speed.py many-files --rounds 5
    .venv/bin/python benchmarks/speed.py all --device cuda --compute-type float16
    .venv/bin/python benchmarks/speed.py show --into README.md  # the table of what is kept

Models have the true geometry and random weights, with scripts that make them write so many words
with full confidence (scripted.py); sides do the same windows and tokens or it is an error. A goal
that is missed is no error, nor is a row of a table that could not be measured: it says so.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from scenarios import (
    arrivals,
    clips,
    first_cue,
    growth,
    many_files,
    one_file,
    others,
    packages,
    short_job,
    table,
    tenants,
)
from scenarios.place import Place, Workshop
from scenarios.rounds import Outcome, Pace

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "speed"

Scenario = Callable[[Workshop, Pace], Iterator[Outcome]]

SCENARIOS: dict[str, Scenario] = {
    "one-file": one_file.measure,
    "one-file-base": partial(one_file.measure, geometry="base"),
    "one-file-tiny": partial(one_file.measure, geometry="tiny"),
    "many-files": many_files.measure,
    "many-files-uneven": partial(many_files.measure, uneven=True, judged=False),
    "many-files-base": partial(many_files.measure, geometry="base", judged=False),
    "many-files-small": partial(
        many_files.measure, geometry="small", windows=(1, 2, 3), judged=False
    ),
    "turbo": partial(
        many_files.measure,
        geometry="large-v3-turbo",
        count=2,
        windows=(1, 1, 1),
        judged=False,
    ),
    "large-v3": partial(
        many_files.measure, geometry="large-v3", count=2, windows=(1, 1, 1), judged=False
    ),
    "clips": clips.measure,
    "clips-base": partial(clips.measure, geometry="base", judged=False),
    "clips-small": partial(clips.measure, geometry="small", judged=False),
    "packages": packages.measure,
    "short-job": short_job.measure,
    "short-job-small": partial(short_job.measure, geometry="small", judged=False),
    "tenants": tenants.measure,
    "first-cue": first_cue.measure,
    "growth": growth.measure,
    "arrivals": arrivals.measure,
    "front-end": others.front_end,
    "memory": others.memory,
    "translation": others.translation,
}
ROUNDS = {"smoke": 1, "quick": 3, "full": 5}


def run(name: str, workshop: Workshop, pace: Pace, results: Path) -> None:
    """Measure, and keep the result after each round: a later one may be broken off."""
    print(f"{name}, {pace.size}:", flush=True)
    target = table.path(results, name, pace.size, workshop.place)
    results.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    described, began = workshop.place.described(), time.monotonic()
    outcome = Outcome([])
    for outcome in SCENARIOS[name](workshop, pace):
        report = {
            "scenario": name,
            "size": pace.size,
            "took_s": round(time.monotonic() - began, 1),
            **described,
            "rows": [row.as_json() for row in outcome.rows],
            "facts": outcome.facts,
        }
        aside = target.with_suffix(".part")
        aside.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        aside.rename(target)
    for row in outcome.rows:
        print(table.shown(row.as_json()), flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "scenario",
        nargs="+",
        choices=[*SCENARIOS, "table", "all", "show"],
        metavar="WHAT",
        help=f"table, all, show, or any of {', '.join(SCENARIOS)}",
    )
    parser.add_argument("--size", default="full", choices=list(ROUNDS))
    parser.add_argument("--rounds", type=int, default=0, help="default 1, 3 or 5 by size")
    parser.add_argument("--limit", type=float, default=900, help="seconds, for each scenario")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--compute-type", default="int8")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--into", type=Path, help="with show: a document that the table goes into")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    # What it has started, servers or scenarios, is ended then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("broken off"))
    place, results = Place(given.device, given.compute_type), given.results
    if given.scenario == ["table"]:
        table.run_each(table.SHORT_SET, "quick", place, results, table.MINUTES)
        return tell([turn.name for turn in table.SHORT_SET], "quick", place, results)
    if given.scenario == ["all"]:
        most_s = given.limit * table.TIMES_ITS_LIMIT
        turns = [table.Turn(name, given.rounds, given.limit, most_s) for name in SCENARIOS]
        table.run_each(turns, given.size, place, results)
    if given.scenario in (["all"], ["show"]):
        short = [turn.name for turn in table.SHORT_SET]
        names = short if given.size == "quick" else list(SCENARIOS)
        return tell(names, given.size, place, results, given.into)
    reports = RESULTS.parent if results == RESULTS else results
    pace = Pace(given.size, given.rounds or ROUNDS[given.size], given.limit, reports)
    failed = False
    for name in given.scenario:
        try:
            run(name, Workshop(place), pace, results)
        except SystemExit as error:  # what cannot be measured must not keep others from it
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            failed = True
    return int(failed)


def tell(names: list[str], size: str, place: Place, results: Path, into: Path | None = None) -> int:
    """Print the table of what lies there, and write it down; a row that is missing is no error."""
    rows = table.collected(names, size, place, results)
    print("\n" + "\n".join(map(table.shown, rows)))
    target = table.path(results, "table", size, place)
    table.write(rows, place.described(), target)
    if into:
        table.write_into(into, rows)
    print(f"wrote {target}, its picture, and the same as Markdown")
    return 0


if __name__ == "__main__":
    sys.exit(main())
