"""What it costs to go on with a job that was killed, beside what it costs to do all of it.

Prints seconds and writes benchmarks/results/resume.json. Run it from anywhere::

    .venv/bin/python benchmarks/resume.py [--json] [--rounds 3]

The demo film goes through the demo models on the CPU into three languages. It is killed after half,
nine tenths or all of the pieces that are kept of it, and gone on with by engines that were loaded
anew; its files are compared with those of a whole run. It is processor time of this process and of
ffmpeg, the best of all rounds, without the loading of models. The demo recogniser is tiny, so what
is done again is a large share; with a real one these seconds stay and the share goes down. Cuts of
the picture are not looked for: a search that was cut short is done again, all of it.
"""

import argparse
import json
import platform
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from machine import processor_s
from polycue import telemetry
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled
from polycue.domain.request import InputFile, LayoutOptions, ShotMode, SpeechOptions, SubtitleTask
from polycue.domain.track import TrackFormat
from polycue.engine import devices
from polycue.engine.backends.threads import ThreadTexts
from polycue.engine.texts.translator import Translator
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from polycue.pipeline.pipeline import Pipeline
from polycue.testing.checkpoints import KeptInMemory
from polycue.testing.engines import recogniser_in_threads
from polycue.translation.packages import Packages

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "resume.json"
FILM = InputFile(REPOSITORY / "demo" / "tour.mp4", "tour.mp4")
TASK = SubtitleTask(
    FILM,
    speech=SpeechOptions(language="en"),
    targets=("es", "de"),
    layout=LayoutOptions(shots=ShotMode.OFF),
    formats=(TrackFormat.SRT, TrackFormat.VTT, TrackFormat.JSON),
)
SHARES = (0.5, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Done:
    cpu_s: float
    files: dict[str, bytes]


def run(store: ModelStore, kept: KeptInMemory, killed_after: int | None = None) -> Done:
    """By engines of its own; Cancelled where it is killed, after so many pieces were kept."""
    device = devices.choose("cpu", "auto")
    recogniser = recogniser_in_threads(store.whisper_path, device)
    translator = Translator(Packages(store.argos_root), ThreadTexts(device))
    cancel = CancelToken()
    try:
        recogniser.facts("demo-en")
        for target in TASK.targets:
            translator.translate(["Yes."], ("en", target), cancel=cancel)
        if killed_after is not None:
            kept.interrupt(cancel, after=killed_after)
        with tempfile.TemporaryDirectory() as folder:
            began_s = processor_s()
            result = Pipeline(recogniser, translator).run(
                TASK,
                workdir=Path(folder),
                cancel=cancel,
                report=lambda event: None,
                checkpoints=kept,
            )
            files = {file.filename: file.path.read_bytes() for file in result.files}
            return Done(processor_s() - began_s, files)
    finally:
        recogniser.close()
        translator.close()


def resumed(store: ModelStore, pieces: int) -> Done:
    """Killed after so many pieces, and gone on with."""
    kept = KeptInMemory()
    with suppress(Cancelled):
        run(store, kept, killed_after=pieces)
    return run(store, kept)


def measured(store: ModelStore, rounds: int) -> dict[str, object]:
    kept = KeptInMemory()
    whole = [run(store, kept), *(run(store, KeptInMemory()) for _ in range(rounds - 1))]
    best_s = min(done.cpu_s for done in whole)
    after: dict[str, dict[str, float]] = {}
    for share in SHARES:
        again = [resumed(store, round(share * kept.saves)) for _ in range(rounds)]
        if any(done.files != whole[0].files for done in again):
            sys.exit(f"killed after {share:.0%} the film has other files")
        seconds = min(done.cpu_s for done in again)
        after[f"{share:.0%}"] = {
            "seconds": round(seconds, 2),
            "of_the_whole": round(seconds / best_s, 3),
        }
    return {
        "whole_s": round(best_s, 2),
        "killed_after": after,
        "pieces": kept.saves,
        "bytes_a_piece": round(kept.size_bytes / kept.saves),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON, and write no file")
    parser.add_argument("--rounds", type=int, default=3)
    wishes = parser.parse_args()
    telemetry.configure(level="warning", log_format="console")  # what is printed is the result
    with tempfile.TemporaryDirectory() as folder:
        store = ModelStore(Path(folder))
        import_models(REPOSITORY / "demo" / "models", store)
        found = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "film": FILM.filename,
            **measured(store, wishes.rounds),
        }
    text = json.dumps(found, indent=2)
    if not wishes.json:
        RESULTS.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
