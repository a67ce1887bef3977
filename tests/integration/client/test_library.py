"""The client library and the real server."""

import asyncio
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from polycue.api.v1 import jobs_pb2, media_pb2, uploads_pb2
from polycue.testing.gate import Gate
from polycue.testing.pipeline import FakePipeline
from polycue_client import aio, connect, errors
from support.fleet import PATIENT
from support.served import Wire, served

WAIT_S = 60


def test_a_film_goes_there_and_its_tracks_come_back(data: Path, film: Path, tmp_path: Path) -> None:
    with served(data) as server, connect(server.address) as polycue:
        job = polycue.subtitle(film, translate_to=["es"], formats=["srt", "vtt"], mux=["mkv"])
        texts: dict[str, list[str]] = {}
        for event in polycue.watch(job, include_cues=True):
            if event.HasField("cues"):
                track = texts.setdefault(event.cues.language_code, [])
                track += [cue.text for cue in event.cues.cues]
        done = polycue.wait(job)
        paths = [polycue.download(artifact, tmp_path / "..") for artifact in done.artifacts]
    assert texts == {"en": ["one", "two", "three"], "es": ["ONE", "TWO", "THREE"]}
    assert sorted(path.name for path in paths) == [
        "film.en.srt",
        "film.en.vtt",
        "film.es.srt",
        "film.es.vtt",
        "film.subtitled.mkv",
    ]
    assert all(path.is_file() for path in paths)


def test_the_asyncio_client_does_the_same(data: Path, film: Path, tmp_path: Path) -> None:
    async def scenario(address: str) -> None:
        async with aio.connect(address) as polycue:
            job = await polycue.wait(await polycue.subtitle(film))
            path = await polycue.download(job.artifacts[0], tmp_path)
            assert path.name == "film.en.srt"
            assert [model.name for model in await polycue.models()] == ["models/fake"]
            tracks = (await polycue.transcribe(film, translate_to=["de"])).tracks
            assert [track.language_code for track in tracks] == ["en", "de"]

    with served(data) as server:
        asyncio.run(scenario(server.address))


def test_a_clip_is_transcribed_in_one_call(data: Path) -> None:
    with served(data) as server, connect(server.address) as polycue:
        english, spanish = polycue.transcribe(b"a clip", translate_to=["es"]).tracks
        cues = [e.cue.cue.text for e in polycue.stream_transcribe(b"a clip") if e.HasField("cue")]
    assert [cue.text for cue in spanish.cues] == ["ONE", "TWO", "THREE"]
    assert cues == [cue.text for cue in english.cues] == ["one", "two", "three"]


def test_models_pairs_and_limits_are_told(data: Path) -> None:
    with served(data) as server, connect(server.address) as polycue:
        assert polycue.server_info().limits.max_chunk_bytes > 0
        (pair,) = polycue.pairs(source="es", target="de")
    assert list(pair.pivot_language_codes) == ["en"]


