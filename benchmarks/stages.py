"""Where does the time of a film go, stage by stage?

Prints a table and writes benchmarks/results/stages.json and .png. Run it from anywhere::

    .venv/bin/python benchmarks/stages.py [--geometry small] [--windows 12]

A film of so many windows goes through the real pipeline in this process, from a file to subtitles
and a translation (the demo's package). Every 5 ms it is noted which stage each thread is at, by the
code that it runs, and how much of a core each has taken since. A stage's *wall* time is how long at
least one thread was at it: stages overlap, so they add up to more than the film took. Its *core
seconds* are the processor's; those of the engine's own threads go to the model calls that were
under way. ffmpeg, a process of its own, is the sound's. What chunks waited for a free worker, their
features ready, is summed over chunks: it costs nothing, it is what keeps the workers busy.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from machine import children_s
from polycue import telemetry
from polycue.app.engine import Engine, open_engine
from polycue.config import Settings
from polycue.domain.caller import Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.request import InputFile, SpeechOptions, SubtitleTask
from polycue.engine import heap
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from scenarios.place import Place, Workshop

REPOSITORY = Path(__file__).resolve().parents[1]
ARGOS = REPOSITORY / "demo" / "models" / "argos"
EVERY_S = 0.005
REQUEST = "profile"

# The innermost frame that one of these fits decides: a part of the file's path, a function of it or
# "" for any, and the stage.
PLACES = (
    ("speech/whisper.py", "_encode", "encode"),
    ("speech/whisper.py", "_languages", "encode"),
    ("speech/whisper.py", "_generate", "decode"),
    ("speech/whisper.py", "_align", "align"),
    ("speech/whisper.py", "", "post"),
    ("speech/features.py", "", "features"),
    ("speech/cut.py", "", "cut"),
    ("speech/vad.py", "", "detect"),
    ("speech/silero.py", "", "detect"),
    ("polycue/speech/", "", "post"),
    ("engine/hearing.py", "", "post"),
    ("polycue/translation/", "", "translate"),
    ("engine/texts/", "_run", "translate"),
    ("polycue/media/", "", "sound"),
    ("polycue/cues/", "", "layout"),
    ("pipeline/film_tracks", "", "layout"),
    ("pipeline/translated", "", "layout"),
    ("polycue/tracks/", "", "files"),
    ("pipeline/outputs", "", "files"),
)
STAGES = (
    "sound", "detect", "cut", "features", "encode", "decode", "align", "post", "layout",
    "translate", "files",
)  # fmt: skip
CALLS = ("encode", "decode", "align", "translate")  # what the engine's own threads work for
ELSEWHERE = (*CALLS, "sound")  # the thread waits for the engine's, or for ffmpeg
IDLE = ("threading.py", "queue.py", "selectors.py", "subprocess.py", "_base.py", "connection.py")


class Sampler:
    """Notes what all threads of this process do while its block runs."""

    def __init__(self) -> None:
        self.wall_s: dict[str, float] = defaultdict(float)
        self.core_s: dict[str, float] = defaultdict(float)
        self._ends = threading.Event()
        self._used: dict[int, int] = {}

    @contextmanager
    def running(self) -> Iterator[None]:
        self._deltas()
        thread = threading.Thread(target=self._run, name="sampler")
        thread.start()
        try:
            yield
        finally:
            self._ends.set()
            thread.join()

    def _run(self) -> None:
        before = time.perf_counter()
        while not self._ends.wait(EVERY_S):
            now = time.perf_counter()
            self._sample(now - before)
            before = now

    def _sample(self, passed_s: float) -> None:
        frames = sys._current_frames()
        own = {t.native_id: _stage(frames.get(t.ident or 0)) for t in threading.enumerate()}
        own[threading.get_native_id()] = "sampler"
        used = self._deltas()
        # Elsewhere than in a call a thread that took nothing of a core was waiting for another.
        at_work = {s for thread, s in own.items() if s in ELSEWHERE or used.get(thread)} - {""}
        for stage in at_work:
            self.wall_s[stage] += passed_s
        calls = [stage for stage in own.values() if stage in CALLS]
        for thread, used_s in used.items():
            if thread in own:
                self.core_s[own[thread] or "rest"] += used_s
            elif calls:
                for stage in calls:
                    self.core_s[stage] += used_s / len(calls)
            else:
                self.core_s["rest"] += used_s

    def _deltas(self) -> dict[int, float]:
        """Seconds of a core that each thread took since the last time."""
        found = {}
        for task in Path("/proc/self/task").iterdir():
            try:
                spent = int((task / "schedstat").read_text().split()[0])
            except OSError:
                continue
            number = int(task.name)
            found[number] = (spent - self._used.get(number, 0)) / 1e9
            self._used[number] = spent
        return found


def _stage(frame: FrameType | None) -> str:
    """What a thread is at; "" where it waits for another, or is none of a film's."""
    if frame is None or frame.f_code.co_filename.endswith(IDLE):
        return ""
    while frame is not None:
        path, function = frame.f_code.co_filename, frame.f_code.co_name
        for part, name, stage in PLACES:
            if part in path and name in ("", function):
                return stage
        frame = frame.f_back
    return ""


