"""The sound of a film as the chunks that a recogniser takes, and what is learnt on the way."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from polycue import metrics
from polycue.domain.audio import Audio, Span, joined
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk
from polycue.domain.incoming import Incoming
from polycue.domain.media import Media, Stream
from polycue.domain.notice import Notice
from polycue.domain.progress import Report, Stage, StageMoved
from polycue.domain.request import DetectionOptions
from polycue.media.decode import Decoding, decode
from polycue.pipeline.ahead import Ahead
from polycue.speech.cut import cut
from polycue.tracing import spans

# Chunks that wait for their reader, of 2 MB at most. The next one is there in a tenth of a second,
# which is less than a recogniser takes for one.
_CHUNKS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class _Decoded:
    """There is no more sound."""

    duration_ms: int
    notices: tuple[Notice, ...]


_Made = Chunk | StageMoved | _Decoded


class Sound:
    """Made by ``sound_of``. What else it knows is whole once all ``chunks`` have come."""

    def __init__(self, made: Incoming[_Made], media_ms: int | None, report: Report) -> None:
        self._made, self._media_ms, self._report = made, media_ms, report
        self._speech: list[Span] = []
        self._decoded = _Decoded(0, ())

    def __repr__(self) -> str:
        return f"Sound({len(self._speech)} spans of speech from {self._made!r})"

    def chunks(self) -> Incoming[Chunk]:
        """In their order, while more are made; to be called once, in the thread that reports."""
        return _Chunks(self._made, self._learn)

    def _learn(self, item: _Made) -> None:
        if isinstance(item, Chunk):
            self._speech += item.speech
        elif isinstance(item, StageMoved):
            self._report(item)
        else:
            self._decoded = item

    @property
    def speech(self) -> tuple[Span, ...]:
        """Where somebody speaks."""
        return joined(self._speech)

    @property
    def duration_ms(self) -> int:
        """Of the film: the sound may end before the picture, or go on after it."""
        return max(self._decoded.duration_ms, self._media_ms or 0)

    @property
    def notices(self) -> tuple[Notice, ...]:
        return self._decoded.notices


class _Chunks(Iterator[Chunk]):
    """Those of what is made; ``learn`` is told of each item when it is met."""

    def __init__(self, made: Incoming[_Made], learn: Callable[[_Made], None]) -> None:
        self._made, self._learn = made, learn
        self._met: Chunk | None = None
        self._ended = False

    def __repr__(self) -> str:
        return f"_Chunks(of {self._made!r})"

    def ready(self) -> bool:
        """Whether ``next`` would not wait; raises what that would raise."""
        while not (self._met or self._ended) and self._made.ready():
            self._meet()
        return self._met is not None or self._ended

    def on_ready(self, stirred: Callable[[], None]) -> None:
        self._made.on_ready(stirred)

    def __next__(self) -> Chunk:
        while not (self._met or self._ended):
            self._meet()
        chunk, self._met = self._met, None
        if chunk is None:
            raise StopIteration
        self._learn(chunk)
        return chunk

    def _meet(self) -> None:
        item = next(self._made, None)
        if isinstance(item, Chunk):
            self._met = item
        elif item is None:
            self._ended = True
        else:
            self._learn(item)


@contextmanager
def sound_of(
    media: Media,
    stream: Stream,
    detection: DetectionOptions,
    *,
    max_chunk_ms: int,
    max_media_ms: int | None,
    cancel: CancelToken,
    report: Report,
) -> Iterator[Sound]:
    """The sound of one stream, decoded and cut in a thread of its own; leaving the block ends it.

    Whatever is wrong with it is raised where its ``chunks`` are read, behind those before.
    """

    def make(put: Callable[[_Made], None], cancel: CancelToken) -> None:
        laps = _Laps()
        with (
            spans.span("decode") as span,
            decode(media, stream, cancel=cancel, max_duration_ms=max_media_ms) as decoding,
        ):
            laps.end("decode")
            blocks = _told(_timed(decoding, laps), media.duration_ms, put)
            for chunk in cut(blocks, detection, max_chunk_ms=max_chunk_ms):
                laps.end("cut")
                put(chunk)
                laps.end("held")
            put(_Decoded(decoding.decoded_ms, decoding.notices))
            laps.tell()
            span.set(audio_ms=decoding.decoded_ms)

    with Ahead[_Made](
        make, room=_CHUNKS_AHEAD, passing=StageMoved, cancel=cancel, name="sound"
    ) as made:
        yield Sound(made, media.duration_ms, report)


def _told(
    blocks: Iterator[Audio], media_ms: int | None, put: Callable[[StageMoved], None]
) -> Iterator[Audio]:
    """Pass the blocks on, and say how far the sound has been decoded."""
    done_ms = 0
    for block in blocks:
        yield block
        done_ms = block.end_ms
        put(StageMoved(Stage.EXTRACT, done_ms, media_ms))
    put(StageMoved(Stage.EXTRACT, done_ms, media_ms, finished=True))


def _timed(decoding: Decoding, laps: "_Laps") -> Iterator[Audio]:
    """Pass the blocks on, and count the time until each and since the one before."""
    blocks = iter(decoding)
    while True:
        laps.end("cut")
        block = next(blocks, None)
        laps.end("decode")
        if block is None:
            return
        metrics.SOUND_DECODED.inc(block.duration_ms / 1000)
        yield block


class _Laps:
    """Each ends where the next begins, so that all of a thread's time is counted."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._seconds = {"decode": 0.0, "cut": 0.0, "held": 0.0}

    def end(self, stage: str) -> None:
        now_s = time.monotonic()
        metrics.SOUND_SECONDS.labels(stage).inc(now_s - self._began_s)
        self._seconds[stage] += now_s - self._began_s
        self._began_s = now_s

    def tell(self) -> None:
        """All of the film's sound was decoded: observe how long the thread's own work took."""
        for stage in ("decode", "cut"):
            metrics.STAGE_SECONDS.labels(stage).observe(self._seconds[stage])
