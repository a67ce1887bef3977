"""How fast is polycue, beside its peers and beside its own goals?

Every scenario is a command of its own, and "table" runs the short set and prints what was reached::

    .venv/bin/python benchmarks/speed.py table                  # what ``make bench`` runs
    .venv/bin/python benchmarks/speed.py many-files --rounds 5
    .venv/bin/python benchmarks/speed.py all --device cuda --compute-type float16

Models have the true geometry and random weights, with scripts that make them write so many words
with full confidence (scripted.py); sides do the same windows and tokens or it is an error. A goal
that is missed is no error: the exit status says only whether everything could be measured.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
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

Scenario = Callable[[Workshop, Pace], Outcome]

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


def run(name: str, workshop: Workshop, pace: Pace, results: Path) -> Outcome:
    """Measure, and keep the result at once: a later scenario may be broken off."""
    print(f"{name}, {pace.size}:", flush=True)
    began = time.monotonic()
    outcome = SCENARIOS[name](workshop, pace)
    took_s = time.monotonic() - began
    report = {
        "scenario": name,
        "size": pace.size,
        "took_s": round(took_s, 1),
        **workshop.place.described(),
        "rows": [row.as_json() for row in outcome.rows],
        "facts": outcome.facts,
    }
    results.mkdir(parents=True, exist_ok=True)
    target = table.path(results, name, pace.size)
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for row in outcome.rows:
        print(table.shown(row.as_json()), flush=True)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "scenario",
        nargs="+",
        choices=[*SCENARIOS, "table", "all"],
        metavar="WHAT",
        help=f"table, all, or any of {', '.join(SCENARIOS)}",
    )
    parser.add_argument("--size", default="full", choices=list(ROUNDS))
    parser.add_argument("--rounds", type=int, help="default 1, 3 or 5 by size")
    parser.add_argument("--limit", type=float, default=900, help="seconds, for each scenario")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--compute-type", default="int8")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    place = Place(given.device, given.compute_type)
    if given.scenario == ["table"]:
        flags = [f"--device={given.device}", f"--compute-type={given.compute_type}"]
        table.run_short_set(given.results, flags)
        return tell(place, given.results, "quick")
    workshop = Workshop(place)
    pace = Pace(given.size, given.rounds or ROUNDS[given.size], given.limit)
    failed = False
    names = list(SCENARIOS) if given.scenario == ["all"] else given.scenario
    for name in names:
        try:
            run(name, workshop, pace, given.results)
        except SystemExit as error:  # what cannot be measured must not keep others from it
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            failed = True
    return tell(place, given.results, given.size) if given.scenario == ["all"] else int(failed)


def tell(place: Place, results: Path, size: str) -> int:
    rows = table.collected(results, size)
    print("\n" + "\n".join(map(table.shown, rows)))
    target = table.path(results, "table", size)
    table.write(rows, place.described(), target)
    print(f"wrote {target} and its picture")
    return int(any("median" not in row for row in rows))


if __name__ == "__main__":
    sys.exit(main())
