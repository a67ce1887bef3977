"""Draw the dashboard as far as that goes without Grafana, from what a Prometheus knows.

    python preview.py --prometheus 127.0.0.1:9090 --minutes 10 --row Queue --row Devices -o it.png

Places, titles, units and expressions are those of ``polycue-dashboard.json``. Wants matplotlib.
"""

import argparse
import json
import math
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

DASHBOARD = Path(__file__).with_name("polycue-dashboard.json")
_COLUMNS, _COLUMN_IN, _LINE_IN = 24, 0.58, 0.29  # as wide and as high as Grafana's are, nearly
_GROUND, _PANEL, _INK, _FAINT = "#f4f5f5", "#ffffff", "#24292e", "#8a9097"
_RED, _GREEN = "#d13438", "#2f8f4e"
_MOST_SERIES = 8  # that the legend below a graph has room for
_STEPS = 120
_WINDOW = "1m"
_SCALE = 0.036  # of the page, for the numbers left of a graph

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a graph; ``values`` may hold NaN."""

    name: str
    times: list[datetime]
    values: list[float]


class Source:
    """A Prometheus, asked for a stretch of time up to now."""

    def __init__(self, address: str, minutes: float) -> None:
        self._address, self._seconds, self._now_s = address, minutes * 60, time.time()

    def series(self, target: Json) -> Iterator[Series]:
        step_s = max(1.0, self._seconds / _STEPS)
        span = {"start": self._now_s - self._seconds, "end": self._now_s, "step": step_s}
        asked = urllib.parse.urlencode({"query": _filled_in(target["expr"]), **span})
        with urllib.request.urlopen(f"http://{self._address}/api/v1/query_range?{asked}") as answer:
            found = json.load(answer)["data"]["result"]
        for each in found:
            times = [datetime.fromtimestamp(at, UTC) for at, _ in each["values"]]
            values = [float(value) for _, value in each["values"]]
            yield Series(_named(target["legendFormat"], each["metric"]), times, values)


def draw(dashboard: Json, source: Source, rows: Sequence[str]) -> Figure:
    """The panels of these rows, of all where none is named."""
    panels = list(_of_rows(dashboard["panels"], rows))
    top = min(panel["gridPos"]["y"] for panel in panels)
    lines = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels) - top
    figure = pyplot.figure(figsize=(_COLUMNS * _COLUMN_IN, lines * _LINE_IN), facecolor=_GROUND)
    for panel in panels:
        place = panel["gridPos"]
        left, below = place["x"] / _COLUMNS, 1 - (place["y"] - top + place["h"]) / lines
        size = place["w"] / _COLUMNS, place["h"] / lines
        if panel["type"] == "row":
            figure.text(left + 0.006, below + size[1] / 2, panel["title"], fontsize=12, color=_INK,
                        weight="bold", va="center")  # fmt: skip
            continue
        found = [series for target in panel["targets"] for series in source.series(target)]
        frame = _frame(figure, left, below, *size)
        (_number if panel["type"] == "stat" else _graph)(frame, panel, found)
    return figure


def _of_rows(panels: Sequence[Json], wanted: Sequence[str]) -> Iterator[Json]:
    """Moved up, so that there is no hole where a row was left out."""
    row, shift, end = "", 0, 0
    for panel in panels:
        place = panel["gridPos"]
        if panel["type"] == "row":
            row, shift = panel["title"], end - place["y"]
        if not wanted or row in wanted:
            moved = place | {"y": place["y"] + shift}
            end = max(end, moved["y"] + moved["h"])
            yield panel | {"gridPos": moved}


def _frame(figure: Figure, left: float, below: float, width: float, height: float) -> Axes:
    """A panel's white ground, with a little of the page around it."""
    across, down = figure.get_size_inches()
    gap_x, gap_y = 0.05 / across, 0.05 / down
    frame = figure.add_axes((left + gap_x, below + gap_y, width - 2 * gap_x, height - 2 * gap_y))
    frame.set_facecolor(_PANEL)
    frame.set_xticks([])
    frame.set_yticks([])
    for spine in frame.spines.values():
        spine.set_color("#dcdfe3")
    return frame


def _number(frame: Axes, panel: Json, found: Sequence[Series]) -> None:
    """The last value, in the colour of its threshold; where there are several, their names."""
    field = panel["fieldConfig"]["defaults"]
    frame.text(0.05, 0.9, panel["title"], fontsize=8, color=_INK, va="top", wrap=True)
    if not found:
        frame.text(0.5, 0.4, "no data", fontsize=11, color=_FAINT, ha="center", va="center")
        return
    value = found[0].values[-1]
    passed = [s for s in field["thresholds"]["steps"] if s["value"] is None or value >= s["value"]]
    color = _RED if passed[-1]["color"] == "red" else _GREEN
    said = _told(value, field["unit"])
    if "{{" in panel["targets"][0]["legendFormat"]:
        said, color = f"{said}: {', '.join(series.name for series in found)}", _INK
    size = 20 if len(said) < 8 else 11
    frame.text(0.5, 0.38, said, fontsize=size, color=color, ha="center", va="center")


