"""``make test-bad-inputs``: every bad input through the real service, and a table of the outcomes.

One after the other, eight at a time, and again with either of the two defences taken away. Without
both the canaries must be touched: else they would prove nothing.
"""

import sys
from pathlib import Path

from bad_inputs import attacks, corpus
from bad_inputs.bench import AT_ONCE, Missing, opened
from bad_inputs.report import write

RESULT = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "bad_inputs.md"


def main(*chosen: str) -> int:
    """``chosen`` are numbers of inputs, all of them if there are none; then the table is kept."""
    entries = [entry for entry in corpus.entries() if not chosen or entry.number in chosen]
    with opened(entries, tell=_tell) as bench:
        passes = [
            bench.run("one after the other", others=not chosen),
            bench.run("eight at a time", at_once=AT_ONCE),
            bench.run("without the whitelists", missing=Missing.WHITELISTS),
            bench.run("without the sandbox", missing=Missing.SANDBOX),
        ]
        found = [f"{each.title}: {problem}" for each in passes for problem in each.problems]
        if not chosen:
            numbers = {entry.number for entry in attacks.entries()}
            only = [entry for entry in entries if entry.number in numbers]
            control = bench.run(
                "without either, to try the canaries", missing=Missing.BOTH, only=only
            )
            if not control.touched:
                found.append("no canary was touched where nothing is there to keep ffmpeg from it")
            write(RESULT, entries, passes, control)
    _tell("\n" + ("\n".join(found) or "All as expected."))
    return 1 if found else 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
