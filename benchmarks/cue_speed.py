"""How long ten thousand cues take: to cut, set on lines and time them, and to lint them.

Prints milliseconds of one core and writes benchmarks/results/cue_speed.json. Run it from anywhere::

    .venv/bin/python benchmarks/cue_speed.py [--json]

The words are made up: sentences of five to thirty words, a third of them function words, at fifteen
characters a second, with pauses where people make them. So is the film, at 24 pictures a second
without a cut. It is processor time, and the best of all rounds stands beside the median: others on
the machine can only make it slower.
"""

import argparse
import json
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from polycue.cues.islands import islands
from polycue.cues.layout import layout
from polycue.cues.presets import DEFAULT_PRESET, rules_for
from polycue.cues.report import report_on
from polycue.cues.segment import segment
from polycue.cues.vocabulary import vocabulary
from polycue.domain.request import LayoutOptions
from polycue.domain.transcript import Word

REPOSITORY = Path(__file__).resolve().parents[1]
CUES = 10_000
ROUNDS = 5
SEED = 20
MS_A_CHARACTER = 1000 / 15
LANGUAGE = "en"


def made_up_words() -> Iterator[Word]:
    """Without end, always the same."""
    rng = random.Random(SEED)
    functions = sorted(vocabulary(LANGUAGE).function_words)
    contents = ["".join(rng.choices("aeioulnrst", k=rng.randint(3, 11))) for _ in range(3000)]
    clock = 0.0
    while True:
        length = rng.randint(5, 30)
        for place in range(length):
            text = rng.choice(functions if rng.random() < 1 / 3 else contents)
            ends = place == length - 1
            comma = not ends and rng.random() < 0.08
            text += "." if ends else "," if comma else ""
            start, clock = clock, clock + (len(text) + 1) * MS_A_CHARACTER
            yield Word(text.capitalize() if place == 0 else text, round(start), round(clock))
            clock += rng.choice((300, 600, 2500)) if ends else 200 if comma else 0


def words_for(count: int) -> list[Word]:
    """As many as make about so many cues; some eight words go into one."""
    source = made_up_words()
    return [next(source) for _ in range(8 * count)]


def seconds(work: Callable[[], object]) -> list[float]:
    spent = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return spent


def measure() -> dict[str, Any]:
    words = words_for(CUES)
    rules = rules_for(LayoutOptions(), LANGUAGE, Fraction(24))
    cues = layout(words, rules)
    runs = islands(words)
    times = {
        "segment": seconds(lambda: [segment(run, rules) for run in runs]),
        "segment_and_time": seconds(lambda: layout(words, rules)),
        "lint": seconds(lambda: report_on(cues, rules, preset=DEFAULT_PRESET)),
    }
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "words": len(words),
        "cues": len(cues),
        "seconds_per_10000_cues": {
            name: {
                "best": scaled(min(spent), len(cues)),
                "median": scaled(statistics.median(spent), len(cues)),
            }
            for name, spent in times.items()
        },
    }


def scaled(spent: float, cues: int) -> float:
    return round(spent * CUES / cues, 2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true", help="print the report, not a table")
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    given = parser.parse_args()
    report = measure()
    if given.json:
        print(json.dumps(report, indent=2))
    else:
        print(f"{report['words']} words, {report['cues']} cues; for 10,000 cues, of one core:")
        for name, spent in report["seconds_per_10000_cues"].items():
            print(f"  {name:20} {spent['best']:.2f} s at best, {spent['median']:.2f} s as a rule")
    given.results.mkdir(parents=True, exist_ok=True)
    target = given.results / "cue_speed.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {target.name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
