import asyncio
from pathlib import Path
from typing import Any

import grpc

from polycue.api.v1 import media_pb2
from polycue.api.v1 import transcription_pb2 as pb
from polycue.api.v1.transcription_pb2_grpc import TranscriptionServiceStub
from polycue.domain.caller import Caller, Urgency
from polycue.domain.errors import NotMedia
from polycue.domain.progress import CuesReady, Event, Report
from polycue.engine.batch_done import BatchDone, Served
from polycue.engine.ledger import Ledger
from polycue.pipeline.result import TaskResult
from polycue.rpc.tenant import LOCAL
from polycue.testing.gate import Gate
from polycue.testing.pipeline import FakePipeline
from support.serving import Channel, Serve, happened, refused

MEDIA = media_pb2.MediaSource(content=b"a clip")
SPANISH = [media_pb2.TranslateConfig(target_language_code="es")]


async def transcribe(channel: Channel, **fields: Any) -> pb.TranscribeResponse:
    fields.setdefault("media", MEDIA)
    return await TranscriptionServiceStub(channel).Transcribe(pb.TranscribeRequest(**fields))


async def stream(channel: Channel, **fields: Any) -> list[pb.StreamTranscribeResponse]:
    fields.setdefault("media", MEDIA)
    call = TranscriptionServiceStub(channel).StreamTranscribe(pb.StreamTranscribeRequest(**fields))
    return [event async for event in call]


