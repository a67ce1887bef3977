"""What the runs of ``grid`` say, as pictures with their assumptions beside them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scaling.grid import GUESSED, LOADS, ONE_DRIVER, PUBLISHED, REPLICAS, WAYS

Run = Mapping[str, Any]
COLOURS = {"steady": "#1b4965", "bursty": "#f2a65a", "long films": "#5fa8a0"}
WAY_COLOURS = {ONE_DRIVER.name: "#b5483a", REPLICAS.name: "#1b4965"}
SHARED = (
    "front-end cores",
    "driver's interpreter",
    "memory for rows",
    "network",
    "store's commits",
    "claims",
)


def plot(report: Mapping[str, Any], folder: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    runs: Sequence[Run] = report["runs"]
    _growth(runs, report["assumptions"], folder / "scaling_growth.png")
    _waits(runs, report["assumptions"], folder / "scaling_waits.png")
    _limits(runs, report["assumptions"], folder / "scaling_limits.png")


def _growth(runs: Sequence[Run], assumed: Mapping[str, Any], target: Path) -> None:
    """How much sound is heard, and how busy the GPUs are with it."""
    from matplotlib import pyplot

    figure, (left, middle, right) = pyplot.subplots(1, 3, figsize=(13, 5.2))
    for device, style in ((PUBLISHED, "-"), (GUESSED, "--")):
        gpus = _gpus(runs)
        ideal = [n * device.times_real_time for n in gpus]
        left.plot(gpus, ideal, style, color="#bbbbbb", label=f"if only GPUs counted, {device.name}")
        for way in WAYS:
            x, y = _line(runs, way.name, device.name, "steady", "times_real_time")
            left.plot(
                x, y, style + "o", color=WAY_COLOURS[way.name], label=f"{way.name}, {device.name}"
            )
    left.set_yscale("log")
    left.set_ylabel("seconds of sound a second")
    left.set_title(f"steady load, {assumed['offered']:.0%} of what the GPUs could do", fontsize=10)
    left.legend(frameon=False, fontsize=7, handlelength=4)
    _by_load(middle, runs, "busy_share", "share of GPU time that computes")
    _by_load(right, runs, "rows_a_batch", "rows in a batch, of 16")
    middle.set_ylim(0, 1.05)
    right.set_ylim(0, 16.5)
    _finish(figure, (left, middle, right), assumed, target)


def _by_load(axes: Any, runs: Sequence[Run], value: str, title: str) -> None:
    for way, style in ((ONE_DRIVER, "--"), (REPLICAS, "-")):
        for load in LOADS:
            x, y = _line(runs, way.name, PUBLISHED.name, load.name, value)
            name = f"{load.name}, {way.name}"
            axes.plot(x, y, style + "o", color=COLOURS[load.name], label=name, alpha=0.9)
    axes.set_title(f"{title} ({PUBLISHED.name})", fontsize=10)
    axes.legend(frameon=False, fontsize=7, handlelength=4)


def _waits(runs: Sequence[Run], assumed: Mapping[str, Any], target: Path) -> None:
    """How long a chunk waits for a GPU, a job for somebody to begin it, and how fair that is."""
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 3, figsize=(13, 5.2))
    kinds = (("row_wait_s", "a chunk waits for a GPU, s"), ("job_wait_s", "a job waits, s"))
    for axes, (value, title) in zip(panels, kinds, strict=False):
        for load in LOADS:
            for percent, style in (("p50", "-"), ("p99", ":")):
                x, y = _line(runs, REPLICAS.name, PUBLISHED.name, load.name, value, percent)
                axes.plot(
                    x, y, style + "o", color=COLOURS[load.name], label=f"{load.name}, {percent}"
                )
        axes.set_yscale("log")
        axes.set_title(f"{title} ({REPLICAS.name})", fontsize=10)
        axes.legend(frameon=False, fontsize=7, handlelength=4)
    for way, style in ((ONE_DRIVER, "--^"), (REPLICAS, "-o")):
        for load in LOADS:
            x, y = _line(runs, way.name, PUBLISHED.name, load.name, "fairness")
            if not all(map(math.isnan, y)):
                label = f"{load.name}, {way.name}"
                panels[2].plot(x, y, style, color=COLOURS[load.name], label=label)
    panels[2].set_ylim(0, 1.05)
    panels[2].set_title("fairness among tenants who wait (Jain; 1: equal shares)", fontsize=10)
    panels[2].legend(frameon=False, fontsize=7, handlelength=4, loc="lower left")
    _finish(figure, panels, assumed, target)


def _limits(runs: Sequence[Run], assumed: Mapping[str, Any], target: Path) -> None:
    """What is busy beside the GPUs: the darkest field is what stands in the way next."""
    from matplotlib import pyplot

    shown = [(way, device) for device in (PUBLISHED, GUESSED) for way in WAYS]
    figure, panels = pyplot.subplots(1, len(shown), figsize=(14, 5.2), sharey=True)
    names = ("GPUs", *SHARED)
    for axes, (way, device) in zip(panels, shown, strict=True):
        found = sorted(_of(runs, way.name, device.name, "steady"), key=lambda run: run["gpus"])
        values = [
            [run["busy_share"] if n == "GPUs" else run["loads"][n] for run in found] for n in names
        ]
        axes.imshow(values, cmap="OrRd", vmin=0, vmax=1, aspect="auto")
        for row, of_name in enumerate(values):
            for column, value in enumerate(of_name):
                colour = "white" if value > 0.6 else "black"
                text = f"{value:.0%}"
                axes.text(column, row, text, ha="center", va="center", fontsize=9, color=colour)
        axes.set_xticks(range(len(found)), [f"{run['gpus']:,}" for run in found])
        axes.set_yticks(range(len(names)), names)
        axes.set_xlabel("GPUs")
        axes.set_title(f"{way.name}\n{device.name}", fontsize=10)
    _noted(figure, assumed, target)


def _line(
    runs: Sequence[Run], way: str, device: str, load: str, value: str, of: str = ""
) -> tuple[list[int], list[float]]:
    """By GPUs; NaN, which breaks a line, where nobody knows."""
    found = sorted(_of(runs, way, device, load), key=lambda run: run["gpus"])
    points = [(run["gpus"], run[value].get(of) if of else run[value]) for run in found]
    return [x for x, _ in points], [math.nan if y is None else y for _, y in points]


def _of(runs: Sequence[Run], way: str, device: str, load: str) -> list[Run]:
    wanted = (way, device, load)
    return [run for run in runs if (run["growth"], run["device"], run["load"]) == wanted]


def _gpus(runs: Sequence[Run]) -> list[int]:
    return sorted({run["gpus"] for run in runs})


def _finish(figure: Any, panels: Sequence[Any], assumed: Mapping[str, Any], target: Path) -> None:
    for axes in panels:
        axes.set_xscale("log", base=2)
        axes.set_xticks([1, 8, 64, 1024], ["1", "8", "64", "1,024"])
        axes.set_xlabel("GPUs")
        axes.spines[["top", "right"]].set_visible(False)
    _noted(figure, assumed, target)


def _noted(figure: Any, assumed: Mapping[str, Any], target: Path) -> None:
    from matplotlib import pyplot

    figure.tight_layout(rect=(0, 0.17, 1, 1))
    figure.text(0.01, 0.01, told(assumed), fontsize=7.5, va="bottom", color="#444444")
    figure.savefig(target, dpi=110)
    pyplot.close(figure)


def told(assumed: Mapping[str, Any]) -> str:
    """The assumptions, for people."""
    costs, devices, ways = assumed["costs"], assumed["devices"], assumed["ways"]
    gpus = "; ".join(f"{name}: {d['x']:.0f} times real time" for name, d in devices.items())
    python_ms = 1000 * (costs["row_python_s"] + costs["chunk_python_s"] + costs["layout_python_s"])
    front = 1 / costs["sound_core_s"]
    commits = costs["commits_at_once"] / costs["commit_s"]
    limits = "; ".join(
        f"{way['name']}: {way['cores']} cores and {way['jobs']} jobs at work on each,"
        f" {1000 * way['hand_over_s']:.0f} ms to hand over a batch"
        for way in ways[:2]
    )
    return "\n".join(
        (
            "SIMULATED, no GPU was measured. The scheduler is polycue's own code; times are"
            " parameters.",
            f"GPUs ({gpus}), 16 rows a batch, three tenths of a batch's time by rows, the"
            " rest by its longest row. Sources: docs/scaling.md.",
            f"Measured on a CPU: front end {front:.0f} times real time a core,"
            f" {python_ms:.1f} ms of the interpreter's lock a chunk, {commits:.0f} commits a second"
            f" (PostgreSQL, {1000 * costs['commit_s']:.1f} ms each).",
            f"{limits}; 2 GiB for waiting rows; 10 Gbit/s out of a driver,"
            f" {costs['row_bytes'] / 1e6:.1f} MB a chunk.",
            f"Films of 45 minutes (long: 3 hours; bursty: those of 20 s at once) of four tenants,"
            f" of whom one sends half; {costs['doubtful_share']:.0%} of chunks are heard twice;"
            " no translation.",
        )
    )
