"""A recording cut at its longest pauses into chunks that a recogniser can take."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from polycue.domain.audio import SAMPLES_PER_MS, Audio, Span
from polycue.domain.chunk import Chunk
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import DetectionOptions
from polycue.speech.silero import WINDOW
from polycue.speech.vad import WINDOW_MS, SpeechDetector

# What is shorter is no pause but the closure of a consonant: no cut falls into it.
_SHORTEST_PAUSE_MS = 3 * WINDOW_MS
# Speech on both sides of a pause longer than this share of the window does not share a chunk: the
# silence would be encoded for nothing, and into long silence Whisper puts words that nobody said.
# Of Whisper's own 30 s it is 2 s. (Demo model, 10 s: word errors 1.7 % with 0.5 s, 1.9 % with 1 s,
# 2.5 % with 2 s.)
_LONGEST_PAUSE_SHARE = 1 / 15


def cut(
    blocks: Iterable[Audio], options: DetectionOptions, *, max_chunk_ms: int
) -> Iterator[Chunk]:
    """Yield the speech of consecutive blocks as chunks, each as soon as nothing can change it.

    Chunks come in order, do not overlap, hold all speech and are at most ``max_chunk_ms`` long,
    padding included. Where the blocks begin and end changes nothing. About one chunk of sound is
    held, however long the recording.

    Raises:
        InvalidRequest: an option is out of range.
    """
    if not 0 <= options.padding_ms <= max_chunk_ms // 4:
        raise InvalidRequest(
            "speech.detection.padding_ms", f"is within 0..{max_chunk_ms // 4} for this model"
        )
    return _Cutter(options, max_chunk_ms).run(blocks)


class _Cutter:
    """Pieces of speech waiting for their chunk to be full, and the sound they lie in."""

    def __init__(self, options: DetectionOptions, max_chunk_ms: int) -> None:
        finest_ms = min(_SHORTEST_PAUSE_MS, options.min_silence_ms)
        self._detector = SpeechDetector(replace(options, min_silence_ms=finest_ms))
        self._options = options
        self._max_speech_ms = max_chunk_ms - 2 * options.padding_ms
        longest_ms = round(max_chunk_ms * _LONGEST_PAUSE_SHARE)
        self._closing_pause_ms = max(longest_ms, 2 * options.padding_ms)
        self._tape = _Tape()
        self._pieces: list[Span] = []  # together never longer than a chunk may be
        self._cut_ms = 0  # where the last chunk's sound ended

    def run(self, blocks: Iterable[Audio]) -> Iterator[Chunk]:
        for block in blocks:
            if self._tape.empty:
                self._cut_ms = block.start_ms
            self._tape.append(block)
            yield from self._add(self._detector.feed(block))
            yield from self._look_ahead()
            self._tape.forget_before(self._needed_from_ms())
        yield from self._add(self._detector.finish())
        if self._pieces:
            yield self._chunk(self._pieces)

    def _add(self, ended: Sequence[Span]) -> Iterator[Chunk]:
        for piece in ended:
            yield from self._before(piece)
            self._pieces.append(self._uncut(piece))

    def _look_ahead(self) -> Iterator[Chunk]:
        """Chunks that are final though nobody can say yet how the present piece or pause ends."""
        if self._detector.open is not None:
            yield from self._before(self._detector.open)
        elif self._pieces:
            pause_ms = self._detector.heard_ms - self._pieces[-1].end_ms
            if pause_ms >= self._closing_pause_ms:
                yield self._chunk(self._pieces)

    def _before(self, piece: Span) -> Iterator[Chunk]:
        """Chunks that are final now that ``piece`` is known to follow."""
        piece = self._uncut(piece)
        if self._pieces and _pause_ms(self._pieces[-1], piece) >= self._closing_pause_ms:
            yield self._chunk(self._pieces, next_ms=piece.start_ms)
        while piece.end_ms - [*self._pieces, piece][0].start_ms > self._max_speech_ms:
            yield self._at_best_pause(piece) if self._pieces else self._at_quietest(piece)
            piece = self._uncut(piece)

    def _at_best_pause(self, piece: Span) -> Chunk:
        """Cut where the pause is long and, as far as pauses are alike, the chunk full.

        Twice the fullness is worth a pause longer by four tenths. Pauses below ``min_silence_ms``
        come into question only where there is no longer one.
        """
        first, following = self._pieces[0], [*self._pieces[1:], piece]

        def worth(index: int) -> tuple[bool, int]:
            before, after = self._pieces[index], following[index]
            pause_ms = _pause_ms(before, after)
            fullness = before.end_ms - first.start_ms
            return pause_ms >= self._options.min_silence_ms, pause_ms**2 * fullness

        best = max(range(len(following)), key=worth)
        return self._chunk(self._pieces[: best + 1], next_ms=following[best].start_ms)

    def _at_quietest(self, piece: Span) -> Chunk:
        """Cut speech without any pause (song, a crowd) where the second half is quietest."""
        half_ms, end_ms = self._max_speech_ms // 2, piece.start_ms + self._max_speech_ms
        from_ms = end_ms - half_ms
        point_ms = from_ms + _quietest_ms(self._tape.between(from_ms, end_ms))
        return self._chunk([Span(piece.start_ms, point_ms)], next_ms=point_ms)

    def _chunk(self, pieces: Sequence[Span], next_ms: int | None = None) -> Chunk:
        """Take ``pieces``, the first that wait, and their sound; speech goes on at ``next_ms``."""
        padding_ms = self._options.padding_ms
        start_ms = max(pieces[0].start_ms - padding_ms, self._cut_ms)
        end_ms = min(pieces[-1].end_ms + padding_ms, self._tape.end_ms)
        if next_ms is not None:
            end_ms = min(end_ms, (pieces[-1].end_ms + next_ms) // 2)
        self._cut_ms = end_ms
        self._pieces = self._pieces[len(pieces) :]
        return Chunk(Audio(self._tape.between(start_ms, end_ms), start_ms), tuple(pieces))

    def _uncut(self, piece: Span) -> Span:
        """What of ``piece`` is not yet in a chunk."""
        return Span(max(piece.start_ms, self._cut_ms), piece.end_ms)

    def _needed_from_ms(self) -> int:
        speech = self._pieces[0] if self._pieces else self._detector.open
        from_ms = speech.start_ms if speech else self._detector.heard_ms
        return max(from_ms - self._options.padding_ms, self._cut_ms)


class _Tape:
    """The last of the sound, contiguous, on the media's clock."""

    def __init__(self) -> None:
        self._parts: deque[NDArray[np.float32]] = deque()
        self._start_ms = 0
        self._first = 0  # samples since ``_start_ms`` that have been forgotten
        self._end = 0

    @property
    def empty(self) -> bool:
        return self._end == 0

    @property
    def end_ms(self) -> int:
        return self._start_ms + self._end // SAMPLES_PER_MS

    def append(self, audio: Audio) -> None:
        if self.empty:
            self._start_ms = audio.start_ms
        elif abs(audio.start_ms - self.end_ms) > 1:  # blocks need not be whole milliseconds long
            raise ValueError(f"{audio} does not follow what ended at {self.end_ms} ms")
        self._parts.append(audio.samples)
        self._end += len(audio.samples)

    def between(self, start_ms: int, end_ms: int) -> NDArray[np.float32]:
        """A copy."""
        first, last = ((t - self._start_ms) * SAMPLES_PER_MS for t in (start_ms, end_ms))
        if first < self._first or last > self._end:
            raise ValueError(f"{start_ms}..{end_ms} ms is not on the tape")
        return np.concatenate(list(self._parts))[first - self._first : last - self._first].copy()

    def forget_before(self, time_ms: int) -> None:
        wanted = (time_ms - self._start_ms) * SAMPLES_PER_MS
        while self._parts and self._first + len(self._parts[0]) <= wanted:
            self._first += len(self._parts.popleft())


def _pause_ms(one: Span, other: Span) -> int:
    return other.start_ms - one.end_ms


def _quietest_ms(samples: NDArray[np.float32]) -> int:
    """Offset of the middle of the three windows with the least power."""
    windows = samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW)
    power = np.convolve(np.square(windows).mean(axis=1), np.ones(3), mode="valid")
    return (int(power.argmin()) + 1) * WINDOW_MS + WINDOW_MS // 2
