"""Two tenants and a live caller on the demo models: what is counted is what happened."""

import asyncio
import contextlib
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from polycue.api.v1 import engine_pb2, jobs_pb2, media_pb2
from polycue.api.v1 import transcription_pb2 as pb
from polycue.api.v1.jobs_pb2_grpc import JobServiceStub
from polycue.api.v1.transcription_pb2_grpc import TranscriptionServiceStub
from polycue.app.engine import open_engine
from polycue.app.server import App
from polycue.app.stop import Stop
from polycue.config import Settings
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from support.callers import TokensFile, bearer
from support.serving import Channel

WAIT_S = 100
Sample = tuple[str, frozenset[tuple[str, str]]]


class Scraped:
    """What a server says at ``/metrics``, and by how much it has grown since the first look."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._before = self._look()

    def grown(self, name: str, **labels: str) -> float:
        """Summed over all labels that are not named."""
        wanted, now = set(labels.items()), self._look()
        return sum(
            value - self._before.get((sample, has), 0.0)
            for (sample, has), value in now.items()
            if sample == f"polycue_{name}" and wanted <= has
        )

    def labels(self) -> set[str]:
        """Every value of every label of ours."""
        return {
            value for name, has in self._look() if name.startswith("polycue_") for _, value in has
        }

    def _look(self) -> dict[Sample, float]:
        with urllib.request.urlopen(f"http://{self._address}/metrics") as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[Channel, Scraped]]:
    engine, stop = open_engine(settings, preload=True), Stop()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    with capture_logs() as lines:
        running = asyncio.create_task(
            App(settings, engine).serve(stop, on_ready=address.set_result)
        )
        try:
            async with asyncio.timeout(WAIT_S), grpc.aio.insecure_channel(await address) as channel:
                (metrics,) = (e["address"] for e in lines if e["event"] == "metrics are answered")
                yield channel, await asyncio.to_thread(Scraped, metrics)
        finally:
            stop.now()
            await running
            engine.close()


async def job_done(channel: Channel, film: Path, metadata: Any) -> engine_pb2.EngineUsage:
    stub = JobServiceStub(channel)
    task = jobs_pb2.SubtitleTask(
        media=media_pb2.MediaSource(uri=film.as_uri()), formats=[media_pb2.SUBTITLE_FORMAT_SRT]
    )
    request = jobs_pb2.CreateJobRequest(spec=jobs_pb2.JobSpec(subtitle=task), fresh=True)
    job = (await stub.CreateJob(request, metadata=metadata)).job
    events = stub.WatchJob(jobs_pb2.WatchJobRequest(name=job.name), metadata=metadata)
    done = [event async for event in events][-1].job
    assert done.state == jobs_pb2.JOB_STATE_SUCCEEDED, done.failure
    return done.engine_usage


async def clip_done(channel: Channel, film: Path, metadata: Any) -> engine_pb2.EngineUsage:
    clip = pb.TranscribeRequest(media=media_pb2.MediaSource(uri=film.as_uri()))
    stub = TranscriptionServiceStub(channel)
    return (await stub.Transcribe(clip, metadata=metadata)).engine_usage


@pytest.fixture(scope="module")
def models(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    import_models(repository / "demo" / "models", ModelStore(folder))
    return folder


def test_what_is_counted_is_what_the_reports_of_all_work_add_up_to(
    models: Path, repository: Path, tmp_path: Path
) -> None:
    tokens, film = TokensFile(tmp_path / "tokens.toml"), repository / "demo" / "tour.mp4"
    films, news = bearer(tokens.add("films")), bearer(tokens.add("news"))
    settings = Settings(
        listen="127.0.0.1:0",
        metrics_listen="127.0.0.1:0",
        data_dir=tmp_path / "data",
        models_dir=models,
        file_root=(film.parent,),
        tokens_file=tokens.path,
        device="cpu",
        max_running_jobs=2,
    )

    async def scenario() -> None:
        async with serving(settings) as (channel, scraped):
            *jobs, clip = await asyncio.gather(
                job_done(channel, film, films),
                job_done(channel, film, news),
                clip_done(channel, film, news),
            )
            await asyncio.to_thread(check, scraped, jobs, clip)

    asyncio.run(scenario())


def check(
    scraped: Scraped, jobs: list[engine_pb2.EngineUsage], clip: engine_pb2.EngineUsage
) -> None:
    everybody = [*jobs, clip]
    rows = sum(usage.chunk_count for usage in everybody)
    assert all(usage.chunk_count for usage in everybody)
    assert scraped.grown("rows_total") == rows
    again = sum(usage.repeated_chunk_count for usage in everybody)
    assert scraped.grown("rows_total", **{"try": "again"}) == again
    assert scraped.grown("features_made_total") == rows - again
    assert scraped.grown("row_wait_seconds_count", urgency="live") == clip.chunk_count
    assert scraped.grown("row_wait_seconds_count", urgency="batch") == rows - clip.chunk_count
    assert scraped.grown("tokens_total") == sum(usage.token_count for usage in everybody) > 0
    heard_ms = sum(usage.audio_duration.ToMilliseconds() for usage in everybody)
    assert scraped.grown("recognised_audio_seconds_total") == pytest.approx(heard_ms / 1000)
    busy_s = scraped.grown("device_busy_seconds_total")
    device_ms = sum(usage.device_duration.ToMilliseconds() for usage in everybody)
    assert busy_s * 1000 == pytest.approx(device_ms, abs=len(everybody))
    waited_ms = sum(usage.queued_duration.ToMilliseconds() for usage in everybody)
    assert scraped.grown("row_wait_seconds_sum") * 1000 == pytest.approx(waited_ms, abs=3)
    assert scraped.grown("batches_total") == scraped.grown("batch_seconds_count") > 0
    assert all(0 < usage.device_share <= 1 and 0 < usage.batch_fill <= 1 for usage in everybody)
    assert scraped.grown("decoded_audio_seconds_total") == pytest.approx(3 * 103, abs=3)
    assert not {"films", "news", "tour.mp4"} & scraped.labels()
