"""The demo film through the real server: gRPC, ffmpeg, the demo models."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc
import pytest

from polycue.api.v1 import catalog_pb2, jobs_pb2, media_pb2
from polycue.api.v1 import transcription_pb2 as pb
from polycue.api.v1.catalog_pb2_grpc import CatalogServiceStub
from polycue.api.v1.jobs_pb2_grpc import JobServiceStub
from polycue.api.v1.transcription_pb2_grpc import TranscriptionServiceStub
from polycue.app import server
from polycue.app.engine import Engine, open_engine
from polycue.app.server import App
from polycue.app.stop import Stop
from polycue.config import Settings
from polycue.domain.errors import LanguageNotSupported, ModelMissing, PairNotInstalled
from polycue.domain.media import AudioChoice
from polycue.domain.request import InputFile, SpeechOptions, SubtitleTask
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from support.serving import Channel, refused

WAIT_S = 100


@pytest.fixture(scope="module")
def models(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    import_models(repository / "demo" / "models", ModelStore(folder))
    return folder


@pytest.fixture(scope="module")
def engine(models: Path) -> Iterator[Engine]:
    engine = open_engine(Settings(models_dir=models, device="cpu"), preload=True)
    yield engine
    engine.close()


@pytest.fixture
def settings(models: Path, repository: Path, tmp_path: Path) -> Settings:
    return Settings(
        listen="127.0.0.1:0",
        data_dir=tmp_path / "data",
        models_dir=models,
        file_root=(repository / "demo",),
    )


@contextlib.asynccontextmanager
async def serving(settings: Settings, engine: Engine) -> AsyncIterator[Channel]:
    stop, address = Stop(), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(App(settings, engine).serve(stop, on_ready=address.set_result))
    try:
        async with asyncio.timeout(WAIT_S), grpc.aio.insecure_channel(await address) as channel:
            yield channel
    finally:
        stop.now()
        await running


def tour(repository: Path) -> media_pb2.MediaSource:
    return media_pb2.MediaSource(uri=(repository / "demo" / "tour.mp4").as_uri())


def test_cues_that_were_streamed_are_those_of_the_job(
    settings: Settings, engine: Engine, repository: Path
) -> None:
    spanish = [media_pb2.TranslateConfig(target_language_code="es")]

    async def streamed(channel: Channel) -> list[tuple[str, int, str]]:
        request = pb.StreamTranscribeRequest(media=tour(repository), translations=spanish)
        events = [e async for e in TranscriptionServiceStub(channel).StreamTranscribe(request)]
        assert events[0].WhichOneof("event") == "started"
        finished = events[-1].finished
        cues = [e.cue for e in events if e.HasField("cue")]
        assert finished.cue_count == len(cues)
        assert [list(track.route) for track in finished.tracks] == [[], ["en", "es"]]
        assert "DEMO_MODEL" in {n.reason for track in finished.tracks for n in track.notices}
        return [(c.language_code, c.cue.index, c.cue.text) for c in cues]

    async def watched(channel: Channel) -> list[tuple[str, int, str]]:
        stub = JobServiceStub(channel)
        spec = jobs_pb2.JobSpec(
            subtitle=jobs_pb2.SubtitleTask(
                media=tour(repository),
                translations=spanish,
                formats=[media_pb2.SUBTITLE_FORMAT_VTT],
            )
        )
        job = (await stub.CreateJob(jobs_pb2.CreateJobRequest(spec=spec))).job
        request = jobs_pb2.WatchJobRequest(name=job.name, include_cues=True)
        events = [event async for event in stub.WatchJob(request)]
        done = events[-1].job
        assert done.state == jobs_pb2.JOB_STATE_SUCCEEDED, done.failure
        assert [a.filename for a in done.artifacts] == [
            "tour.en.vtt",
            "tour.es.vtt",
            "tour.en.report.json",
            "tour.es.report.json",
        ]
        return [(e.cues.language_code, c.index, c.text) for e in events for c in e.cues.cues]

    async def scenario() -> None:
        async with serving(settings, engine) as channel:
            one, other = await asyncio.gather(streamed(channel), watched(channel))
            assert one
            assert sorted(one) == sorted(other)

    asyncio.run(scenario())


def test_a_call_that_is_cancelled_lets_go_of_ffmpeg_and_of_its_folder(
    settings: Settings, engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_LET_GO_S", WAIT_S)  # a busy machine takes longer than a server

    async def scenario() -> None:
        async with serving(settings, engine) as channel:
            stub = TranscriptionServiceStub(channel)
            call = stub.StreamTranscribe(pb.StreamTranscribeRequest(media=tour(repository)))
            async for event in call:
                if event.HasField("cue"):
                    break
            call.cancel()
        # The server has stopped, and with it the thread; nothing is left of the clip.
        assert not list((settings.data_dir / "calls").iterdir())

    asyncio.run(scenario())


def test_the_place_of_a_call_that_was_given_up_is_free_again(
    settings: Settings, engine: Engine, repository: Path
) -> None:
    """Whether a deadline passed or the caller went: ffmpeg is dead by then, and the engine free."""
    strict = settings.model_copy(update={"max_calls": 1, "call_wait_s": WAIT_S})
    request = pb.StreamTranscribeRequest(media=tour(repository))

    async def scenario() -> None:
        async with serving(strict, engine) as channel:
            stub = TranscriptionServiceStub(channel)
            for timeout_s in (0.05, 0.2, 0.5):  # while it is probed, decoded, heard
                clip = pb.TranscribeRequest(media=tour(repository))
                error = await refused(stub.Transcribe(clip, timeout=timeout_s))
                assert error.status == "DEADLINE_EXCEEDED"
            for what in ("started", "progress", "cue"):
                call = stub.StreamTranscribe(request)  # and waits for the place
                async for event in call:
                    if event.HasField(what):
                        break
                call.cancel()

    asyncio.run(scenario())


def test_media_above_the_limit_of_a_call_are_refused(
    settings: Settings, models: Path, repository: Path
) -> None:
    short = open_engine(
        Settings(models_dir=models, device="cpu", max_call_media_s=5), preload=False
    )

    async def scenario() -> None:
        async with serving(settings, short) as channel:
            stub = TranscriptionServiceStub(channel)
            call = stub.Transcribe(pb.TranscribeRequest(media=tour(repository)))
            error = await refused(call)
            assert (error.status, error.reason) == ("INVALID_ARGUMENT", "LIMIT_EXCEEDED")
            assert "CreateJob" in error.message

    asyncio.run(scenario())
    short.close()


def test_the_catalogue_is_that_of_the_folder(settings: Settings, engine: Engine) -> None:
    async def scenario() -> None:
        async with serving(settings, engine) as channel:
            stub = CatalogServiceStub(channel)
            models = (await stub.ListModels(catalog_pb2.ListModelsRequest())).models
            assert [
                (m.name, list(m.language_codes), m.default_model, m.demo, m.translates)
                for m in models
            ] == [("models/demo-en", ["en"], True, True, False)]
            request = catalog_pb2.ListTranslationPairsRequest()
            pairs = (await stub.ListTranslationPairs(request)).pairs
            routes = {
                (p.source_language_code, *p.pivot_language_codes, p.target_language_code)
                for p in pairs
            }
            assert routes == {("en", "es"), ("en", "de"), ("es", "en"), ("es", "en", "de")}

    asyncio.run(scenario())


def task(*targets: str, **speech: str) -> SubtitleTask:
    options = SpeechOptions(**speech)  # type: ignore[arg-type]
    film = InputFile(Path("film.mkv"), "film.mkv")
    return SubtitleTask(film, AudioChoice(), options, targets)


def test_what_is_not_installed_is_found_out_before_the_work(engine: Engine) -> None:
    check = engine.installed.check
    check(task("es", "de"))
    check(task("en", language="en"))
    with pytest.raises(ModelMissing):
        check(task(model="large-v3"))
    with pytest.raises(LanguageNotSupported):
        check(task(language="fr"))
    with pytest.raises(PairNotInstalled):
        check(task("fr"))
    with pytest.raises(PairNotInstalled):
        check(task("es", "ja", language="en"))


def test_other_models_are_another_edition(repository: Path, tmp_path: Path) -> None:
    """What was made by one revision does not answer for the next one of the same name."""
    store = ModelStore(tmp_path)
    import_models(repository / "demo" / "models", store)
    engine = open_engine(Settings(models_dir=tmp_path, device="cpu"), preload=False)
    before = engine.installed.edition()
    assert engine.installed.edition() == before
    with (store.whisper_path("demo-en") / "README.md").open("a") as card:
        card.write("Another revision.\n")
    assert engine.installed.edition() != before
    engine.close()
