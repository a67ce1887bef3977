"""A thousand sentences through polycue's translator, against argostranslate on the same package.

Prints a table and writes benchmarks/results/translation.json and .png. Run it from anywhere::

    .venv/bin/python benchmarks/translation.py
    .venv/bin/python benchmarks/translation.py --peer peers/bin/python

With ``--peer`` argostranslate itself runs in an environment of its own (``make peers``); without,
only its loop, which is made anew here: a call for each line, batches of 32 tokens, a beam of four.
``--few-ways`` takes only what is compared. Both are given a sentence a line, and run on all cores,
as their users have it, and on one, which is better on a machine that has other things to do.

Two packages: the demo's English > Spanish, with real weights; and one of the size of Argos's
(6 + 6 layers of 512) with random weights, whose answers have a fixed length
(``translators.py``). All ways have the same weights, beam and cores, and their outputs must be
equal to the last letter, but for those of a narrower beam, which are shown for what they cost less.
Polycue's memory of sentences is off. Rounds are interleaved in shuffled order; a ratio is taken
within its round.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from demo.train import grammar  # noqa: E402

import machine  # noqa: E402
import translators  # noqa: E402
from polycue.engine.devices import Device, call_tokens, usable_cores  # noqa: E402
from polycue.models.imports import import_models  # noqa: E402
from polycue.models.store import ModelStore  # noqa: E402
from polycue.translation.packages import Packages  # noqa: E402
from translation_ways import ROUTE, Way, ways_of  # noqa: E402

SEED = 20261127
GOAL = 4.5


@dataclass(frozen=True)
class Measurement:
    """Seconds of each round, and how many times faster than the peer within a round.

    ``core_ratio`` is the median of the same in processor time, which other work on the machine
    leaves alone. ``identical`` is None where the beam is another one.
    """

    model: str
    way: str
    peer: str
    lines: int
    seconds: list[float]
    core_seconds: list[float]
    core_ratio: float
    ratio_min: float
    ratio_median: float
    ratio_max: float
    identical: bool | None


def measure(model: str, ways: dict[str, Way], rounds: int) -> list[Measurement]:
    """Run all ways in each round, in a new order every time; the first is the peer."""
    peer, *_ = ways
    said = {name: [way()[0]] for name, way in ways.items()}  # also warms up
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    core_seconds: dict[str, list[float]] = {name: [] for name in ways}
    for name in machine.in_turn(ways, rounds):
        texts, took_s, cores_s = ways[name]()
        said[name].append(texts)
        seconds[name].append(took_s)
        core_seconds[name].append(cores_s)
    measured = []
    for name in ways:
        ratios = _ratios(seconds[peer], seconds[name])
        measured.append(
            Measurement(
                model=model,
                way=name,
                peer=peer,
                lines=len(said[name][0]),
                seconds=[round(s, 3) for s in seconds[name]],
                core_seconds=[round(s, 3) for s in core_seconds[name]],
                core_ratio=round(
                    statistics.median(_ratios(core_seconds[peer], core_seconds[name])), 2
                ),
                ratio_min=round(min(ratios), 2),
                ratio_median=round(statistics.median(ratios), 2),
                ratio_max=round(max(ratios), 2),
                identical=_same(said[name], said[peer][0]) if "beam" not in name else None,
            )
        )
    return measured


def _ratios(peers: Sequence[float], own: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(peers, own, strict=True)]


def _same(rounds: Sequence[list[str]], reference: list[str]) -> bool:
    return all(texts == reference for texts in rounds)


def sentences(count: int) -> list[str]:
    """All different, made by the demo's grammar; the demo model has seen most of them."""
    chance = random.Random(SEED)
    found: dict[str, None] = {}
    while len(found) < count:
        found[grammar.random_sentence(chance).en] = None
    return list(found)


def show(measured: Measurement) -> None:
    same = {True: "same output", False: "OTHER OUTPUT", None: ""}[measured.identical]
    print(
        f"{measured.model:<14} {measured.way:<32} "
        f"{measured.lines / statistics.median(measured.seconds):7.1f} lines/s   "
        f"{measured.ratio_median:5.2f}x "
        f"({measured.ratio_min:.2f}-{measured.ratio_max:.2f})   "
        f"cores {measured.core_ratio:5.2f}x   {same}"
    )


def plot(measured: Sequence[Measurement], target: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    models = list(dict.fromkeys(each.model for each in measured))
    figure, axes = pyplot.subplots(1, len(models), figsize=(11, 3), layout="constrained")
    for axis, model in zip(axes, models, strict=True):
        rows = [each for each in measured if each.model == model][::-1]
        median = [each.ratio_median for each in rows]
        low = [each.ratio_median - each.ratio_min for each in rows]
        high = [each.ratio_max - each.ratio_median for each in rows]
        axis.barh([each.way for each in rows], median, xerr=[low, high], color="#4c78a8")
        axis.axvline(GOAL, color="#e45756", linestyle="--", linewidth=1)
        axis.set_title(model, fontsize=10)
        axis.set_xlabel(f"times as fast as {rows[0].peer} (goal {GOAL})", fontsize=9)
        axis.tick_params(labelsize=8)
    figure.savefig(target, dpi=120)
    pyplot.close(figure)


def packages_in(folder: Path) -> dict[str, Path]:
    """Roots with one package each: the demo's, and one of Argos's size."""
    store = ModelStore(folder / "models")
    import_models(REPOSITORY / "demo" / "models" / "argos", store)
    demo = Packages(store.argos_root).find(*ROUTE).path
    sized = folder / "sized"
    translators.write_package(demo, sized / demo.name)
    return {"demo en>es": store.argos_root, "6+6x512 random": sized}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--peer", default="", help="a Python that has argostranslate")
    parser.add_argument("--few-ways", action="store_true", help="the peer and polycue alone")
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    arguments = parser.parse_args()
    random.seed(SEED)
    described = machine.described()
    device = Device("cpu", 0, "auto", 1, workers=usable_cores())
    texts = sentences(arguments.lines)
    measured: list[Measurement] = []
    with tempfile.TemporaryDirectory() as folder:
        for model, packages in packages_in(Path(folder)).items():
            with ways_of(packages, texts, device, arguments) as ways:
                measured += measure(model, ways, arguments.rounds)
                for each in measured[-len(ways) :]:
                    show(each)
    write(measured, arguments, device, described)
    return 0 if all(each.identical is not False for each in measured) else 1


def _version_of_peer(python: str) -> str:
    asked = "from importlib.metadata import version; print(version('argostranslate'))"
    return subprocess.run(
        [python, "-c", asked], check=True, capture_output=True, text=True
    ).stdout.strip()


def write(
    measured: Sequence[Measurement], arguments: Any, device: Device, described: dict[str, Any]
) -> None:
    report = {
        **described,
        "argostranslate": _version_of_peer(arguments.peer) if arguments.peer else "not run",
        "workers": device.workers,
        "call_tokens": call_tokens(device),
        "rounds": arguments.rounds,
        "seed": SEED,
        "goal": GOAL,
        "measurements": [asdict(each) for each in measured],
    }
    arguments.results.mkdir(parents=True, exist_ok=True)
    target = arguments.results / "translation.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    plot(measured, target.with_suffix(".png"))
    print(f"wrote {target}")


if __name__ == "__main__":
    sys.exit(main())
