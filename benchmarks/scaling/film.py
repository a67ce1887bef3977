"""One job at work: its sound comes chunk by chunk, and goes through the real flow and queue."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from polycue.domain.audio import SAMPLES_PER_MS, Audio, Span
from polycue.domain.caller import Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Belief, Chunk
from polycue.domain.incoming import Incoming
from polycue.domain.request import DefenceOptions
from polycue.engine.asking import Asking
from polycue.engine.deciding import Named
from polycue.engine.flow import Flow
from polycue.speech.passage import DecodeSettings, Passage
from scaling.costs import Costs
from scaling.events import Clock, Event, Server
from scaling.load import CHUNK_MS, SPEECH, FilmAsked

CHUNKS_AHEAD = 2  # as pipeline.sound has them: made, and not asked for yet
SLICE_S = 0.02  # how long one thread has the interpreter's lock, when many want it
SETTINGS = DecodeSettings(language="en")
ONCE_MORE = DefenceOptions(temperatures=(0.2,))
_SILENCE = np.broadcast_to(np.float32(0), (CHUNK_MS * SAMPLES_PER_MS,))
_NO_FEATURES = np.zeros((1, 1), np.float32)


class Place(Protocol):
    """Where a film is at work: what it shares with others there."""

    clock: Clock
    costs: Costs
    cores: Server
    interpreter: Server
    store: Server
    capacity: int
    batcher: Any  # with ``facts`` and ``submit``, as the real one


@dataclass(frozen=True)
class Pool:
    """Makes no features, in the time that they take."""

    clock: Clock
    cores: Server
    core_s: float

    def make(
        self, features: object, chunk: Chunk, settings: DecodeSettings, belief: Belief | None
    ) -> Future[Passage]:
        audio, made = chunk.audio, Future[Passage]()
        passage = Passage(audio.start_ms, audio.end_ms, chunk.speech, _NO_FEATURES, settings)

        def done() -> None:
            if made.set_running_or_notify_cancel():
                made.set_result(passage)

        self.cores.ask(self.core_s, done)
        return made


class Sound(Incoming[Chunk]):
    """Chunks that are made a little ahead, by a core at a time, while somebody takes them.

    An ``Incoming``: it is never asked for what is not there.
    """

    def __init__(self, place: Place, lengths: Iterator[int]) -> None:
        self._place, self._speech_ms = place, lengths
        self._made: deque[Chunk | None] = deque()
        self._at_ms = 0
        self._making = self._ended = False
        self._stirred: Event = _nothing

    def begin(self) -> None:
        self._make()

    def ready(self) -> bool:
        return bool(self._made)

    def on_ready(self, stirred: Event) -> None:
        self._stirred = stirred

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        chunk = self._made.popleft()
        if chunk is None:
            self._made.append(None)
            raise StopIteration
        self._make()
        return chunk

    def _make(self) -> None:
        if self._making or self._ended or len(self._made) >= CHUNKS_AHEAD:
            return
        speech_ms = next(self._speech_ms, None)
        if speech_ms is None:
            self._ended = True
            self._put(None)
            return
        self._making = True
        chunk = self._chunk(speech_ms)
        core_s = self._place.costs.sound_core_s * CHUNK_MS / 1000
        self._place.cores.ask(core_s, lambda: self._is_made(chunk))

    def _chunk(self, speech_ms: int) -> Chunk:
        start_ms = self._at_ms
        self._at_ms += CHUNK_MS
        return Chunk(Audio(_SILENCE, start_ms), (Span(start_ms, start_ms + speech_ms),))

    def _is_made(self, chunk: Chunk) -> None:
        self._making = False
        self._put(chunk)
        self._make()

    def _put(self, item: Chunk | None) -> None:
        self._made.append(item)
        self._stirred()


class Film:
    """Used once. ``ended`` happens when the job's end is stored."""

    def __init__(
        self, place: Place, asked: FilmAsked, speech_ms: Iterator[int], ended: Callable[[], None]
    ) -> None:
        self._place, self._asked, self._ended = place, asked, ended
        self._sound = Sound(place, speech_ms)
        cancel = CancelToken()
        asking = Asking(
            batcher=place.batcher,
            pool=Pool(place.clock, place.cores, place.costs.features_core_s),  # type: ignore[arg-type]
            features=None,  # type: ignore[arg-type]
            settings=SETTINGS,
            defence=ONCE_MORE,
            caller=Caller(asked.tenant, str(asked.number)),
            cancel=cancel,
        )
        flow = Flow(asking.hear, Named("en"), capacity=place.capacity, cancel=cancel)
        self._steps = flow.steps(self._sound, self._stir)
        self._keeping = self._stirred = False

    def begin(self) -> None:
        self._stir()
        self._place.clock.at(self._place.costs.film_start_s, self._sound.begin)

    def _stir(self) -> None:
        """Something has come; what comes at one moment is looked at together."""
        if not self._stirred:
            self._stirred = True
            self._place.clock.at(0.0, self._go_on)

    def _go_on(self) -> None:
        if self._keeping:
            return  # and it is looked at afterwards
        self._stirred = False
        try:
            found = next(self._steps)
        except StopIteration:
            self._lay_out()
            return
        if found is not None:
            self._keeping = True
            self._place.interpreter.ask(self._place.costs.chunk_python_s, self._keep)

    def _keep(self) -> None:
        self._place.store.ask(self._place.costs.commit_s, self._kept)

    def _kept(self) -> None:
        self._keeping = False
        self._stirred = True
        self._go_on()

    def _lay_out(self) -> None:
        work_s = self._place.costs.layout_python_s * self._asked.chunks
        self._place.interpreter.ask_in_slices(
            work_s, SLICE_S, lambda: self._place.store.ask(self._place.costs.commit_s, self._ended)
        )


def speech_of(asked: FilmAsked, chance: Any) -> Iterator[int]:
    """How much is spoken in each of its chunks, in milliseconds."""
    return (round(CHUNK_MS * chance.uniform(*SPEECH)) for _ in range(asked.chunks))


def _nothing() -> None:
    pass