def opened(model: Path, folder: Path) -> Engine:
    """An engine with this model and the demo's translators."""
    store = ModelStore(folder / "models")
    import_models(model, store)
    import_models(ARGOS, store)
    settings = Settings(
        models_dir=store.root,
        data_dir=folder / "data",
        device="cpu",
        compute_type="int8",
        model=model.name,
    )
    engine = open_engine(settings, preload=True)
    engine.ready()
    return engine


def profiled(geometry: str, windows: int, folder: Path) -> dict[str, Any]:
    workshop = Workshop(Place())
    model, (film,) = workshop.model(geometry), workshop.films(1, windows)
    engine = opened(model, folder)
    task = SubtitleTask(
        InputFile(film, film.name), speech=SpeechOptions(language="en"), targets=("es",)
    )
    sampler, ffmpeg_s = Sampler(), children_s()
    began = time.perf_counter()
    try:
        with engine.ledger.open(REQUEST) as account, sampler.running():
            result = engine.jobs.run(
                task,
                workdir=folder,
                cancel=CancelToken(),
                report=lambda event: None,
                caller=Caller(request=REQUEST),
            )
        wall_s = time.perf_counter() - began
    finally:
        engine.close()
    sampler.core_s["sound"] += children_s() - ffmpeg_s
    usage = account.usage()
    return {
        "windows": usage.rows,
        "tokens": usage.tokens,
        "sound_s": result.duration_ms / 1000,
        "wall_s": round(wall_s, 2),
        "queue_wait_s": round(usage.waited_ms / 1000, 2),
        "batch_fill": usage.fill,
        "device_busy": usage.device_share,
        "sampler_core_s": round(sampler.core_s["sampler"], 2),
        "stages": {
            stage: {
                "wall_s": round(sampler.wall_s[stage], 3),
                "core_s": round(sampler.core_s[stage], 3),
            }
            for stage in (*STAGES, "rest")
        },
    }


def show(found: dict[str, Any]) -> None:
    core_s = sum(stage["core_s"] for stage in found["stages"].values())
    print(
        f"{found['sound_s']:.0f} s of sound in {found['wall_s']:.1f} s, {core_s:.1f} core seconds"
    )
    for name, stage in found["stages"].items():
        share = stage["core_s"] / core_s if core_s else 0
        print(
            f"{name:<10} wall {stage['wall_s']:8.2f} s   core {stage['core_s']:8.2f} s {share:6.1%}"
        )
    print(f"chunks waited {found['queue_wait_s']:.1f} s for a worker, summed")


def plot(reports: list[dict[str, Any]], target: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, all_axes = pyplot.subplots(
        1, len(reports), figsize=(6 * len(reports), 4.5), layout="constrained", squeeze=False
    )
    for axes, found in zip(all_axes[0], reports, strict=True):
        names = ["waiting in the queue", *reversed(STAGES)]
        stages = [found["stages"][name] for name in reversed(STAGES)]
        walls = [found["queue_wait_s"], *(stage["wall_s"] for stage in stages)]
        cores = [0.0, *(stage["core_s"] for stage in stages)]
        places = range(len(names))
        axes.barh([p + 0.2 for p in places], walls, 0.4, color="#5fa8d3", label="wall s")
        axes.barh([p - 0.2 for p in places], cores, 0.4, color="#1b4965", label="core s")
        for place, wall, core in zip(places, walls, cores, strict=True):
            axes.text(max(wall, core), place, f" {wall:.2f} / {core:.2f}", va="center", fontsize=8)
        axes.axvline(found["wall_s"], color="#e76f51", linewidth=1, label="the film took")
        axes.set_yticks(places, names)
        axes.set_title(f"{found['geometry']}: {found['windows']} windows", fontsize=10)
        axes.set_xlabel("seconds; stages overlap")
        axes.margins(x=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=8, loc="upper right")
    figure.savefig(target, dpi=110)
    pyplot.close(figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--geometry", nargs="+", default=["tiny", "small"])
    parser.add_argument("--windows", type=int, default=12)
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    given = parser.parse_args()
    telemetry.configure(level="warning", log_format="console")  # what is printed is the result
    heap.keep()  # as a server does
    described, reports = Place().described(), []
    for geometry in given.geometry:
        with tempfile.TemporaryDirectory() as folder:
            found = {"geometry": geometry, **profiled(geometry, given.windows, Path(folder))}
        print(f"\n{geometry}:")
        show(found)
        reports.append(found)
    given.results.mkdir(parents=True, exist_ok=True)
    target = given.results / "stages.json"
    content = {**described, "films": reports}
    target.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    plot(reports, target.with_suffix(".png"))
    print(f"wrote {target} and its picture")
    return 0


if __name__ == "__main__":
    sys.exit(main())
