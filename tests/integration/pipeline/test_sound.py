"""The front end in its own thread, with real sound."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, InvalidRequest, LimitExceeded
from polycue.domain.media import AudioChoice
from polycue.domain.progress import Event, Stage, StageMoved
from polycue.domain.request import DetectionOptions
from polycue.media.decode import decode
from polycue.media.probe import probe
from polycue.media.streams import choose_audio
from polycue.pipeline.sound import Sound, sound_of
from polycue.speech.cut import cut

CHUNK_MS, OPTIONS = 10_000, DetectionOptions()
FILM_MS = 103_240


class Hearing:
    """Somebody who reads a film's sound; ``events`` come with the thread that they came in."""

    def __init__(self, film: Path) -> None:
        self.cancel = CancelToken()
        self.media = probe(film, cancel=self.cancel)
        self.stream = choose_audio(self.media, AudioChoice())
        self.events: list[tuple[Event, threading.Thread]] = []

    def sound(
        self, options: DetectionOptions = OPTIONS, max_media_ms: int | None = None
    ) -> AbstractContextManager[Sound]:
        return sound_of(
            self.media,
            self.stream,
            options,
            max_chunk_ms=CHUNK_MS,
            max_media_ms=max_media_ms,
            cancel=self.cancel,
            report=lambda event: self.events.append((event, threading.current_thread())),
        )

    @property
    def decoded_ms(self) -> list[int]:
        moved = [event for event, _ in self.events if isinstance(event, StageMoved)]
        return [event.processed_ms for event in moved if event.stage is Stage.EXTRACT]


@pytest.fixture
def hearing(repository: Path) -> Iterator[Hearing]:
    yield Hearing(repository / "demo" / "tour.mp4")
    assert not [thread for thread in threading.enumerate() if thread.name == "sound"]


def test_chunks_are_those_of_the_whole_sound(hearing: Hearing) -> None:
    with decode(hearing.media, hearing.stream, cancel=hearing.cancel) as decoding:
        whole = list(cut(list(decoding), OPTIONS, max_chunk_ms=CHUNK_MS))
    with hearing.sound() as sound:
        chunks = list(sound.chunks())
    assert len(chunks) == len(whole) > 5
    for one, other in zip(chunks, whole, strict=True):
        assert (one.audio.start_ms, one.speech) == (other.audio.start_ms, other.speech)
        assert np.array_equal(one.audio.samples, other.audio.samples)
    assert abs(sound.duration_ms - FILM_MS) < 100
    assert sound.speech


def test_progress_is_told_in_the_readers_thread_and_never_goes_back(hearing: Hearing) -> None:
    with hearing.sound() as sound:
        for _ in sound.chunks():
            pass
    assert {thread for _, thread in hearing.events} == {threading.current_thread()}
    assert all(one <= other for one, other in pairwise(hearing.decoded_ms))
    assert hearing.decoded_ms[-1] >= FILM_MS - 100


def test_a_reader_that_takes_its_time_holds_the_decoder_back(hearing: Hearing) -> None:
    with hearing.sound() as sound:
        chunks = sound.chunks()
        for number in range(3):
            next(chunks)
            # Those that wait, one in the making, and the pauses between them.
            assert max(hearing.decoded_ms) < (number + 4) * (CHUNK_MS + 3_000)


def test_leaving_early_ends_the_thread_and_its_ffmpeg(hearing: Hearing) -> None:
    with hearing.sound() as sound:
        next(sound.chunks())
    assert not hearing.cancel.cancelled


def test_a_film_that_is_too_long_is_told_where_the_chunks_are_read(hearing: Hearing) -> None:
    with hearing.sound(max_media_ms=60_000) as sound, pytest.raises(LimitExceeded):
        list(sound.chunks())


def test_wrong_options_are_told_where_the_chunks_are_read(hearing: Hearing) -> None:
    with hearing.sound(DetectionOptions(padding_ms=-1)) as sound, pytest.raises(InvalidRequest):
        next(sound.chunks())


def test_a_cancelled_job_gets_no_more_chunks(hearing: Hearing) -> None:
    with hearing.sound() as sound:
        chunks = sound.chunks()
        next(chunks)
        hearing.cancel.cancel()
        with pytest.raises(Cancelled):
            next(chunks)


def test_a_reader_need_not_wait_for_a_chunk(hearing: Hearing) -> None:
    stirred = threading.Event()
    with hearing.sound() as sound:
        chunks, count = sound.chunks(), 0
        chunks.on_ready(stirred.set)
        while True:
            stirred.clear()
            if not chunks.ready():
                assert stirred.wait(60)
            elif next(chunks, None) is None:
                break
            else:
                count += 1
    assert count > 5
    assert hearing.decoded_ms[-1] >= FILM_MS - 100
