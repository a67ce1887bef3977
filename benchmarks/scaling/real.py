"""The same load on the real engine, with models whose time can be told beforehand."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from memory_film import StandIn
from polycue.domain.audio import SAMPLES_PER_MS, Audio, Span
from polycue.domain.caller import Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, Recognised
from polycue.domain.request import DefenceOptions, SpeechOptions
from polycue.engine.backends.backend import Backend
from polycue.engine.batch_done import BatchDone
from polycue.engine.batching.credits import Credits
from polycue.engine.recogniser import Recogniser
from polycue.engine.recognisers import Recognisers
from polycue.engine.shelf import Shelf
from polycue.pipeline.ahead import Ahead
from polycue.speech.passage import Passage
from scaling.costs import TOKENS_A_SECOND, Device
from scaling.film import CHUNKS_AHEAD
from scaling.load import CHUNK_MS, FilmAsked
from scaling.readings import Figures, Readings

_SOUND = np.zeros(CHUNK_MS * SAMPLES_PER_MS, np.float32)
_NO_DOUBTS = DefenceOptions(enabled=False)


class Paced(StandIn):
    """A model that takes just as long as a device would, and no processor."""

    workers = 1

    def __init__(self, device: Device, number: int) -> None:
        super().__init__()
        self._device, self.device, self.max_rows = device, f"paced:{number}", device.rows

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        begun_s = time.monotonic()
        found = super().run(batch)
        tokens = [TOKENS_A_SECOND * passage.speech_ms // 1000 for passage in batch]
        took_s = time.monotonic() - begun_s
        time.sleep(max(0.0, self._device.batch_s(tokens) - took_s))
        return found


@dataclass
class Noted:
    """What the engine tells of its batches, as ``Readings`` has it."""

    workers: int
    began_s: float = field(default_factory=time.monotonic)
    readings: Readings = field(init=False)
    took_s: defaultdict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.readings = Readings(self.workers)
        self._lock = threading.Lock()

    def __call__(self, done: BatchDone) -> None:
        with self._lock:
            found = self.readings
            found.row_waits_s += [row.waited_s for row in done.rows]
            found.busy_s += done.took_s
            found.batches += 1
            found.rows += len(done.rows)
            found.last_s = time.monotonic() - self.began_s
            self.took_s[len(done.rows)].append(done.took_s)

    @property
    def figures(self) -> Figures:
        """To the end of the last batch."""
        return Figures.of(self.readings, self.readings.last_s)


def recogniser_of(
    open_backends: Callable[[], Sequence[Backend]], note: Callable[[BatchDone], None], bytes_: int
) -> Recogniser:
    """The real one, with one model; ``bytes_`` may wait in it."""
    return Recogniser(
        Recognisers(
            Path,
            lambda path, name: open_backends(),
            default=lambda: "model",
            shelf=Shelf(2**40),
            compute_type="int8",
            note=note,
            credits_=Credits(bytes_),
        )
    )


def heard(
    films: Sequence[FilmAsked],
    speech_ms: Callable[[FilmAsked], Iterator[int]],
    open_backends: Callable[[], Sequence[Backend]],
    *,
    workers: int,
    sound_s: float,
    credits_bytes: int,
) -> Noted:
    """Let the films come as they come, each with a chunk of sound at most every ``sound_s``."""
    noted = Noted(workers)
    recogniser = recogniser_of(open_backends, lambda done: noted(done), credits_bytes)
    recogniser.facts("")  # loads it
    noted.began_s = time.monotonic()

    def film(asked: FilmAsked) -> None:
        _until(noted.began_s + asked.at_s)
        caller, cancel = Caller(asked.tenant, str(asked.number)), CancelToken()
        with _sound(speech_ms(asked), sound_s, cancel) as chunks:
            options = SpeechOptions(language="en", defence=_NO_DOUBTS)
            for _ in recogniser.transcribe(chunks, options, cancel=cancel, caller=caller):
                pass

    threads = [threading.Thread(target=film, args=(asked,)) for asked in films]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recogniser.close()
    return noted


def _sound(speech_ms: Iterator[int], sound_s: float, cancel: CancelToken) -> Ahead[Chunk]:
    """Chunks of silence, made a little ahead as the pipeline has them."""

    def make(put: Callable[[Chunk], None], cancel: CancelToken) -> None:
        for number, speech in enumerate(speech_ms):
            _until(time.monotonic() + sound_s)
            start_ms = number * CHUNK_MS
            put(Chunk(Audio(_SOUND, start_ms), (Span(start_ms, start_ms + speech),)))

    return Ahead(make, room=CHUNKS_AHEAD, passing=type(None), cancel=cancel, name="sound")


def _until(at_s: float) -> None:
    time.sleep(max(0.0, at_s - time.monotonic()))
