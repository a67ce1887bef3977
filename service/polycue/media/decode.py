"""A film's sound as mono audio on the film's clock, while ffmpeg still decodes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from polycue.domain.audio import SAMPLES_PER_MS, Audio
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Encrypted, LimitExceeded, ToolFailed, Undecodable
from polycue.domain.media import Media, Stream
from polycue.domain.notice import Notice
from polycue.media import arguments, onset
from polycue.media.complaints import reason, says_unopened
from polycue.media.downmix import Downmix, Samples
from polycue.media.failure import telling
from polycue.media.reading import Reading
from polycue.media.verdict import Heard, has_guessed_length, is_credible, judge, promised_ms

BLOCK_MS = 1000
READ_TIMEOUT_S = 120.0  # for one block, which takes a few milliseconds
_SAMPLE_BYTES = 4


@contextmanager
def decode(
    media: Media, stream: Stream, *, cancel: CancelToken, max_duration_ms: int | None = None
) -> "Iterator[Decoding]":
    """Start to decode one audio stream; leaving the block ends ffmpeg.

    ffmpeg runs ahead by no more than a pipe holds, so a slow reader costs no memory.

    Raises:
        LimitExceeded: the media credibly claims to be longer than ``max_duration_ms``.
        Encrypted: only those with the key can hear it.
        ToolMissing: ffmpeg is not installed.
        Cancelled: the token is set.
    """
    _check_claim(media, stream, max_duration_ms)
    # Stereo comes as stereo, for left and right may cancel out; more channels are mixed to two.
    channels = 1 if stream.channels == 1 else 2
    call = arguments.pcm(media, stream.index, channels=channels)
    with Reading(call, timeout_s=READ_TIMEOUT_S, cancel=cancel) as reading:
        # Looked up while the decoder starts, so that it costs no time of its own.
        offset_ms = onset.offset_ms(media, stream, cancel=cancel)
        source = _Source(media, stream, channels, offset_ms, max_duration_ms)
        yield Decoding(source, reading, cancel)


@dataclass(frozen=True, slots=True)
class _Source:
    """What is decoded. ``offset_ms`` is when its first sample is heard, on the media's clock."""

    media: Media
    stream: Stream
    channels: int
    offset_ms: int
    max_duration_ms: int | None


class Decoding:
    """The sound of one stream, block after block; made by ``decode``."""

    def __init__(self, source: _Source, reading: Reading, cancel: CancelToken) -> None:
        self._source, self._reading, self._cancel = source, reading, cancel
        self._start_ms = max(0, source.offset_ms)
        self._downmix = Downmix()
        self._samples = 0
        self._notices: tuple[Notice, ...] = ()

    def __repr__(self) -> str:
        end_ms = self._start_ms + self.decoded_ms
        return f"Decoding({self._source.media.path.name!r}: {self._start_ms}..{end_ms} ms)"

    def __iter__(self) -> Iterator[Audio]:
        """Blocks of a second, the last one shorter, without gaps between them; read once.

        Times are the media's: sound that starts late has its delay added, here and nowhere else.

        Raises:
            LimitExceeded: the sound is longer than allowed; nothing past the limit is given.
            Undecodable, Encrypted, MediaOverLimit: ffmpeg gave up on the stream.
            ToolKilled: somebody ended ffmpeg twice.
            ToolTimedOut: ffmpeg gave nothing for two minutes.
            Cancelled: the token was set.
        """
        self._skip_lead_in()
        while len(frames := self._frames(BLOCK_MS)):
            start_ms = self._start_ms + self.decoded_ms
            audio = Audio(self._downmix.mono(frames), start_ms)
            self._check_limit(audio.end_ms)
            self._samples += len(frames)
            yield audio
        self._finish()
        self._notices = judge(self._heard())

    @property
    def decoded_ms(self) -> int:
        """How much sound came so far."""
        return self._samples // SAMPLES_PER_MS

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What was wrong with the sound; complete once the last block was read."""
        return self._notices

    def _skip_lead_in(self) -> None:
        """Drop what lies before the media's zero."""
        if self._source.offset_ms < 0:
            self._frames(-self._source.offset_ms)

    def _frames(self, duration_ms: int) -> Samples:
        """Samples of shape (n, channels), fewer than asked for only at the end."""
        frame_bytes = self._source.channels * _SAMPLE_BYTES
        data = self._reading.read(duration_ms * SAMPLES_PER_MS * frame_bytes)
        whole = len(data) - len(data) % frame_bytes
        return np.frombuffer(data[:whole], dtype="<f4").reshape(-1, self._source.channels)

    def _check_limit(self, end_ms: int) -> None:
        limit_ms = self._source.max_duration_ms
        if limit_ms is not None and end_ms > limit_ms:
            raise _too_long(end_ms, limit_ms)

    def _finish(self) -> None:
        path, codec = self._source.media.path, self._source.stream.codec
        try:
            self._reading.finish()
        except ToolFailed as error:
            if known := telling(path, error):
                raise known from error
            if says_unopened(error.stderr_tail):
                why = f"its codec, {codec}, is not one that is let in"
                raise Undecodable(path, why) from error
            if onset.is_encrypted(self._source.media, self._source.stream, cancel=self._cancel):
                raise Encrypted(path) from error
            why = reason(error.stderr_tail, path) or f"ffmpeg ended with {error.returncode}"
            raise Undecodable(path, why) from error

    def _heard(self) -> Heard:
        media, stream = self._source.media, self._source.stream
        return Heard(
            media,
            stream,
            self._start_ms,
            self.decoded_ms,
            self._reading.complaints,
            self._downmix,
        )


def _too_long(length_ms: int, limit_ms: int) -> LimitExceeded:
    return LimitExceeded("media", length_ms, limit_ms, "ms", "cut the film into shorter parts")


def _check_claim(media: Media, stream: Stream, max_duration_ms: int | None) -> None:
    """Turn a film away before an hour of work went into it, unless its length is a lie."""
    claimed_ms = promised_ms(media, stream)
    if claimed_ms is None and not has_guessed_length(media):
        claimed_ms = media.duration_ms
    if max_duration_ms is None or claimed_ms is None or claimed_ms <= max_duration_ms:
        return
    if is_credible(media, claimed_ms):
        raise _too_long(claimed_ms, max_duration_ms)
