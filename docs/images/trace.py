"""Draw a trace of a real film, as docs/images/trace.png: the picture of docs/operations.md.

Run `.venv/bin/python docs/images/trace.py`. A server with the demo models gets the demo film from
the command line; both send their spans to a collector of ours (tests/support/collector.py).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from polycue.models.imports import import_models  # noqa: E402
from polycue.models.store import ModelStore  # noqa: E402
from support.collector import Collector, Seen, collecting  # noqa: E402
from support.fleet import Server, python_path  # noqa: E402

COLOURS = {
    "command": "#5b4b8a", "call": "#3a7ca5", "job": "#8d99ae", "stage": "#4c9f70",
    "engine": "#e09f3e", "ffmpeg": "#b23a48",
}  # fmt: skip
MOST_ALIKE = 3  # spans of one name below one span; the rest is counted


def run(folder: Path, collector: Collector) -> None:
    import_models(ROOT / "demo" / "models", ModelStore(folder / "models"))
    film = shutil.copy(ROOT / "demo" / "tour.mp4", folder)
    server = Server(
        folder, {"PYTHONPATH": python_path()},
        f"--data-dir={folder / 'data'}", f"--models-dir={folder / 'models'}", "--device=cpu",
        f"--otlp-endpoint={collector.endpoint}",
    )  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": python_path()}
    environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.endpoint
    command = [sys.executable, "-m", "polycue_client", "subtitle", film, "--server"]
    try:
        server.start()
        subprocess.run(
            [*command, server.address, "--translate-to", "es,de", "--mux"],
            env=environment, check=True, capture_output=True,
        )  # fmt: skip
        server.terminate()
        server.wait()
    finally:
        server.end()


def kind(span: Seen) -> str:
    if span.name.startswith("polycue "):
        return "command"
    if "/" in span.name:
        return "call"
    if span.name in {"job", "attempt"}:
        return "job"
    if span.name.startswith("ff"):
        return "ffmpeg"
    return "engine" if " " in span.name else "stage"


def told(span: Seen) -> str:
    """Its name, shortened, and the one fact that says most."""
    name = span.name.rpartition("/")[2]
    if "/" in span.name:
        name += " (server)" if span.server else " (client)"
    facts = {key.removeprefix("polycue."): value for key, value in span.facts.items()}
    more = {
        "ffmpeg": ("work", ""), "ffprobe": ("work", ""), "recognise row": ("audio_ms", " ms"),
        "recognise batch": ("rows", " rows"), "translate batch": ("texts", " texts"),
        "translate texts": ("route", ""), "decode text": ("texts", " texts"),
        "attempt": ("number", ""), "job": ("state", ""),
    }.get(span.name)  # fmt: skip
    return f"{name}: {facts[more[0]]}{more[1]}" if more and more[0] in facts else name


def ordered(spans: list[Seen]) -> list[tuple[int, Seen, int]]:
    """Depth, span, and how many more of its kind are left out, in the order of the tree."""
    below: dict[str, list[Seen]] = defaultdict(list)
    ids = {span.id for span in spans}
    for span in sorted(spans, key=lambda one: one.began_ns):
        below[span.parent if span.parent in ids else ""].append(span)
    rows: list[tuple[int, Seen, int]] = []

    def walk(parent: str, depth: int) -> None:
        alike: dict[str, int] = defaultdict(int)
        names = [span.name for span in below[parent]]
        for span in below[parent]:
            alike[span.name] += 1
            if alike[span.name] > MOST_ALIKE:
                continue
            last = alike[span.name] == MOST_ALIKE
            rows.append((depth, span, names.count(span.name) - MOST_ALIKE if last else 0))
            walk(span.id, depth + 1)

    walk("", 0)
    return rows


def draw(spans: list[Seen]) -> None:
    rows = ordered(spans)
    began_ns = min(span.began_ns for span in spans)
    figure, axes = plt.subplots(figsize=(14, 0.21 * len(rows) + 1.2))
    whole_s = max(span.ended_ns - began_ns for span in spans) / 1e9
    for row, (depth, span, more) in enumerate(rows):
        start_s, length_s = (span.began_ns - began_ns) / 1e9, span.ms / 1e3
        axes.barh(row, max(length_s, whole_s / 700), left=start_s, color=COLOURS[kind(span)])
        rest = f"   and {more} more" if more else ""
        label = f"{'   ' * depth}{told(span)}{rest}"
        axes.text(-0.385 * whole_s, row, label, va="center", fontsize=7.5)
        axes.text(start_s + length_s + whole_s / 200, row, f"{span.ms:.0f} ms", va="center",
                  fontsize=6.5, color="#555555")  # fmt: skip
    axes.set_xlim(-0.39 * whole_s, whole_s * 1.04)
    axes.set_ylim(len(rows) - 0.4, -0.8)
    axes.set_xticks(range(int(whole_s) + 1))
    axes.set_yticks([])
    axes.set_xlabel("seconds")
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in COLOURS.values()]
    axes.legend(handles, COLOURS, loc="lower left", bbox_to_anchor=(0, 1), ncols=6, frameon=False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    figure.savefig(HERE / "trace.png", dpi=110, bbox_inches="tight")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, collecting() as collector:
        run(Path(folder), collector)
        (command,) = (span for span in collector.spans if span.name == "polycue subtitle")
        draw([span for span in collector.spans if span.trace == command.trace])


if __name__ == "__main__":
    main()
