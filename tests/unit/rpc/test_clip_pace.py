import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import cast

import pytest

from polycue.api.v1.transcription_pb2 import TranscribeRequest
from polycue.domain.errors import DeadlineTooShort
from polycue.domain.request import InputFile, SpeechOptions
from polycue.engine.ledger import Ledger
from polycue.rpc.access.callers import Kind
from polycue.rpc.access.places import Places
from polycue.rpc.clip_pace import ClipPace
from polycue.rpc.clips import Clips
from polycue.rpc.sources import Sources
from polycue.rpc.workers import Workers
from polycue.testing.pipeline import FakePipeline

MINUTE_MS = 60_000
SMALL, LARGE = SpeechOptions(model="small"), SpeechOptions(model="large")


def test_a_clip_is_refused_where_even_the_best_pace_is_too_slow() -> None:
    pace = ClipPace()
    pace.require(SMALL, MINUTE_MS, within_s=0.1)  # nobody knows
    pace.note(SMALL, MINUTE_MS, 30)
    pace.note(SMALL, MINUTE_MS, 20)
    pace.note(SMALL, MINUTE_MS, 60)
    pace.require(SMALL, MINUTE_MS, within_s=21)
    pace.require(SMALL, MINUTE_MS // 4, within_s=6)
    with pytest.raises(DeadlineTooShort) as caught:
        pace.require(SMALL, MINUTE_MS, within_s=19)
    assert (caught.value.needed_s, caught.value.left_s) == (20, 19)


def test_clips_much_shorter_or_otherwise_heard_say_nothing() -> None:
    pace = ClipPace()
    pace.note(SMALL, 1000, 5)  # most of which was the loading of the model
    pace.note(LARGE, MINUTE_MS, 600)
    pace.require(SMALL, MINUTE_MS, within_s=19)


def test_only_the_last_clips_count() -> None:
    pace = ClipPace()
    pace.note(SMALL, MINUTE_MS, 1)
    for _ in range(32):
        pace.note(SMALL, MINUTE_MS, 50)
    with pytest.raises(DeadlineTooShort):
        pace.require(SMALL, MINUTE_MS, within_s=40)


def test_a_clip_whose_deadline_cannot_be_kept_is_stopped_before_it_is_heard(
    tmp_path: Path,
) -> None:
    clip = tmp_path / "clip"
    clip.write_bytes(b"a clip")

    class OneClip:
        @contextmanager
        def brought(self, *_: object) -> Iterator[Callable[..., InputFile]]:
            yield lambda *_: InputFile(clip, "clip")

    async def scenario() -> None:
        pipeline, sources = FakePipeline(), cast(Sources, OneClip())
        workers = Workers("test", Places(Kind.CLIPS, 1))
        clips = Clips(pipeline, sources, workers, tmp_path, Ledger())

        async def call(within_s: float | None) -> list[object]:
            told = clips.messages(TranscribeRequest(), lambda event: [event], within_s=within_s)
            async with aclosing(told) as events:
                return [event async for event in events]

        assert await call(0.000_001), "nobody knows yet how long it takes"
        heard = len(pipeline.heard)
        with pytest.raises(DeadlineTooShort):
            await call(0.000_001)
        assert len(pipeline.heard) == heard
        assert await call(60)
        assert await call(None)
        workers.close()

    asyncio.run(scenario())
