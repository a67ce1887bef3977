"""The plot of ``segmentation.py``: boundaries found, and faults, for each system."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

KINDS = {"any_break_f1": "any break", "cue_break_f1": "cue break", "typed_f1": "typed break"}
FAULTS = {"after_function_word": "breaks after a function word", "lines_too_long": "lines too long"}
BLUES, ORANGES = ("#1b4965", "#5fa8d3", "#cae9ff"), ("#9d4b00", "#f2b880")
HATCHES = ("", "//", "..")


def plot(report: dict[str, Any], target: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    rows = {name: scores for name, scores in report["systems"].items() if name != "people"}
    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(10, 5.5), layout="constrained", sharey=True, width_ratios=(3, 2)
    )
    # Of what the weights were chosen on, only the other half says how good they are.
    unseen = [scores.get("second_half", scores) for scores in rows.values()]
    draw_bars(left, unseen, KINDS, BLUES)
    left.set_yticks(range(len(rows)), list(rows))
    left.set_xlim(0, 100)
    left.set_xlabel("F1 against the breaks people made, %")
    half = "second half of " if "second_half" in report["systems"]["polycue"] else ""
    left.set_title(f"{half}{report['reference']}, text alone", fontsize=10)
    left.legend(loc="lower right")
    draw_bars(right, list(rows.values()), FAULTS, ORANGES)
    right.set_xlim(0, 80)
    right.set_xlabel("share, %")
    right.set_title(f"all of {report['reference']}", fontsize=10)
    right.legend(loc="upper right")
    figure.suptitle("Breaks of cues and lines")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, dpi=110)
    pyplot.close(figure)


def draw_bars(
    axes: Any, rows: list[dict[str, Any]], kinds: dict[str, str], colours: Sequence[str]
) -> None:
    height = 0.78 / len(kinds)
    for offset, (kind, label) in enumerate(kinds.items()):
        places = [row + ((len(kinds) - 1) / 2 - offset) * height for row in range(len(rows))]
        values = [row[kind] for row in rows]
        bars = axes.barh(
            places,
            [value or 0.0 for value in values],
            height,
            label=label,
            color=colours[offset],
            hatch=HATCHES[offset],
        )
        texts = ["no list" if value is None else f"{value:.1f}" for value in values]
        axes.bar_label(bars, texts, padding=3, fontsize=8)
