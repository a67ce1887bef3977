"""Formats on the command line: conversions, and HLS tracks that become folders."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import grpc
import pytest

from polycue.api.v1 import artifacts_pb2, catalog_pb2, jobs_pb2, media_pb2, subtitles_pb2
from polycue_client.cli.app import run
from polycue_client.cli.hls import FolderDraft
from polycue_client.errors import FileExists, ServerFault
from polycue_client.testing import Event, Refusal, ScriptedServer

Polycue = Callable[..., int]
TEXT = "1\n00:00:01,000 --> 00:00:02,000\nHello\n"
SEGMENTS = {"index.m3u8": b"#EXTM3U\n", "00001.vtt": b"WEBVTT\n\n"}


@pytest.fixture
def polycue(server: ScriptedServer) -> Polycue:
    def run_on_server(command: str, *args: object) -> int:
        return run([*command.split(), "--server", server.address, *map(str, args)])

    return run_on_server


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "film.en.srt"
    path.write_text(TEXT)
    return path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"moving pictures")
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return out.getvalue()


def makes_hls(server: ScriptedServer, data: bytes) -> None:
    """The next job makes an English HLS track."""

    def script(spec: jobs_pb2.JobSpec) -> Sequence[Event]:
        server.artifacts["jobs/1/artifacts/1"] = data
        artifact = artifacts_pb2.Artifact(
            name="jobs/1/artifacts/1",
            filename="film.en.hls.zip",
            language_code="en",
            size_bytes=len(data),
            sha256=hashlib.sha256(data).digest(),
        )
        job = jobs_pb2.Job(state=jobs_pb2.JOB_STATE_SUCCEEDED, language_code="en")
        job.artifacts.append(artifact)
        return [Event(job=job)]

    server.scripts.append(script)


def conversions(server: ScriptedServer) -> list[subtitles_pb2.ConvertSubtitlesRequest]:
    requests = server.requests["ConvertSubtitles"]
    return [r for r in requests if isinstance(r, subtitles_pb2.ConvertSubtitlesRequest)]


def test_a_file_is_converted_beside_itself_under_its_own_name(
    polycue: Polycue, server: ScriptedServer, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert polycue("convert", text, "-f", "vtt,ass") == 0
    assert names_in(text.parent) == ["film.en.ass", "film.en.srt", "film.en.vtt"]
    assert capsys.readouterr().out.splitlines() == [
        str(text.with_suffix(".vtt")),
        str(text.with_suffix(".ass")),
    ]
    first, second = conversions(server)
    assert first.content == TEXT.encode()
    assert first.document.format == media_pb2.SUBTITLE_FORMAT_SRT
    assert first.document.language_code == "en"
    assert not first.HasField("layout")
    assert second.output_format == media_pb2.SUBTITLE_FORMAT_ASS


def test_lines_are_broken_anew_only_where_their_look_is_given(
    polycue: Polycue, server: ScriptedServer, text: Path
) -> None:
    assert polycue("convert", text, "-f", "vtt", "--max-line-width", 30, "--language", "es") == 0
    (request,) = conversions(server)
    assert request.layout.max_line_chars == 30
    assert request.document.language_code == "es"


def test_a_name_that_promises_no_format_leaves_it_to_the_content(
    polycue: Polycue, server: ScriptedServer, text: Path
) -> None:
    notes = text.rename(text.with_name("notes.txt"))
    assert polycue("convert", notes, "-f", "vtt") == 0
    (request,) = conversions(server)
    assert request.document.format == media_pb2.SUBTITLE_FORMAT_UNSPECIFIED


def test_a_file_is_never_written_over_itself(
    polycue: Polycue, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert polycue("convert", text, "-f", "srt,vtt", "-y") == 0
    assert names_in(text.parent) == ["film.en.srt", "film.en.vtt"]
    assert polycue("convert", text, "-f", "srt", "-y") == 1
    assert "written over itself" in capsys.readouterr().err
    assert text.read_text() == TEXT


def test_nothing_is_replaced_without_y_and_then_nothing_is_written(
    polycue: Polycue, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text.with_suffix(".vtt").write_text("mine")
    assert polycue("convert", text, "-f", "ass,vtt") == 1
    assert "film.en.vtt is there already" in capsys.readouterr().err
    assert names_in(text.parent) == ["film.en.srt", "film.en.vtt"]
    assert polycue("convert", text, "-f", "ass,vtt", "-y") == 0
    assert text.with_suffix(".vtt").read_text() == TEXT


def test_a_result_that_fails_takes_the_others_of_its_file_with_it(
    polycue: Polycue, server: ScriptedServer, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = text.with_name("other.srt")
    other.write_text(TEXT)
    refusal = Refusal(
        grpc.StatusCode.FAILED_PRECONDITION,
        "TTML needs a library that is not there; get it with: pip install 'polycue[imsc]'",
        reason="FORMAT_NOT_INSTALLED",
        command="pip install 'polycue[imsc]'",
    )
    server.fail("ConvertSubtitles", refusal)
    assert polycue("convert", text, other, "-f", "ttml", "-o", text.parent / "out") == 1
    assert names_in(text.parent / "out") == ["other.ttml"]
    assert capsys.readouterr().err == f"{text}: error: {refusal.message}\n"


def test_one_result_goes_to_stdout(
    polycue: Polycue, text: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert polycue("convert", text, "-f", "vtt", "-o", "-") == 0
    assert capfdbinary.readouterr().out == TEXT.encode()
    assert names_in(text.parent) == ["film.en.srt"]


def test_json_tells_of_every_file(
    polycue: Polycue, text: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    missing = text.with_name("none.srt")
    assert polycue("convert", text, missing, "-f", "vtt", "--json") == 1
    document = json.loads(capfd.readouterr().out)
    done, failed = document["files"]
    assert document["exit_code"] == 1
    assert (done["ok"], done["outputs"][0]["path"]) == (True, str(text.with_suffix(".vtt")))
    assert (failed["ok"], failed["error"]["type"]) == (False, "FileNotFoundError")


def test_what_is_too_large_for_a_call_is_told_with_the_limit(
    polycue: Polycue, server: ScriptedServer, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.limits = catalog_pb2.ServerLimits(max_inline_bytes=10, max_chunk_bytes=10)
    assert polycue("convert", text, "-f", "vtt") == 1
    assert f"has {len(TEXT)} bytes; at most 10 are converted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ([], "say with -f"),
        (["-f", "sub"], "'sub' is not one of srt, vtt, json, ass, ttml, txt, tsv, hls"),
        (["-f", "hls", "-o", "-"], "hls makes a folder"),
        (["-f", "srt,vtt", "-o", "-"], "one format"),
    ],
)
def test_wrong_usage_is_told(
    polycue: Polycue, text: Path, args: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert polycue("convert", text, *args) == 2
    assert told in capsys.readouterr().err


def test_nobody_at_the_address_is_exit_code_3_and_told_of_every_file(
    text: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    args = ["convert", str(text), "-f", "vtt", "--server", f"unix:{text.parent / 'none.sock'}"]
    assert run([*args, "--json"]) == 3
    said = capfd.readouterr()
    assert "no server answers" in said.err
    (file,) = json.loads(said.out)["files"]
    assert (file["ok"], file["error"]["type"]) == (False, "ServerUnreachable")


def test_an_hls_track_becomes_a_folder(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    makes_hls(server, archive(SEGMENTS))
    assert polycue("subtitle", film, "-f", "hls") == 0
    folder = film.with_name("film.en.hls")
    assert capsys.readouterr().out == f"{folder}\n"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == SEGMENTS
    assert names_in(film.parent) == ["film.en.hls", "film.mp4"]


def test_an_hls_track_is_converted_into_a_folder_too(polycue: Polycue, text: Path) -> None:
    text.write_bytes(archive(SEGMENTS))  # the scripted server gives back what it gets
    assert polycue("convert", text, "-f", "hls") == 0
    assert names_in(text.with_suffix(".hls")) == ["00001.vtt", "index.m3u8"]


def test_a_jobs_hls_track_is_fetched_as_a_folder(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    makes_hls(server, archive(SEGMENTS))
    assert polycue("subtitle", film, "-f", "hls") == 0
    (job,) = {request.name for request in server.requests["WatchJob"]}  # type: ignore[attr-defined]
    assert polycue("jobs fetch", job, "-o", film.parent / "again") == 0
    assert names_in(film.parent / "again" / "film.en.hls") == ["00001.vtt", "index.m3u8"]


def test_an_hls_folder_in_the_way_is_told_before_any_work(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    film.with_name("film.en.hls").mkdir()
    assert polycue("subtitle", film, "-f", "hls", "--language", "en") == 1
    assert not server.requests["CreateJob"]


def test_with_y_an_hls_track_is_replaced_and_no_other_folder_is(
    polycue: Polycue, server: ScriptedServer, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = film.with_name("film.en.hls")
    folder.mkdir()
    (folder / "00009.vtt").touch()
    makes_hls(server, archive(SEGMENTS))
    assert polycue("subtitle", film, "-f", "hls", "-y") == 0
    assert names_in(folder) == ["00001.vtt", "index.m3u8"]
    (folder / "diary.txt").touch()
    makes_hls(server, archive(SEGMENTS))
    assert polycue("subtitle", film, "-f", "hls", "-y") == 1
    assert names_in(folder) == ["00001.vtt", "diary.txt", "index.m3u8"]
    assert names_in(film.parent) == ["film.en.hls", "film.mp4"]
    assert "is no HLS track, and is not replaced" in capsys.readouterr().err


@pytest.mark.parametrize(
    "data",
    [
        archive({"../00001.vtt": b""}),
        archive({"/etc/00001.vtt": b""}),
        archive({"index.m3u8/00001.vtt": b""}),
        archive({"run.sh": b""}),
        b"no archive",
        archive(SEGMENTS)[:-10],
    ],
)
def test_an_archive_that_is_no_hls_track_leaves_nothing_behind(tmp_path: Path, data: bytes) -> None:
    with FolderDraft(tmp_path / "film.en.hls") as draft:
        draft.file.write(data)
        with pytest.raises(ServerFault, match="archive"):
            draft.unpack()
    assert names_in(tmp_path) == []


def test_a_folder_that_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    with FolderDraft(tmp_path / "film.en.hls") as draft:
        draft.file.write(archive(SEGMENTS))
        draft.unpack()
        (tmp_path / "film.en.hls").mkdir()
        with pytest.raises(FileExists):
            draft.publish(overwrite=False)
    assert names_in(tmp_path) == ["film.en.hls"]


def test_a_link_to_an_hls_track_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", tmp_path / "film.en.hls")
    with pytest.raises(FileExistsError):
        FolderDraft(tmp_path / "film.en.hls")
