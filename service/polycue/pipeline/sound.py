"""The sound of a film as the chunks that a recogniser takes, and what is learnt on the way."""

from collections.abc import Iterator
from contextlib import contextmanager

from polycue.domain.audio import Audio, Span, joined
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk
from polycue.domain.media import Media, Stream
from polycue.domain.notice import Notice
from polycue.domain.progress import Report, Stage, StageMoved
from polycue.domain.request import DetectionOptions
from polycue.media.decode import Decoding, decode
from polycue.speech.cut import cut


class Sound:
    """Made by ``sound_of``. What else it knows is whole once all ``chunks`` have come."""

    def __init__(self, decoding: Decoding, media_ms: int | None, report: Report) -> None:
        self._decoding, self._media_ms, self._report = decoding, media_ms, report
        self._speech: list[Span] = []

    def __repr__(self) -> str:
        return f"Sound({self._decoding.decoded_ms} ms)"

    def chunks(self, detection: DetectionOptions, *, max_chunk_ms: int) -> Iterator[Chunk]:
        """In their order; to be called once."""
        for chunk in cut(self._blocks(), detection, max_chunk_ms=max_chunk_ms):
            self._speech += chunk.speech
            yield chunk

    @property
    def speech(self) -> tuple[Span, ...]:
        """Where somebody speaks."""
        return joined(self._speech)

    @property
    def duration_ms(self) -> int:
        """Of the film: the sound may end before the picture, or go on after it."""
        return max(self._decoding.decoded_ms, self._media_ms or 0)

    @property
    def notices(self) -> tuple[Notice, ...]:
        return self._decoding.notices

    def _blocks(self) -> Iterator[Audio]:
        """Pass the sound on and say how far it has been decoded."""
        done_ms = 0
        for block in self._decoding:
            yield block
            done_ms = block.end_ms
            self._report(StageMoved(Stage.EXTRACT, done_ms, self._media_ms))
        self._report(StageMoved(Stage.EXTRACT, done_ms, self._media_ms, finished=True))


@contextmanager
def sound_of(
    media: Media,
    stream: Stream,
    *,
    max_media_ms: int | None,
    cancel: CancelToken,
    report: Report,
) -> Iterator[Sound]:
    """The sound of one stream; leaving the block ends its decoding."""
    with decode(media, stream, cancel=cancel, max_duration_ms=max_media_ms) as decoding:
        yield Sound(decoding, media.duration_ms, report)
