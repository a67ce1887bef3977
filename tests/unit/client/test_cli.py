"""The commands against a scripted server: what is written, what is said, how it ends."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click
import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from polycue.api.v1 import artifacts_pb2, engine_pb2, jobs_pb2, media_pb2
from polycue_client.cli.app import polycue as polycue_group
from polycue_client.cli.app import run
from polycue_client.cli.lazy import LazyGroup
from polycue_client.testing import Event, Refusal, Script, ScriptedServer

Polycue = Callable[..., int]
ENGLISH = b"1\n00:00:01,000 --> 00:00:02,000\nThe whales are clever.\n"
SPANISH = b"1\n00:00:01,000 --> 00:00:02,000\nLas ballenas son listas.\n"


@pytest.fixture
def polycue(server: ScriptedServer) -> Polycue:
    def run_on_server(command: str, *args: object) -> int:
        return run([*command.split(), "--server", server.address, *map(str, args)])

    return run_on_server


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"moving pictures")
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def cues_event(language: str, text: str, *, route: Sequence[str] = ()) -> Event:
    event = Event(cues=media_pb2.Track(language_code=language, route=route))
    cue = event.cues.cues.add(index=1, text=text)
    cue.start_offset.FromSeconds(1)
    cue.end_offset.FromSeconds(2)
    return event


def makes(
    server: ScriptedServer,
    files: Mapping[str, bytes],
    *,
    events: Sequence[Event] = (),
    notices: Sequence[media_pb2.Notice] = (),
    usage: engine_pb2.EngineUsage | None = None,
) -> None:
    """The next job makes these files; "en.srt" is an English track, "mkv" a muxed copy."""

    def script(spec: jobs_pb2.JobSpec) -> Sequence[Event]:
        job = jobs_pb2.Job(
            state=jobs_pb2.JOB_STATE_SUCCEEDED,
            language_code="en",
            notices=notices,
            engine_usage=usage,
        )
        for number, (tail, data) in enumerate(files.items()):
            tail_of_language = tail.removeprefix("bilingual.")
            language = tail_of_language.partition(".")[0] if "." in tail else ""
            name = f"jobs/{len(server.artifacts)}/artifacts/{number}"
            server.artifacts[name] = data
            job.artifacts.append(
                artifacts_pb2.Artifact(
                    name=name,
                    filename=f"../elsewhere/whatever.{tail}",
                    language_code=language,
                    size_bytes=len(data),
                    sha256=hashlib.sha256(data).digest(),
                )
            )
        return [*events, Event(job=job)]

    server.scripts.append(script)


def fails(code: grpc.StatusCode, reason: str, message: str) -> Script:
    failure = media_pb2.Failure(code=code.value[0], reason=reason, message=message)
    job = jobs_pb2.Job(state=jobs_pb2.JOB_STATE_FAILED, failure=failure)
    return lambda spec: [Event(job=job)]


def runs_until_cancelled(spec: jobs_pb2.JobSpec) -> Sequence[Event]:
    return [
        Event(job=jobs_pb2.Job(state=jobs_pb2.JOB_STATE_RUNNING)),
        Event(job=jobs_pb2.Job(state=jobs_pb2.JOB_STATE_CANCELLED)),
    ]


def subtitle_task(server: ScriptedServer) -> jobs_pb2.SubtitleTask:
    (request,) = server.requests["CreateJob"]
    assert isinstance(request, jobs_pb2.CreateJobRequest)
    return request.spec.subtitle


def test_tracks_and_copies_lie_beside_the_film_under_its_name(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    makes(server, {"en.srt": ENGLISH, "es.srt": SPANISH, "mkv": b"film"})
    assert polycue("subtitle", film, "--translate-to", "es", "--mux", "mkv") == 0
    assert names_in(film.parent) == [
        "film.en.srt",
        "film.es.srt",
        "film.mp4",
        "film.subtitled.mkv",
    ]
    assert film.with_name("film.en.srt").read_bytes() == ENGLISH
    assert capsys.readouterr().out.splitlines() == [
        str(film.with_name(name)) for name in ("film.en.srt", "film.es.srt", "film.subtitled.mkv")
    ]


def test_a_bilingual_track_has_a_name_of_its_own(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    makes(server, {"en.srt": ENGLISH, "bilingual.es.srt": SPANISH})
    assert polycue("subtitle", film, "--translate-to", "es", "--bilingual") == 0
    assert names_in(film.parent) == ["film.bilingual.es.srt", "film.en.srt", "film.mp4"]
    assert subtitle_task(server).bilingual


def test_a_bilingual_track_in_the_way_is_told_before_any_work(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    film.with_name("film.bilingual.es.srt").write_text("mine")
    how = ("--language", "en", "--translate-to", "es", "--bilingual")
    assert polycue("subtitle", film, *how) == 1
    assert not server.requests


@pytest.mark.parametrize("flag", ["--bilingual", "--keep-source-cues"])
def test_what_is_about_translations_needs_one(
    polycue: Polycue, server: ScriptedServer, film: Path, flag: str
) -> None:
    assert polycue("subtitle", film, flag) == 2
    assert not server.requests


def test_terms_and_source_cues_are_asked_for_in_every_language(
    polycue: Polycue, server: ScriptedServer, film: Path, tmp_path: Path
) -> None:
    terms = tmp_path / "terms.csv"
    terms.write_text("term,es\nwhale,ballena\n")
    makes(server, {"en.srt": ENGLISH})
    how = (
        "-t",
        "es,de",
        "--keep-source-cues",
        "--glossary",
        terms,
        "--keep-terms",
        "polycue,FFmpeg",
        "--translation-beam",
        "2",
    )
    assert polycue("subtitle", film, *how) == 0
    spanish, german = subtitle_task(server).translations
    assert [(e.term, e.translation) for e in spanish.glossary] == [
        ("whale", "ballena"),
        ("polycue", ""),
        ("FFmpeg", ""),
    ]
    assert [e.term for e in german.glossary] == ["polycue", "FFmpeg"]
    assert spanish.keep_source_cues
    assert german.keep_source_cues
    assert (spanish.beam_size, german.beam_size) == (2, 2)


def test_a_glossary_that_is_none_is_wrong_usage(
    polycue: Polycue,
    server: ScriptedServer,
    film: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    terms = tmp_path / "terms.csv"
    terms.write_text("whale,ballena\n")
    assert polycue("subtitle", film, "-t", "es", "--glossary", terms) == 2
    assert "terms.csv, line 1: name the columns first" in capsys.readouterr().err
    assert not server.requests


def test_a_film_is_uploaded_to_a_server_and_removed_from_it_afterwards(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    makes(server, {"en.srt": ENGLISH})
    assert polycue("subtitle", film, "--audio-track", "de") == 0
    (request,) = server.requests["CreateJob"]
    assert isinstance(request, jobs_pb2.CreateJobRequest)
    media = request.spec.subtitle.media
    assert media.upload.startswith("uploads/")
    assert media.audio.language_code == "de"
    assert request.labels == {"file": "film.mp4"}
    assert server.uploads == {}


def test_forced_tracks_are_asked_for_and_keep_their_kind_in_their_name(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    makes(server, {"en.srt": ENGLISH, "en.forced.srt": ENGLISH})
    assert polycue("subtitle", film, "--forced") == 0
    (request,) = server.requests["CreateJob"]
    assert isinstance(request, jobs_pb2.CreateJobRequest)
    assert request.spec.subtitle.forced
    assert names_in(film.parent) == ["film.en.forced.srt", "film.en.srt", "film.mp4"]


def test_forced_tracks_do_not_replace_older_ones_unasked(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    film.with_name("film.en.forced.srt").write_bytes(b"mine")
    assert polycue("subtitle", film, "--forced", "--language", "en") == 1
    assert "CreateJob" not in server.requests
    assert film.with_name("film.en.forced.srt").read_bytes() == b"mine"


def test_an_output_folder_is_made(polycue: Polycue, server: ScriptedServer, film: Path) -> None:
    makes(server, {"en.srt": ENGLISH})
    assert polycue("subtitle", film, "-o", film.parent / "a" / "b") == 0
    assert names_in(film.parent / "a" / "b") == ["film.en.srt"]


def test_no_output_folder_is_made_for_nothing(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    server.scripts.append(fails(grpc.StatusCode.INVALID_ARGUMENT, "NOT_MEDIA", "no film"))
    assert polycue("subtitle", film, "-o", film.parent / "a" / "b") == 1
    makes(server, {"en.srt": ENGLISH})
    server.fail("ReadArtifact", Refusal(grpc.StatusCode.DATA_LOSS, "gone"))
    assert polycue("subtitle", film, "-o", film.parent / "a" / "b") == 1
    assert names_in(film.parent) == ["film.mp4"]


def test_one_track_goes_to_stdout_as_it_is(
    polycue: Polycue, server: ScriptedServer, film: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    makes(server, {"en.srt": ENGLISH, "es.srt": SPANISH})
    assert polycue("subtitle", film, "--translate-to", "es", "-o", "-") == 0
    assert capfdbinary.readouterr().out == SPANISH
    assert names_in(film.parent) == ["film.mp4"]


def test_what_goes_to_stdout_needs_no_room_beside_the_film(
    polycue: Polycue,
    server: ScriptedServer,
    tmp_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    # Root may write anywhere, so what stands in the way is a name that no result could follow.
    film = tmp_path / ("x" * 250 + ".mp4")
    film.write_bytes(b"x")
    makes(server, {"en.srt": ENGLISH})
    assert polycue("subtitle", film, "-o", "-") == 0
    assert capfdbinary.readouterr().out == ENGLISH


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_what_goes_to_stdout_needs_no_folder_that_can_be_written(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    makes(server, {"en.srt": ENGLISH})
    film.parent.chmod(0o500)
    try:
        assert polycue("subtitle", film, "-o", "-") == 0
    finally:
        film.parent.chmod(0o700)


@pytest.mark.parametrize(
    "more",
    [
        ["other.mp4"],
        ["-f", "srt,vtt"],
        ["-t", "es,de"],
        ["--mux"],
        ["--burn", "en"],
        ["--report"],
        ["--json"],
        ["--print"],
    ],
    ids=lambda more: " ".join(more),
)
def test_stdout_takes_one_track_only(
    polycue: Polycue, server: ScriptedServer, film: Path, more: list[str]
) -> None:
    assert polycue("subtitle", film, "-o", "-", *more) == 2
    assert not server.requests


def test_one_file_that_fails_does_not_stop_the_others(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = film.with_name("text.mp4")
    text.write_text("I am no film")
    server.scripts.append(
        fails(grpc.StatusCode.INVALID_ARGUMENT, "NOT_MEDIA", "text.mp4: not a media file")
    )
    makes(server, {"en.srt": ENGLISH})
    assert polycue("subtitle", text, film.with_name("none.mp4"), film) == 1
    said = capsys.readouterr()
    assert f"{text}: error: text.mp4: not a media file" in said.err
    assert f"{film.with_name('none.mp4')}: No such file or directory" in said.err
    assert said.out == f"{film.with_name('film.en.srt')}\n"


def test_notices_are_shown_as_warnings(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notice = media_pb2.Notice(reason="NO_SPEECH", message="nobody speaks")
    makes(server, {"und.srt": b""}, notices=[notice])
    assert polycue("subtitle", film) == 0
    assert f"{film}: warning: nobody speaks" in capsys.readouterr().err
    assert film.with_name("film.und.srt").read_bytes() == b""


USAGE = engine_pb2.EngineUsage(
    wall_duration=Duration(seconds=12, nanos=340_000_000),
    queued_duration=Duration(seconds=6),
    device_duration=Duration(seconds=11),
    device_share=0.5,
    batch_count=7,
    batch_fill=0.82,
    chunk_count=12,
    repeated_chunk_count=2,
    token_count=600,
    audio_duration=Duration(seconds=103),
)


def test_what_the_devices_did_is_one_line(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    makes(server, {"en.srt": ENGLISH}, usage=USAGE)
    assert polycue("subtitle", film) == 0
    line = (
        "103.0 s of sound in 12.3 s: 10 chunks, 2 times one again, in 7 batches 82% full;"
        " waited 0.5 s each; device 11.0 s, 50% of its work"
    )
    assert f"{film}: {line}\n" in capsys.readouterr().err
    assert polycue("jobs show", "2") == 0
    assert f"engine: {line}\n" in capsys.readouterr().out
    makes(server, {"en.srt": ENGLISH}, usage=USAGE)
    assert polycue("subtitle", film, "--json", "-y") == 0
    (told,) = json.loads(capsys.readouterr().out)["files"]
    assert told["engine"]["device_share"] == 0.5
    assert told["engine"]["audio_duration"] == "103s"


def test_of_work_without_a_device_there_is_no_such_line(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    makes(server, {"en.srt": ENGLISH}, usage=engine_pb2.EngineUsage(wall_duration=Duration()))
    assert polycue("subtitle", film) == 0
    assert "device" not in capsys.readouterr().err


def test_json_is_one_document_that_tells_of_every_file(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = film.with_name("other.mp4")
    other.write_bytes(b"x")
    notice = media_pb2.Notice(reason="DEMO_MODEL", message="a small world")
    makes(server, {"en.srt": ENGLISH}, notices=[notice])
    server.scripts.append(fails(grpc.StatusCode.FAILED_PRECONDITION, "NO_AUDIO_STREAM", "no sound"))
    assert polycue("subtitle", film, other, "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["exit_code"] == 1
    good, bad = document["files"]
    assert (good["ok"], good["language"], good["job"]) == (True, "en", "jobs/2")
    assert good["outputs"] == [
        {
            "path": str(film.with_name("film.en.srt")),
            "language": "en",
            "size_bytes": len(ENGLISH),
            "sha256": hashlib.sha256(ENGLISH).hexdigest(),
        }
    ]
    assert good["notices"] == [{"reason": "DEMO_MODEL", "message": "a small world", "metadata": {}}]
    assert (bad["ok"], bad["error"]["type"], bad["error"]["reason"]) == (
        False,
        "NoAudioStream",
        "NO_AUDIO_STREAM",
    )


def test_captions_are_printed_side_by_side(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = [
        cues_event("en", "The [whales]\nare clever."),
        cues_event("es", "Las ballenas son listas.", route=["en", "es"]),
    ]
    makes(server, {"en.srt": ENGLISH, "es.srt": SPANISH}, events=events)
    assert polycue("subtitle", film, "--translate-to", "es", "--print") == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "00:01.0" in line)
    assert "The [whales] are clever." in line
    assert "Las ballenas son listas." in line


@pytest.mark.parametrize(
    ("there", "args"),
    [
        ("film.en.srt", ["--language", "en"]),
        ("film.es.vtt", ["-f", "vtt", "--translate-to", "es"]),
        ("film.subtitled.mp4", ["--mux"]),
        ("film.subtitled.mkv", ["--mux", "mkv"]),
    ],
    ids=["spoken", "translated", "own container", "container"],
)
def test_a_file_in_the_way_is_told_before_any_work(
    polycue: Polycue,
    server: ScriptedServer,
    film: Path,
    there: str,
    args: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    film.with_name(there).write_text("mine")
    assert polycue("subtitle", film, *args) == 1
    assert f"{film.with_name(there)} is there already" in capsys.readouterr().err
    assert film.with_name(there).read_text() == "mine"
    assert not server.requests


@pytest.mark.parametrize(
    ("name", "copy"), [("a.m4a", "a.subtitled.mp4"), ("a.MKA", "a.subtitled.mkv")]
)
def test_a_copy_in_the_way_is_found_by_its_container_and_not_by_the_films_name(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path, name: str, copy: str
) -> None:
    (tmp_path / name).write_bytes(b"sound")
    (tmp_path / copy).write_text("mine")
    assert polycue("subtitle", tmp_path / name, "--mux") == 1
    assert not server.requests


def test_with_y_it_is_replaced(polycue: Polycue, server: ScriptedServer, film: Path) -> None:
    film.with_name("film.en.srt").write_text("old")
    makes(server, {"en.srt": ENGLISH})
    assert polycue("subtitle", film, "--language", "en", "-y") == 0
    assert film.with_name("film.en.srt").read_bytes() == ENGLISH


def test_a_file_in_the_way_of_a_language_just_heard_stops_the_job_there(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    film.with_name("film.en.srt").write_text("mine")
    server.scripts.append(lambda spec: [cues_event("en", "The"), *runs_until_cancelled(spec)])
    assert polycue("subtitle", film) == 1
    assert server.cancelled.is_set()
    assert film.with_name("film.en.srt").read_text() == "mine"


def test_nothing_is_written_when_one_result_is_damaged(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = b"damaged"

    makes(server, {"en.srt": ENGLISH, "es.srt": SPANISH})
    script = server.scripts.pop()

    def damaging(spec: jobs_pb2.JobSpec) -> Sequence[Event]:
        events = script(spec)
        server.artifacts["jobs/1/artifacts/1"] = damaged
        return events

    server.scripts.append(damaging)
    assert polycue("subtitle", film, "--translate-to", "es") == 1
    assert "arrived damaged" in capsys.readouterr().err
    assert names_in(film.parent) == ["film.mp4"]


def test_two_films_that_would_write_the_same_files_are_told_apart(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twin = film.with_suffix(".mkv")
    twin.write_bytes(b"moving pictures")
    makes(server, {"en.srt": ENGLISH})
    assert polycue("subtitle", film, twin) == 1
    assert f"would write the same files as {film}" in capsys.readouterr().err
    assert len(server.requests["CreateJob"]) == 1


def test_a_folder_stands_for_the_media_in_it(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    deep = tmp_path / "season" / "one"
    deep.mkdir(parents=True)
    for name in (
        "a.mp4",
        "b.MKV",
        "notes.txt",
        ".hidden.mp4",
        "a.subtitled.mp4",
        "season/one/c.mp4",
    ):
        (tmp_path / name).write_bytes(b"x")
    for _ in range(5):
        makes(server, {"en.srt": ENGLISH})
    assert polycue("subtitle", tmp_path) == 0
    assert {path.name for path in tmp_path.glob("*.srt")} == {"a.en.srt", "b.en.srt"}
    assert polycue("subtitle", tmp_path, "--recursive", "-y") == 0
    assert names_in(deep) == ["c.en.srt", "c.mp4"]


def test_a_folder_with_nothing_in_it_is_a_usage_error(polycue: Polycue, tmp_path: Path) -> None:
    assert polycue("subtitle", tmp_path) == 2


@pytest.mark.parametrize("kind", ["empty", "fifo"])
def test_what_is_no_film_is_told_without_asking_a_server(
    polycue: Polycue,
    server: ScriptedServer,
    tmp_path: Path,
    kind: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "film.mp4"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.touch()
    assert polycue("subtitle", path) == 1
    assert str(path) in capsys.readouterr().err
    assert not server.requests


def test_a_name_too_long_for_its_results_is_told_before_the_work(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = tmp_path / ("x" * 250 + ".mp4")
    film.write_bytes(b"x")
    assert polycue("subtitle", film) == 1
    assert "too long for results" in capsys.readouterr().err
    assert not server.requests


def test_a_folder_that_cannot_be_made_is_told(
    polycue: Polycue, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (film, film / "out"):
        assert polycue("subtitle", film, "-o", folder) == 1
        assert "Not a directory" in capsys.readouterr().err


def test_a_name_that_is_not_utf8_is_uploaded_under_a_readable_one(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    film = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4"))
    film.write_bytes(b"x")
    makes(server, {"en.srt": ENGLISH})
    assert polycue("subtitle", film) == 0
    assert b"caf\xe9.en.srt" in os.listdir(os.fsencode(tmp_path))


def test_json_tells_of_such_a_name_in_utf8(
    polycue: Polycue,
    server: ScriptedServer,
    tmp_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    film = os.fsencode(tmp_path) + "/größe ".encode() + b"caf\xe9.mp4"
    Path(os.fsdecode(film)).write_bytes(b"x")
    makes(server, {"en.srt": ENGLISH})
    assert polycue("subtitle", os.fsdecode(film), "--json") == 0
    document = capfdbinary.readouterr().out.decode("utf-8")
    assert "größe" in document
    (file,) = json.loads(document)["files"]
    assert os.fsencode(file["input"]) == film


def test_the_command_that_gets_a_missing_pair_is_printed(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fail(
        "CreateJob",
        Refusal(
            grpc.StatusCode.FAILED_PRECONDITION,
            "nothing installed translates en to fr",
            reason="PAIR_NOT_INSTALLED",
            command="polycue models pull 'en>fr'",
        ),
    )
    assert polycue("subtitle", film, "--translate-to", "fr") == 1
    assert "get it with: polycue models pull 'en>fr'" in capsys.readouterr().err
    assert server.uploads == {}


def test_nobody_at_the_address_is_exit_code_3(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = f"unix:{tmp_path}/nobody.sock"
    assert run(["subtitle", str(film), "--server", nobody, "--json"]) == 3
    said = capsys.readouterr()
    assert f"no server answers at {nobody}" in said.err
    (file,) = json.loads(said.out)["files"]
    assert file["error"]["type"] == "ServerUnreachable"


def test_only_a_language_that_there_will_be_is_burnt_in(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    assert polycue("subtitle", film, "--language", "en", "-t", "es", "--burn", "de") == 2
    assert not server.requests
    for language, burn in (("en", "en"), ("en", "es"), ("eng", "en"), ("German", "de")):
        makes(server, {"en.srt": ENGLISH, "mp4": b"film"})
        how = ("--language", language, "-t", "es", "--burn", burn, "-y")
        assert polycue("subtitle", film, *how) == 0


def test_a_device_that_does_not_exist_is_wrong_usage(
    film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["subtitle", str(film), "--device", "tpu"]) == 2
    assert "'tpu' is not one of 'auto', 'cpu', 'cuda'" in capsys.readouterr().err


def test_settings_of_an_embedded_server_do_not_go_with_an_address(
    polycue: Polycue, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert polycue("subtitle", film, "--device", "cuda") == 2
    assert "--device is for the embedded server" in capsys.readouterr().err


def test_the_server_may_stand_in_the_environment(
    server: ScriptedServer, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYCUE_SERVER", server.address)
    makes(server, {"en.srt": ENGLISH})
    assert run(["subtitle", str(film)]) == 0


def test_the_server_may_stand_before_the_command(
    server: ScriptedServer, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYCUE_SERVER", "localhost:1")
    makes(server, {"en.srt": ENGLISH})
    assert run(["--server", server.address, "subtitle", str(film)]) == 0
    assert run(["--server", server.address, "jobs", "list"]) == 0
    assert run(["--server", "localhost:1", "jobs", "list", "--server", server.address]) == 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_an_interrupted_command_cancels_its_job(
    server: ScriptedServer, film: Path, number: int, code: int
) -> None:
    server.scripts.append(runs_until_cancelled)
    command = [sys.executable, "-m", "polycue_client", "subtitle", str(film)]
    process = subprocess.Popen([*command, "--server", server.address], stderr=subprocess.DEVNULL)
    assert server.watched.wait(60)
    process.send_signal(number)
    assert process.wait(60) == code
    assert server.cancelled.is_set()
    assert server.uploads == {}
    assert names_in(film.parent) == ["film.mp4"]


@pytest.mark.parametrize("imported", ["polycue_client.cli.app", "grpc", "polycue_client.cli.batch"])
def test_a_command_interrupted_while_it_is_imported_just_ends(film: Path, imported: str) -> None:
    code = (
        "import builtins, os, signal, sys\n"
        "from polycue_client.cli import main\n"
        "import_as_ever = builtins.__import__\n"
        "def import_and_press_ctrl_c(name, *args):\n"
        f"    if name == {imported!r}:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    return import_as_ever(name, *args)\n"
        "builtins.__import__ = import_and_press_ctrl_c\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "subtitle", str(film)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, b"interrupted\n")


@pytest.mark.parametrize(
    ("collector", "limit"),
    [("http://127.0.0.1:1", "5"), ("http://[::1", "5"), ("http://127.0.0.1:1", "many")],
)
def test_a_collector_that_is_not_there_changes_nothing_that_a_command_says(
    film: Path, collector: str, limit: str
) -> None:
    command = [sys.executable, "-m", "polycue_client", "subtitle", str(film), "--server"]
    said = [
        subprocess.run(
            [*command, "127.0.0.1:9"],
            env={**os.environ, **more},
            capture_output=True,
            timeout=60,
            check=False,
        )
        for more in (
            {},
            {"OTEL_EXPORTER_OTLP_ENDPOINT": collector, "OTEL_SPAN_EVENT_COUNT_LIMIT": limit},
        )
    ]
    assert b"no server answers" in said[0].stderr
    assert (said[1].returncode, said[1].stderr) == (said[0].returncode, said[0].stderr)


def test_a_subtitle_file_is_translated_beside_itself(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    text = tmp_path / "film.en.vtt"
    text.write_text("WEBVTT\n")
    makes(server, {"es.vtt": SPANISH})
    assert polycue("translate", text, "--to", "es") == 0
    assert names_in(tmp_path) == ["film.en.vtt", "film.es.vtt"]
    (request,) = server.requests["CreateJob"]
    assert isinstance(request, jobs_pb2.CreateJobRequest)
    assert request.spec.translate.language_code == "en"
    assert list(request.spec.translate.formats) == [media_pb2.SUBTITLE_FORMAT_VTT]


def test_a_subtitle_file_of_an_unknown_language_is_a_usage_error(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    text = tmp_path / "film.srt"
    text.write_text("1\n")
    assert polycue("translate", text, "--to", "es") == 2
    makes(server, {"es.srt": SPANISH})
    assert polycue("translate", text, "--to", "es", "--from", "en") == 0


def test_subtitles_in_two_formats_are_translated_each_into_its_own(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    texts = [tmp_path / "film.en.srt", tmp_path / "film.en.vtt"]
    for text in texts:
        text.write_text("1\n")
    makes(server, {"es.srt": SPANISH})
    makes(server, {"es.vtt": SPANISH})
    assert polycue("translate", *texts, "--to", "es") == 0
    assert names_in(tmp_path) == ["film.en.srt", "film.en.vtt", "film.es.srt", "film.es.vtt"]


@pytest.mark.parametrize("more", [["--to", "es", "-f", "srt"], ["--to", "Spanish"]], ids=" ".join)
def test_subtitles_whose_translations_may_have_one_name_are_told_apart(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path, more: list[str]
) -> None:
    texts = [tmp_path / "film.en.srt", tmp_path / "film.en.vtt"]
    for text in texts:
        text.write_text("1\n")
    makes(server, {"es.srt": SPANISH})
    assert polycue("translate", *texts, *more) == 1
    assert len(server.requests["CreateJob"]) == 1


def test_of_a_folder_what_is_in_a_wanted_language_is_not_translated_again(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    for language in ("en", "es"):
        (tmp_path / f"film.{language}.srt").write_text("1\n")
    makes(server, {"de.srt": b"deutsch", "es.srt": SPANISH})
    assert polycue("translate", tmp_path, "--to", "es,de", "-y") == 0
    (request,) = server.requests["CreateJob"]
    assert isinstance(request, jobs_pb2.CreateJobRequest)
    assert request.spec.translate.language_code == "en"
    assert polycue("translate", tmp_path, "--to", "en,es,de") == 2


def test_a_language_that_the_text_is_in_already_is_left_out(
    polycue: Polycue,
    server: ScriptedServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = tmp_path / "film.en.srt"
    text.write_text("1\n")
    makes(server, {"es.srt": SPANISH})
    assert polycue("translate", text, "--to", "es,en") == 0
    assert f"{text}: warning: it is in en already" in capsys.readouterr().err
    (request,) = server.requests["CreateJob"]
    assert isinstance(request, jobs_pb2.CreateJobRequest)
    (translation,) = request.spec.translate.translations
    assert translation.target_language_code == "es"
    assert polycue("translate", text, "--to", "en") == 2


def test_a_translation_never_replaces_its_source(
    polycue: Polycue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "film.en.srt"
    text.write_text("mine")
    assert polycue("translate", text, "--from", "es", "--to", "en", "-y") == 1
    assert "would be written over itself" in capsys.readouterr().err
    assert text.read_text() == "mine"


def test_jobs_are_listed_and_filtered(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    makes(server, {"en.srt": ENGLISH})
    server.scripts.append(fails(grpc.StatusCode.INVALID_ARGUMENT, "NOT_MEDIA", "no film"))
    polycue("subtitle", film)
    polycue("subtitle", film, "-y")
    capsys.readouterr()
    assert polycue("jobs list", "--json", "--state", "failed") == 0
    (job,) = json.loads(capsys.readouterr().out)["jobs"]
    assert (job["state"], job["labels"]) == ("JOB_STATE_FAILED", {"file": "film.mp4"})
    assert polycue("jobs list") == 0
    listed = capsys.readouterr().out
    assert "succeeded" in listed
    assert "film.mp4" in listed


def test_a_jobs_results_are_fetched_later(
    polycue: Polycue, server: ScriptedServer, film: Path, tmp_path: Path
) -> None:
    makes(server, {"en.srt": ENGLISH})
    polycue("subtitle", film)
    folder = tmp_path / "later"
    assert polycue("jobs fetch", "2", "-o", folder) == 0
    assert (folder / "whatever.en.srt").read_bytes() == ENGLISH
    assert polycue("jobs fetch", "jobs/2", "-o", folder) == 1
    assert polycue("jobs fetch", "jobs/2", "-o", folder, "--overwrite") == 0


def test_a_job_is_shown_watched_cancelled_and_deleted(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    makes(server, {"en.srt": ENGLISH})
    polycue("subtitle", film)
    capsys.readouterr()
    assert polycue("jobs watch", "2") == 0
    assert "jobs/2: succeeded" in capsys.readouterr().out
    assert polycue("jobs show", "2") == 0
    assert "result: ../elsewhere" not in capsys.readouterr().out
    assert polycue("jobs cancel", "2") == 0
    assert polycue("jobs resume", "2") == 0
    assert "jobs/2: queued" in capsys.readouterr().out
    assert polycue("jobs delete", "2") == 0
    assert polycue("jobs show", "2") == 1
    assert "there is no jobs/2" in capsys.readouterr().err


def test_the_beginning_of_a_jobs_name_is_enough_where_no_other_begins_so(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(6):  # every upload and every job takes the next number
        makes(server, {"en.srt": ENGLISH})
        polycue("subtitle", film, "-y")
    capsys.readouterr()
    assert polycue("jobs delete", "1") == 2
    assert "2 jobs have names that begin with 1" in capsys.readouterr().err
    assert polycue("jobs delete", "jobs/12") == 0
    assert polycue("jobs delete", "1") == 0
    assert capsys.readouterr().out.splitlines() == ["jobs/12: deleted", "jobs/10: deleted"]


def test_watching_a_job_that_failed_is_a_failure(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.scripts.append(fails(grpc.StatusCode.INVALID_ARGUMENT, "NOT_MEDIA", "no film"))
    polycue("subtitle", film)
    capsys.readouterr()
    assert polycue("jobs watch", "2") == 1
    assert capsys.readouterr().err.endswith("Error: no film\n")


def test_jobs_need_a_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["jobs", "list"]) == 2
    assert "POLYCUE_SERVER" in capsys.readouterr().err


@pytest.mark.parametrize("args", [["--nonsense"], ["nonsense"], ["subtitle"]], ids=str)
def test_wrong_usage_is_exit_code_2(args: list[str]) -> None:
    assert run(args) == 2


@pytest.mark.parametrize("name", ["subtitle", "translate", "jobs"])
def test_the_groups_help_says_what_the_commands_say(name: str) -> None:
    assert isinstance(polycue_group, LazyGroup)
    command = polycue_group.get_command(click.Context(polycue_group), name)
    assert command is not None
    summary = polycue_group.lazy_commands[name].summary
    assert command.get_short_help_str(limit=200) == summary


def test_a_command_whose_packages_are_missing_names_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polycue.commands.doctor", None)
    assert run(["doctor"]) == 1
    assert "pip install 'polycue[service]'" in capsys.readouterr().err


@pytest.fixture
def transcript(film: Path) -> Path:
    path = film.with_name("film.en.json")
    path.write_text("{}")
    return path


def test_a_stored_transcript_is_enough_and_results_have_the_films_name(
    polycue: Polycue, server: ScriptedServer, film: Path, transcript: Path
) -> None:
    for args in ([transcript], ["--from-json", transcript]):
        makes(server, {"en.srt": ENGLISH, "es.srt": SPANISH})
        assert polycue("subtitle", *args, "--translate-to", "es", "-y") == 0
        request = server.requests["CreateJob"][-1]
        assert isinstance(request, jobs_pb2.CreateJobRequest)
        task = request.spec.subtitle
        assert not task.HasField("media")
        assert not task.HasField("transcribe")
        assert task.transcript.upload.startswith("uploads/")
        assert request.labels == {"file": "film.en.json"}
    assert names_in(film.parent) == ["film.en.json", "film.en.srt", "film.es.srt", "film.mp4"]
    assert server.uploads == {}


def test_the_film_goes_with_its_transcript_for_a_copy(
    polycue: Polycue, server: ScriptedServer, film: Path, transcript: Path
) -> None:
    makes(server, {"en.srt": ENGLISH, "mp4": b"film"})
    assert polycue("subtitle --mux", "--from-json", transcript, film) == 0
    (request,) = server.requests["CreateJob"]
    assert isinstance(request, jobs_pb2.CreateJobRequest)
    task = request.spec.subtitle
    assert task.media.upload != task.transcript.upload
    assert request.labels == {"file": "film.mp4"}
    assert film.with_name("film.subtitled.mp4").is_file()


def test_a_transcript_is_not_written_over_itself(
    polycue: Polycue, transcript: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert polycue("subtitle -f json", transcript, "-y") == 1
    assert "would be written over itself" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ([], "name a film, or a stored transcript"),
        (["film.en.json", "--model", "small"], "--model is about listening"),
        (["--from-json", "film.en.json", "--audio-track", "1"], "--audio-track is about listening"),
        (["--from-json", "film.en.json", "a.mp4", "b.mp4"], "--from-json is of one film"),
    ],
)
def test_what_a_transcript_has_no_use_for_is_refused(
    polycue: Polycue, capsys: pytest.CaptureFixture[str], args: list[str], problem: str
) -> None:
    assert polycue("subtitle", *args) == 2
    assert problem in capsys.readouterr().err


@pytest.fixture
def old(film: Path) -> Path:
    path = film.with_name("old.es.srt")
    path.write_bytes(SPANISH)
    return path


def test_synced_subtitles_lie_beside_the_old_ones(
    polycue: Polycue,
    server: ScriptedServer,
    film: Path,
    old: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    moved = media_pb2.Notice(reason="RETIMED", message="0:00:01 to 0:00:02: 3.20 s earlier")
    for args in ([], ["-y"]):
        makes(server, {"es.srt": ENGLISH}, notices=[moved])
        assert polycue("sync --by speech --force", film, old, *args) == 0
    request = server.requests["CreateJob"][-1]
    assert isinstance(request, jobs_pb2.CreateJobRequest)
    task = request.spec.sync
    assert task.language_code == "es"
    assert task.mode == jobs_pb2.SYNC_MODE_SPEECH
    assert task.force
    assert list(task.formats) == [media_pb2.SUBTITLE_FORMAT_SRT]
    assert task.media.upload != task.subtitle.upload
    assert request.labels == {"file": "old.es.srt"}
    assert names_in(film.parent) == ["film.mp4", "old.es.srt", "old.es.synced.srt"]
    assert old.read_bytes() == SPANISH
    said = capsys.readouterr()
    assert f"{old}: 0:00:01 to 0:00:02: 3.20 s earlier" in said.err
    assert "warning" not in said.err
    assert polycue("sync", film, old) == 1
    assert "old.es.synced.srt is there already" in capsys.readouterr().err


def test_the_old_subtitles_are_replaced_where_that_is_asked_for(
    polycue: Polycue, server: ScriptedServer, film: Path, old: Path
) -> None:
    makes(server, {"es.srt": ENGLISH})
    assert polycue("sync --overwrite-input", film, old) == 0
    assert old.read_bytes() == ENGLISH
    assert names_in(film.parent) == ["film.mp4", "old.es.srt"]


def test_a_transcript_stands_for_the_film_and_own_results_are_not_synced_again(
    polycue: Polycue,
    server: ScriptedServer,
    transcript: Path,
    old: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = old.with_name("other.synced.srt")
    made.write_bytes(ENGLISH)
    makes(server, {"es.srt": ENGLISH})
    assert polycue("sync", transcript, old, made) == 0
    (request,) = server.requests["CreateJob"]
    assert isinstance(request, jobs_pb2.CreateJobRequest)
    assert not request.spec.sync.HasField("media")
    assert request.spec.sync.HasField("transcript")
    assert "other.synced.srt: left out" in capsys.readouterr().err


def test_subtitles_that_fit_nothing_are_not_written(
    polycue: Polycue,
    server: ScriptedServer,
    film: Path,
    old: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    message = "the subtitles do not fit this film"
    server.scripts.append(fails(grpc.StatusCode.FAILED_PRECONDITION, "POOR_FIT", message))
    assert polycue("sync", film, old) == 1
    assert names_in(film.parent) == ["film.mp4", "old.es.srt"]
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["film.mp4"], "Missing argument"),
        (["film.mp4", "a.srt", "b.srt", "-o", "-"], "one file, one format"),
        (["film.mp4", "a.srt", "--overwrite-input", "-f", "vtt"], "keeps name and format"),
        (["film.en.json", "a.srt", "--model", "small"], "--model is about listening"),
    ],
)
def test_a_sync_that_cannot_be_meant_is_a_usage_error(
    polycue: Polycue, capsys: pytest.CaptureFixture[str], args: list[str], problem: str
) -> None:
    assert polycue("sync", *args) == 2
    assert problem in capsys.readouterr().err