def _graph(frame: Axes, panel: Json, found: Sequence[Series]) -> None:
    field, wide = panel["fieldConfig"]["defaults"], panel["gridPos"]["w"] / _COLUMNS
    frame.text(0.015, 0.97, panel["title"], fontsize=9, color=_INK, va="top")
    inner = frame.inset_axes((_SCALE / wide, 0.29, 0.985 - _SCALE / wide, 0.55))
    seen = [series for series in found if any(map(math.isfinite, series.values))]
    _lines(inner, field, seen)
    _scales(inner, field, hours=round(18 * wide) if seen else 0)
    if not seen:
        inner.text(0.5, 0.5, "no data", transform=inner.transAxes, color=_FAINT, ha="center")
        return
    frame.legend(
        *inner.get_legend_handles_labels(),
        loc="lower left",
        bbox_to_anchor=(0.0, -0.02),
        ncol=max(2, round(10 * wide)),
        fontsize=6.5,
        frameon=False,
        handlelength=1.2,
        columnspacing=1.0,
    )


def _scales(inner: Axes, field: Json, *, hours: int) -> None:
    """``hours`` is how many times of day there is room for."""
    inner.grid(color="#eceef0", linewidth=0.6)
    inner.tick_params(labelsize=7, colors=_FAINT, length=0)
    inner.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _told(y, field["unit"])))
    inner.yaxis.set_major_locator(MaxNLocator(4))
    inner.set_ylim(bottom=0, top=field.get("max") or max(1e-9, inner.get_ylim()[1]))
    inner.set_xticks([])
    if hours:
        inner.xaxis.set_major_formatter(DateFormatter("%H:%M"))
        inner.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=hours))
    for spine in inner.spines.values():
        spine.set_visible(False)


def _lines(inner: Axes, field: Json, seen: Sequence[Series]) -> None:
    colors = pyplot.get_cmap("tab10")
    stacked = field["custom"]["stacking"]["mode"] == "normal"
    below: dict[datetime, float] = {}
    largest = sorted(seen, key=_height, reverse=True)[:_MOST_SERIES]
    for number, series in enumerate(each for each in seen if each in largest):
        floor = [below.get(at, 0.0) if stacked else 0.0 for at in series.times]
        values = [low + value for low, value in zip(floor, series.values, strict=True)]
        color = colors(number % 10)
        inner.plot(series.times, values, color=color, linewidth=1.1, label=series.name)
        alpha = 0.25 if stacked else 0.07
        inner.fill_between(series.times, floor, values, color=color, alpha=alpha, linewidth=0)
        if stacked:
            below.update(zip(series.times, values, strict=True))


def _height(series: Series) -> float:
    return max((value for value in series.values if math.isfinite(value)), default=0.0)


def _filled_in(expr: str) -> str:
    values = {"$job": "polycue.*", "$instance": ".*", "$__rate_interval": _WINDOW}
    for variable, value in values.items():
        expr = expr.replace(variable, value)
    return expr


def _named(legend: str, labels: Json) -> str:
    if legend == "__auto":
        return ", ".join(str(value) for value in labels.values()) or "value"
    for label, value in labels.items():
        legend = legend.replace("{{" + label + "}}", str(value))
    return re.sub(r"{{\w+}}", "", legend).strip()  # a label that is empty is not there


def _told(value: float, unit: str) -> str:
    """A number as Grafana would write it, roughly."""
    if not math.isfinite(value):
        return "-"
    if unit == "percentunit":
        return f"{100 * value:.3g} %"
    if unit in {"bytes", "Bps"}:
        said = _scaled(value, 1024, ("B", "KiB", "MiB", "GiB", "TiB"))
        return f"{said}/s" if unit == "Bps" else said
    if unit == "s":
        if value < 1:
            return f"{1000 * value:.3g} ms"
        return f"{value:.3g} s" if value < 120 else f"{value / 60:.3g} min"
    said = _scaled(value, 1000, ("", "K", "M", "G")).strip()
    return said + {"reqps": " req/s", "ops": " ops/s"}.get(unit, "")


def _scaled(value: float, by: int, units: Sequence[str]) -> str:
    number = 0
    while abs(value) >= by and number + 1 < len(units):
        value, number = value / by, number + 1
    return f"{value:.3g} {units[number]}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the dashboard from a Prometheus.")
    parser.add_argument("--prometheus", default="127.0.0.1:9090", metavar="HOST:PORT")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--row", action="append", default=[], help="its title; all if left out")
    parser.add_argument("-o", "--output", type=Path, default=Path("dashboard.png"))
    given = parser.parse_args()
    source = Source(given.prometheus, given.minutes)
    figure = draw(json.loads(DASHBOARD.read_text()), source, given.row)
    figure.savefig(given.output, dpi=100, facecolor=_GROUND)


if __name__ == "__main__":
    main()