def test_an_upload_over_a_wire_that_is_cut_arrives_whole(data: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(os.urandom(9_000_000))
    with (
        served(data) as server,
        Wire(server.address, 2_500_000, 3_500_000) as wire,
        connect(wire.address, retry=PATIENT) as polycue,
    ):
        upload = polycue.upload(film)
        assert wire.connections == 3
        assert upload.state == uploads_pb2.UPLOAD_STATE_COMPLETE
        assert polycue.get_upload(upload.name).sha256 == upload.sha256


def test_a_watch_over_a_wire_that_is_cut_misses_nothing(data: Path, film: Path) -> None:
    gate = Gate()
    pipeline = FakePipeline(gate=gate)
    with (
        served(data, pipeline) as server,
        connect(server.address) as direct,
        Wire(server.address) as wire,
        connect(wire.address, retry=PATIENT) as polycue,
    ):
        job = direct.subtitle(film)
        texts: list[str] = []
        for event in polycue.watch(job, include_cues=True):
            texts += [cue.text for cue in event.cues.cues]
            if texts == ["one"] and wire.connections == 1:
                wire.cut()
                gate.open()
        assert wire.connections == 2
    assert texts == ["one", "two", "three"]


def test_a_server_that_is_away_for_a_moment_is_waited_for(
    data: Path, film: Path, tmp_path: Path
) -> None:
    """The film was sent to a server that stopped, and its job goes to the next one."""
    listen = f"unix:{tmp_path}/s"
    away = threading.Event()
    retry = replace(PATIENT, on_wait=lambda error: away.set())
    states: list[jobs_pb2.JobState.ValueType] = []
    with connect(listen, retry=retry) as polycue:
        with served(data, listen=listen):
            upload = polycue.upload(film)

        def work() -> None:
            job = polycue.subtitle(media_pb2.MediaSource(upload=upload.name))
            states.append(polycue.wait(job).state)

        working = threading.Thread(target=work)
        working.start()
        assert away.wait(WAIT_S)
        with served(data, listen=listen):
            working.join(WAIT_S)
    assert states == [jobs_pb2.JOB_STATE_SUCCEEDED]


def test_a_job_whose_server_stopped_goes_on_at_the_next(
    data: Path, film: Path, tmp_path: Path
) -> None:
    gate = Gate()
    listen = f"unix:{tmp_path}/s"
    ended: list[jobs_pb2.Job] = []

    def wait(job: jobs_pb2.Job) -> None:
        with connect(listen, retry=PATIENT) as polycue:
            ended.append(polycue.wait(job))

    with served(data, FakePipeline(gate=gate), listen=listen):
        with connect(listen) as polycue:
            job = polycue.subtitle(film)
        waiting = threading.Thread(target=wait, args=(job,))
        assert gate.reached.wait(WAIT_S)
        waiting.start()
    with served(data, listen=listen):
        waiting.join(WAIT_S)
    assert [job.state for job in ended] == [jobs_pb2.JOB_STATE_SUCCEEDED]


def test_a_job_that_runs_can_be_cancelled_and_then_deleted(data: Path, film: Path) -> None:
    gate = Gate()
    with served(data, FakePipeline(gate=gate)) as server, connect(server.address) as polycue:
        job = polycue.subtitle(film)
        assert gate.reached.wait(WAIT_S)
        polycue.cancel(job)
        with pytest.raises(errors.JobCancelled):
            polycue.wait(job)
        polycue.delete(job)
        assert list(polycue.jobs()) == []


@pytest.mark.parametrize(
    ("translate_to", "model", "kind"),
    [
        (["no language"], "", errors.UnknownLanguage),
        (["fr"], "", errors.PairNotInstalled),
        ([], "models/enormous", errors.ModelMissing),
    ],
    ids=["language", "pair", "model"],
)
def test_what_the_server_does_not_have_is_a_class_of_its_own(
    data: Path,
    film: Path,
    translate_to: list[str],
    model: str,
    kind: type[errors.PolycueClientError],
) -> None:
    with served(data) as server, connect(server.address) as polycue, pytest.raises(kind) as raised:
        polycue.subtitle(
            film, translate_to=translate_to, transcribe=media_pb2.TranscribeConfig(model=model)
        )
    if kind is not errors.UnknownLanguage:
        assert raised.value.metadata["command"].startswith("polycue models pull")


def test_a_message_over_the_limit_is_an_error_and_the_server_serves_on(data: Path) -> None:
    with served(data) as server, connect(server.address) as polycue:
        with pytest.raises(errors.LimitExceeded):
            polycue.transcribe(b"x" * (polycue.server_info().limits.max_inline_bytes + 1))
        with pytest.raises(errors.ResourceExhausted):
            polycue.translate_subtitles("x" * 5_000_000, source="en", to=["es"])
        assert polycue.server_info().version


def test_a_subtitle_text_is_translated_on_its_own_time_line(data: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nGood morning.\n"
    with served(data) as server, connect(server.address) as polycue:
        (spanish,) = polycue.translate_subtitles(text, source="en", to=["es"])
        assert spanish.text == "1\n00:00:01,000 --> 00:00:02,000\nGOOD MORNING.\n\n"
        assert polycue.convert_subtitles(text, to="vtt").text.startswith("WEBVTT")
        with pytest.raises(errors.SubtitleSyntax):
            polycue.translate_subtitles("no subtitles", source="en", to=["es"])