def test_a_clip_becomes_tracks(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        answer = await transcribe(channel, translations=SPANISH)
        assert [track.language_code for track in answer.tracks] == ["en", "es"]
        assert [cue.text for cue in answer.tracks[0].cues] == ["one", "two", "three"]
        assert [cue.text for cue in answer.tracks[1].cues] == ["ONE", "TWO", "THREE"]
        assert list(answer.tracks[1].route) == ["en", "es"]
        first = answer.tracks[0].cues[0]
        assert (first.index, first.start_offset.ToMilliseconds()) == (1, 0)
        assert first.end_offset.ToMilliseconds() == 900
        assert not first.words
        assert answer.media_duration.ToMilliseconds() == 3000

    serve(scenario)


def test_each_clip_is_work_of_its_own_that_somebody_waits_for(serve: Serve) -> None:
    pipeline = FakePipeline()

    async def scenario(channel: Channel) -> None:
        await transcribe(channel)
        await stream(channel)
        one, other = pipeline.callers
        assert one.tenant == other.tenant == LOCAL
        assert one.urgency is other.urgency is Urgency.LIVE
        assert one.request != other.request

    serve(scenario, pipeline=pipeline)


def test_a_clip_says_what_the_devices_did_for_it(serve: Serve) -> None:
    ledger = Ledger()

    class OnADevice(FakePipeline):
        def run(self, task: Any, **given: Any) -> TaskResult:
            own = Served(given["caller"], 0.5, 2, tokens=7, audio_ms=3000, again=False)
            other = Served(Caller("films", "other"), 0, 2, tokens=7, audio_ms=3000, again=False)
            ledger.note(BatchDone("tiny", "cpu", 0, (own, other), 4, took_s=3, failed=False))
            return super().run(task, **given)

    async def scenario(channel: Channel) -> None:
        whole = (await transcribe(channel)).engine_usage
        assert (whole.chunk_count, whole.token_count, whole.batch_fill) == (1, 7, 0.5)
        assert whole.device_duration.ToMilliseconds() == 1500
        assert whole.queued_duration.ToMilliseconds() == 500
        finished = (await stream(channel))[-1].finished
        assert finished.engine_usage.device_duration == whole.device_duration

    serve(scenario, pipeline=OnADevice(), ledger=ledger)


def test_each_track_of_a_clip_has_its_report(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        own, spanish = (await transcribe(channel, translations=SPANISH)).tracks
        assert (own.report.language_code, own.report.cue_count) == ("en", 3)
        assert not own.report.HasField("translation")
        assert list(spanish.report.translation.route) == ["en", "es"]
        (finished,) = (
            event.finished for event in await stream(channel) if event.HasField("finished")
        )
        (track,) = finished.tracks
        assert not track.cues
        assert track.report == own.report

    serve(scenario)


def test_the_largest_clip_fits_into_a_call_and_one_byte_more_is_to_be_uploaded(
    serve: Serve,
) -> None:
    most_bytes = 3 * 1024 * 1024
    wordy = media_pb2.TranscribeConfig(initial_prompt="é" * 2000, hotwords=["ö" * 100] * 100)

    async def scenario(channel: Channel) -> None:
        media = media_pb2.MediaSource(content=bytes(most_bytes))
        for call in (transcribe, stream):
            assert await call(channel, media=media, transcribe=wordy, translations=SPANISH)
        media = media_pb2.MediaSource(content=bytes(most_bytes + 1))
        error = await refused(transcribe(channel, media=media))
        assert (error.reason, error.metadata["limit"]) == ("LIMIT_EXCEEDED", str(most_bytes))
        assert "upload it instead" in error.message

    serve(scenario)


def test_words_come_when_asked_for(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        config = media_pb2.TranscribeConfig(word_timing=True)
        answer = await transcribe(channel, transcribe=config)
        word = answer.tracks[0].cues[1].words[0]
        assert (word.text, word.start_offset.ToMilliseconds()) == ("two", 1000)
        assert round(word.probability, 3) == 0.9
        cues = [e.cue for e in await stream(channel, transcribe=config) if e.HasField("cue")]
        assert [cue.cue.words[0].text for cue in cues] == ["one", "two", "three"]

    serve(scenario)


def test_cues_stream_as_they_become_final(serve: Serve) -> None:
    gate = Gate()

    async def scenario(channel: Channel) -> None:
        request = pb.StreamTranscribeRequest(media=MEDIA, translations=SPANISH)
        seen: list[pb.StreamTranscribeResponse] = []
        async for event in TranscriptionServiceStub(channel).StreamTranscribe(request):
            seen.append(event)
            if len(seen) == 3:  # here while the work still waits at the gate
                gate.open()
        kinds = [event.WhichOneof("event") for event in seen]
        assert kinds[0] == "started"
        assert kinds[-1] == "finished"
        assert set(kinds[1:-1]) == {"cue", "progress"}
        assert seen[0].started.media_duration.ToMilliseconds() == 3000
        cues = [event.cue for event in seen if event.HasField("cue")]
        assert [(cue.language_code, cue.cue.index, cue.cue.text) for cue in cues][:3] == [
            ("en", 1, "one"),
            ("es", 1, "ONE"),
            ("en", 2, "two"),
        ]
        finished = seen[-1].finished
        assert finished.cue_count == len(cues) == 6
        assert [(t.language_code, len(t.cues)) for t in finished.tracks] == [("en", 0), ("es", 0)]

    serve(scenario, pipeline=FakePipeline(gate=gate))


def test_a_slow_reader_slows_the_work_and_loses_nothing(serve: Serve) -> None:
    lines = [f"{n} {'x' * 60_000}" for n in range(400)]  # 24 MB, more than grpc holds

    class Counting(FakePipeline):
        said = 0

        def subtitle(self, *args: Any, report: Report, **kwargs: Any) -> TaskResult:
            def counted(event: Event) -> None:
                self.said += isinstance(event, CuesReady)
                report(event)

            return super().subtitle(*args, report=counted, **kwargs)

    async def scenario(channel: Channel) -> None:
        texts: list[str] = []
        request = pb.StreamTranscribeRequest(media=MEDIA)
        async for event in TranscriptionServiceStub(channel).StreamTranscribe(request):
            if event.HasField("cue"):
                texts.append(event.cue.cue.text)
            # 64 wait in the bridge and some 11 MiB in grpc; without a bound all 400 would be said.
            assert pipeline.said - len(texts) < 300
        assert texts == lines

    pipeline = Counting(lines)
    serve(scenario, pipeline=pipeline)


def test_cancelling_the_call_stops_the_work(serve: Serve, tmp_path: Path) -> None:
    async def scenario(channel: Channel) -> None:
        for call in (transcribe, stream):
            pipeline.gate = gate = Gate()
            at_work = asyncio.create_task(call(channel))
            await happened(gate.reached)
            at_work.cancel()
            await happened(gate.left)
            pipeline.gate = None
            # The place is free again once the thread has let go of it.
            while True:
                try:
                    await transcribe(channel)
                    break
                except grpc.aio.AioRpcError as error:
                    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED  # noqa: PT017
        assert not list((tmp_path / "data" / "calls").iterdir())

    pipeline = FakePipeline()
    serve(scenario, pipeline=pipeline, max_calls=1)


def test_a_deadline_stops_the_work(serve: Serve) -> None:
    gate = Gate()

    async def scenario(channel: Channel) -> None:
        stub = TranscriptionServiceStub(channel)
        deadline_s = 0.5
        while not gate.reached.is_set():  # a slow machine may not get that far at once
            call = stub.Transcribe(pb.TranscribeRequest(media=MEDIA), timeout=deadline_s)
            assert (await refused(call)).status == "DEADLINE_EXCEEDED"
            deadline_s *= 2
        await happened(gate.left)

    serve(scenario, pipeline=FakePipeline(gate=gate))


def test_more_calls_than_places_are_refused(serve: Serve) -> None:
    gate = Gate()

    async def scenario(channel: Channel) -> None:
        first = asyncio.create_task(transcribe(channel))
        await happened(gate.reached)
        for call in (transcribe(channel), stream(channel)):
            error = await refused(call)
            assert (error.status, error.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_CALLS")
            assert error.retry_after_s == 5
        gate.open()
        assert (await first).tracks

    serve(scenario, pipeline=FakePipeline(gate=gate), max_calls=1, call_wait_s=0)


def test_media_that_are_too_long_for_a_call_are_sent_to_jobs(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        error = await refused(transcribe(channel))
        assert (error.status, error.reason) == ("INVALID_ARGUMENT", "LIMIT_EXCEEDED")
        assert error.metadata == {"field": "media", "value": "3000", "limit": "2000", "unit": "ms"}
        assert "CreateJob" in error.message

    serve(scenario, pipeline=FakePipeline(max_media_ms=2000))


def test_tracks_too_large_for_one_answer_are_sent_to_streams_and_jobs(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        error = await refused(transcribe(channel, translations=SPANISH))
        assert (error.status, error.reason) == ("INVALID_ARGUMENT", "LIMIT_EXCEEDED")
        assert error.metadata["field"] == "response"
        assert "StreamTranscribe or CreateJob" in error.message
        assert (await stream(channel, translations=SPANISH))[-1].HasField("finished")

    serve(scenario, pipeline=FakePipeline(["x" * 2_500_000]))


def test_what_is_no_media_is_told_and_cues_sent_before_stay_good(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        assert (await refused(transcribe(channel))).reason == "NOT_MEDIA"
        call = TranscriptionServiceStub(channel).StreamTranscribe(
            pb.StreamTranscribeRequest(media=MEDIA)
        )
        kinds = []

        async def read() -> None:
            async for event in call:
                kinds.append(event.WhichOneof("event"))

        error = await refused(read())
        assert (error.status, error.reason) == ("INVALID_ARGUMENT", "NOT_MEDIA")
        assert kinds.count("cue") == 3

    serve(scenario, pipeline=FakePipeline(raises=lambda: NotMedia(Path("clip.mkv"))))


def test_files_below_the_roots_are_read_and_no_others(
    serve: Serve, film: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.mkv"
    secret.write_bytes(b"secret")
    (film.parent / "link.mkv").symlink_to(secret)
    (film.parent / "fine.mkv").symlink_to(film)

    async def scenario(channel: Channel) -> None:
        for path in (film, film.parent / "fine.mkv"):
            assert (
                await transcribe(channel, media=media_pb2.MediaSource(uri=path.as_uri()))
            ).tracks
        for uri in (
            secret.as_uri(),
            (film.parent / "link.mkv").as_uri(),
            f"{film.parent.as_uri()}/../secret.mkv",
            f"{film.parent.as_uri()}/%2e%2e/secret.mkv",
            "http://example.org/film.mkv",
            "https://example.org/film.mkv",
            "s3://films/film.mkv",
        ):
            error = await refused(transcribe(channel, media=media_pb2.MediaSource(uri=uri)))
            assert (error.status, error.reason) == ("INVALID_ARGUMENT", "SOURCE_REFUSED"), uri
            assert error.metadata["field"] == "media.uri"
        for uri in (
            film.parent.as_uri(),
            f"{film.as_uri()}.gone",
            "file://elsewhere/film.mkv",
            "file:film.mkv",
            f"{film.as_uri()}?a=b",
            f"{film.as_uri()}%00",
            "/etc/passwd",
            "concat:a|b",
        ):
            error = await refused(transcribe(channel, media=media_pb2.MediaSource(uri=uri)))
            assert (error.status, error.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD"), uri
            assert error.metadata["field"] == "media.uri"

    serve(scenario, file_root=(film.parent,))


def test_without_roots_no_file_is_read(serve: Serve, film: Path) -> None:
    async def scenario(channel: Channel) -> None:
        error = await refused(transcribe(channel, media=media_pb2.MediaSource(uri=film.as_uri())))
        assert error.violations[0].field == "media.uri"
        assert "reads no files" in error.message

    serve(scenario)
