"""From a caller's chunks to passages in a batcher's queue: features are made on the way."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from polycue.domain.caller import Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Belief, Chunk, ModelFacts
from polycue.domain.errors import Draining
from polycue.domain.request import DefenceOptions
from polycue.engine import counting
from polycue.engine.batching.batcher import Batcher
from polycue.engine.batching.slots import Order
from polycue.engine.batching.work import Result
from polycue.engine.hearing import Hearing
from polycue.engine.origin import here
from polycue.speech.features import Features
from polycue.speech.passage import DecodeSettings, Passage

_FRAME_MS = 10
_MOST_MAKERS = 4  # threads; one makes features for a hundred chunks of 30 s in a second or two


class FeaturePool:
    """Makes features in threads of its own, for all callers. ``close`` must be called.

    In all of the process numpy's products are done by the thread that asks for them from then on:
    those of a chunk are too small to share out, which cost three times as much processor time. And
    the last bits of what comes out depended on how many cores there are, and so, in one chunk of
    ten, the place of a word.
    """

    def __init__(self, cores: int) -> None:
        threadpool_limits(1, user_api="blas")
        self._threads = ThreadPoolExecutor(min(cores, _MOST_MAKERS), thread_name_prefix="features")

    def make(
        self, features: Features, chunk: Chunk, settings: DecodeSettings, belief: Belief | None
    ) -> Future[Passage]:
        """Begin a chunk's passage; what becomes of it has no need of the sound any more.

        Raises:
            Draining: the pool is closed.
        """
        try:
            return self._threads.submit(_passage, features, chunk, settings, belief)
        except RuntimeError as error:
            raise Draining from error

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Asking:
    """How one caller's chunks are heard: by which model, and as carefully as ``defence`` wants."""

    batcher: Batcher
    pool: FeaturePool
    features: Features
    settings: DecodeSettings
    defence: DefenceOptions
    caller: Caller
    cancel: CancelToken

    def hear(
        self, chunk: Chunk, language: str, belief: Belief | None, stirred: Callable[[], None]
    ) -> Hearing:
        """Begin to recognise a chunk in a language, "" where it is open.

        ``stirred`` is called, in any thread, whenever something has come of it. It is held back
        while the caller has as much under way as a caller may have.

        Raises:
            Draining, Cancelled: as they say.
        """
        settings = replace(self.settings, language=language)
        passage = self.pool.make(self.features, chunk, settings, belief)
        order = _order(chunk, self.batcher.facts, self.caller)

        def ask(passage: Future[Passage], settings: DecodeSettings) -> Result:
            of_these = replace(order, key=settings.key, again=settings.temperature > 0)
            return self.batcher.submit(passage, of_these, cancel=self.cancel, entered=stirred)

        return Hearing(ask, passage, settings, chunk.speech, self.defence, stirred)


def _passage(
    features: Features, chunk: Chunk, settings: DecodeSettings, belief: Belief | None
) -> Passage:
    with counting.making_features():
        return features.passage(chunk, settings, belief)


def _order(chunk: Chunk, facts: ModelFacts, caller: Caller) -> Order:
    frames = chunk.audio.duration_ms // _FRAME_MS + 1
    return Order(
        caller=caller,
        key=None,
        audio_ms=chunk.audio.duration_ms,
        speech_ms=chunk.speech_ms,
        bytes=facts.mels * frames * np.dtype(np.float32).itemsize,
        origin=here(),
    )
