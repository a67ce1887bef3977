"""One film through the whole pipeline in this process: how long it took, and what it held.

For memory.py, which runs it anew for each film::

    .venv/bin/python benchmarks/memory_film.py FILM MINUTES stand-in|demo
"""

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import count, pairwise
from pathlib import Path

from polycue import telemetry
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.progress import CuesReady, Event
from polycue.domain.request import InputFile, SpeechOptions, SubtitleTask
from polycue.domain.track import TrackFormat
from polycue.domain.transcript import ChunkFacts, Word
from polycue.domain.translation import Hypotheses, Search
from polycue.engine.devices import choose
from polycue.engine.recogniser import Recogniser
from polycue.pipeline.pipeline import Pipeline
from polycue.speech.passage import Passage
from polycue.testing.engines import recogniser_in_threads, recogniser_with
from polycue.testing.translator import BEST, FakeTranslator

DEMO = Path(__file__).resolve().parents[1] / "demo" / "models" / "whisper"
WORD_MS, WORDS_A_SENTENCE = 350, 9
FORMATS = (TrackFormat.SRT, TrackFormat.VTT, TrackFormat.JSON)
LOOK_EVERY_S = 0.1


class StandIn:
    """A model of Whisper's shape that takes as long as it takes to write the words down."""

    facts = ModelFacts("stand-in", ("en", "es"), 30_000, translates=True, demo=False)
    device, workers, max_rows = "none", 2, 2

    def __init__(self) -> None:
        self._number = count()

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        return [self.run_alone(passage) for passage in batch]

    def run_alone(self, passage: Passage) -> Recognised:
        words = [
            word for span in passage.speech for word in self._words(span.start_ms, span.end_ms)
        ]
        text = " ".join(word.text for word in words)
        facts = ChunkFacts(
            passage.start_ms,
            passage.end_ms,
            language="en",
            avg_logprob=-0.2,
            no_speech_prob=0.01,
            compression_ratio=1.5,
            word_count=len(words),
            speech_ms=passage.speech_ms,
        )
        shares = {"en": 0.98, "es": 0.02} if not passage.settings.language else {}
        return Recognised(tuple(words), facts, 0.98, tokens=len(text) // 4, shares=shares)

    def close(self) -> None:
        pass

    def _words(self, start_ms: int, end_ms: int) -> list[Word]:
        pieces = max(1, (end_ms - start_ms) // WORD_MS)
        edges = [start_ms + (end_ms - start_ms) * n // pieces for n in range(pieces + 1)]
        return [Word(self._text(), first, last, 0.9) for first, last in pairwise(edges)]

    def _text(self) -> str:
        number = next(self._number)
        return f"word{number % 5000}" + ("." if number % WORDS_A_SENTENCE == 0 else "")


class Echo(FakeTranslator):
    """Says everything again, and remembers nothing of it."""

    def translate(
        self,
        texts: Sequence[str],
        route: tuple[str, ...],
        search: Search = BEST,
        *,
        cancel: CancelToken,
    ) -> list[Hypotheses]:
        found = super().translate(texts, route, search, cancel=cancel)
        self.calls.clear()
        return found


@dataclass(frozen=True)
class Run:
    """Of one film; memory in MiB. ``before_mib`` is what the process held with all code loaded."""

    minutes: float
    seconds: float
    processor_s: float
    first_cue_s: float
    before_mib: float
    most_mib: float
    ffmpeg_mib: float
    together_mib: float
    words: int
    cues: int


def recogniser_of(name: str) -> Recogniser:
    if name == "demo":
        device = choose("cpu")
        return recogniser_in_threads(lambda model: DEMO / model, device)
    return recogniser_with(lambda folder, model: [StandIn()])


def run_film(path: Path, minutes: float, name: str) -> Run:
    recogniser, first_cue = recogniser_of(name), list[float]()
    recogniser.facts()  # loads it
    before = status_mib("VmRSS")
    began, processor = time.perf_counter(), processor_s()

    def report(event: Event) -> None:
        if isinstance(event, CuesReady) and not first_cue:
            first_cue.append(time.perf_counter() - began)

    with tempfile.TemporaryDirectory() as folder, looking_at_ffmpeg() as beside:
        task = SubtitleTask(
            InputFile(path, path.name),
            speech=SpeechOptions(language="en"),
            targets=("es",),
            formats=FORMATS,
        )
        result = Pipeline(recogniser, Echo()).run(
            task, workdir=Path(folder), cancel=CancelToken(), report=report
        )
    recogniser.close()
    words = result.transcript.words if result.transcript else ()
    return Run(
        minutes=minutes,
        seconds=round(time.perf_counter() - began, 2),
        processor_s=round(processor_s() - processor, 2),
        first_cue_s=round(first_cue[0], 3),
        before_mib=before,
        most_mib=status_mib("VmHWM"),
        ffmpeg_mib=beside.ffmpeg_mib,
        together_mib=beside.together_mib,
        words=len(words),
        cues=len(result.tracks[0].cues),
    )


def processor_s() -> float:
    """Of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@dataclass
class Beside:
    """The most that one ffmpeg held, and that all of them and this process held at once, in MiB."""

    ffmpeg_mib: float = 0
    together_mib: float = 0

    def look(self) -> None:
        held = status_mib("VmRSS")
        for task in Path("/proc/self/task").iterdir():
            with suppress(OSError, LookupError):
                for pid in filter(is_ffmpeg, (task / "children").read_text("ascii").split()):
                    self.ffmpeg_mib = max(self.ffmpeg_mib, status_mib("VmHWM", pid))
                    held += status_mib("VmRSS", pid)
        self.together_mib = max(self.together_mib, round(held, 1))


@contextmanager
def looking_at_ffmpeg() -> Iterator[Beside]:
    """Look ten times a second; the kernel's account of a child begins with what its parent held."""
    beside, over = Beside(), threading.Event()

    def look() -> None:
        while not over.wait(LOOK_EVERY_S):
            beside.look()

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield beside
    finally:
        over.set()
        looking.join()


def is_ffmpeg(pid: str) -> bool:
    return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == "ffmpeg"


def status_mib(field: str, pid: int | str = "self") -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise LookupError(field)


if __name__ == "__main__":
    path, minutes, name = sys.argv[1:]
    telemetry.configure(level="warning", log_format="console")  # what is printed is the result
    print(json.dumps(asdict(run_film(Path(path), float(minutes), name))))
