"""What do 1, 8, 64 and 1,024 GPUs do, and what is in their way? A model of it, and how true it is.

    .venv/bin/python benchmarks/scale.py validate     # beside the real system, 1 and 2 workers
    .venv/bin/python benchmarks/scale.py costs        # measures what the model is fed with
    .venv/bin/python benchmarks/scale.py simulate     # the figures and plots of docs/scaling.md

``scaling`` drives polycue's own queue, fairness, credits and flow of films on a clock that only
events move (``scaling/events.py``), with one thread and no model. *costs* measures commits of both
stores and the interpreter's time for a chunk; *simulate* takes those, and results of other
benchmarks here, and writes benchmarks/results/scaling.json and its plots; *plot* draws them anew,
and *show --into docs/scaling.md* writes its tables.
GPUs are parameters with the source of each (``scaling/grid.py``): none was at hand.

*validate* lets the same films arrive there and at the real thing, threads, clock and all: the
engine with a stand-in whose batches take a known time, the engine with a Whisper of random weights,
and a whole server, from the call to the files. It prints simulated over real, and writes
benchmarks/results/scaling_validation.json.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

import machine
from polycue import telemetry
from scaling.validate import JUDGED, WITHIN, Pair, trials
from scenarios.place import Place, Workshop

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results"
TOLD = ("growth", "device", "load", "gpus", "times_real_time", "busy_share", "core_seconds")
sys.path.append(str(REPOSITORY / "tests"))  # for a PostgreSQL of our own


def validate(given: argparse.Namespace) -> None:
    found: dict[str, list[Pair]] = {}
    described = machine.described()
    for number in range(given.rounds):
        for name, trial in trials(Workshop(Place()), given.seconds).items():
            if given.only in name:
                found.setdefault(name, []).append(pair := trial())
                print(f"  round {number + 1}: {name:<48} {_told(pair.ratios)}", flush=True)
    report = {
        **described,
        "within": WITHIN,
        "trials": {n: _row(pairs) for n, pairs in found.items()},
    }
    _write(given.results / "scaling_validation.json", report)
    missed = [name for name, row in report["trials"].items() if not row["reached"]]
    print("all within 15 %" if not missed else f"not within 15 %: {', '.join(missed)}")


def costs(given: argparse.Namespace) -> None:
    from scaling.measure import python_costs, store_costs

    report = machine.described()
    report |= {"python": python_costs(given.rounds), "store": store_costs(given.rounds)}
    _write(given.results / "scaling_costs.json", report)
    print(json.dumps(report, indent=2))


def simulate(given: argparse.Namespace) -> None:
    from scaling import grid, plots

    costs = grid.measured(given.results)
    report: dict[str, Any] = {"assumptions": grid.assumptions(costs), "runs": []}
    waiting = sorted(grid.cases(costs), key=lambda case: -case.gpus)  # those of many take longest
    with ProcessPoolExecutor(given.processes) as processes:
        for ended in as_completed([processes.submit(case.run) for case in waiting]):
            report["runs"].append(run := ended.result())
            print(json.dumps({n: run[n] for n in TOLD}), flush=True)
            report["runs"].sort(key=lambda run: tuple(run[n] for n in TOLD[:4]))
            _write(given.results / "scaling.json", report)
    plots.plot(report, given.results)


def plot(given: argparse.Namespace) -> None:
    from scaling import plots

    report = json.loads((given.results / "scaling.json").read_text(encoding="utf-8"))
    plots.plot(report, given.results)


def show(given: argparse.Namespace) -> None:
    from scaling import table

    names = ("scaling", "scaling_validation")
    runs, validation = (json.loads((given.results / f"{n}.json").read_text("utf-8")) for n in names)
    found = table.tables(runs, validation)
    if given.into:
        table.write_into(given.into, found)
    else:
        print("\n\n".join(found.values()))


def _row(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Ratios are taken within a round; judged is their median."""
    ratios = {
        name: asdict(machine.Spread.of([pair.ratios[name] for pair in pairs]))
        for name in pairs[0].ratios
    }
    return {
        "simulated_over_real": ratios,
        "reached": all(abs(ratios[name]["median"] - 1) <= WITHIN for name in JUDGED),
        "simulated": _medians([pair.simulated for pair in pairs]),
        "real": _medians([pair.real for pair in pairs]),
    }


def _medians(figures: Sequence[Any]) -> dict[str, float]:
    names = asdict(figures[0])
    return {n: round(statistics.median(getattr(each, n) for each in figures), 3) for n in names}


def _told(ratios: Any) -> str:
    return "  ".join(f"{name} {ratio:.3f}" for name, ratio in ratios.items())


def _write(target: Path, report: dict[str, Any]) -> None:
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("validate")
    one.add_argument("--rounds", type=int, default=3)
    one.add_argument("--seconds", type=float, default=20.0, help="for which films arrive")
    one.add_argument("--only", default="", help="a part of a trial's name")
    one.set_defaults(run=validate)
    two = commands.add_parser("costs")
    two.add_argument("--rounds", type=int, default=3)
    two.set_defaults(run=costs)
    three = commands.add_parser("simulate")
    three.add_argument("--processes", type=int, default=2)
    three.set_defaults(run=simulate)
    commands.add_parser("plot").set_defaults(run=plot)
    four = commands.add_parser("show")
    four.add_argument("--into", type=Path, help="a document with places for the tables")
    four.set_defaults(run=show)
    given = parser.parse_args()
    telemetry.configure(level="error", log_format="console")
    given.run(given)


if __name__ == "__main__":
    main()
