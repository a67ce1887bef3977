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

from scenarios import clips, many_files, one_file
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
    "clips": clips.measure,
}
ROUNDS = {"smoke": 1, "quick": 3, "full": 5}
SHORT = ("one-file", "many-files", "clips")


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
    target = results / f"{name}{'' if pace.size == 'full' else f'-{pace.size}'}.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for row in outcome.rows:
        print(f"  {shown(row.as_json())}", flush=True)
    return outcome


def shown(row: dict[str, object]) -> str:
    state = ("reached" if row["reached"] else "missed") if row["judged"] else "told"
    return (
        f"{state:<8} {row['name']}: {row['median']:.3g}{row['unit']}"
        f" ({row['least']:.3g} to {row['greatest']:.3g}; {row['sense']} {row['goal']:g})"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("scenario", nargs="+", choices=[*SCENARIOS, "table", "all"])
    parser.add_argument("--size", default="full", choices=list(ROUNDS))
    parser.add_argument("--rounds", type=int, help="default 1, 3 or 5 by size")
    parser.add_argument("--limit", type=float, default=900, help="seconds, for each scenario")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--compute-type", default="int8")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    workshop = Workshop(Place(given.device, given.compute_type))
    pace = Pace(given.size, given.rounds or ROUNDS[given.size], given.limit)
    for name in given.scenario:
        run(name, workshop, pace, given.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
