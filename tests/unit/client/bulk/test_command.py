"""``polycue subtitle --recursive`` at a scripted server: what is asked, told and reported."""

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest

from polycue.api.v1 import artifacts_pb2, jobs_pb2, media_pb2
from polycue_client.cli.app import run
from polycue_client.testing import Event, Refusal, ScriptedServer

Bulk = Callable[..., int]
REPORT = {
    "language": "en",
    "cues": 7,
    "violations": [{"cue": 1, "rule": "gap"}, {"cue": 2, "rule": "gap"}],
    "violations_left_out": 3,
    "translation": {"fallbacks": [{}], "kept_source": 0, "route": ["es", "en"]},
}


def made(
    server: ScriptedServer, *, length_s: int = 60, report: str = json.dumps(REPORT)
) -> Callable[[jobs_pb2.JobSpec], Sequence[Event]]:
    """A job that writes an English track and its report."""

    def script(spec: jobs_pb2.JobSpec) -> Sequence[Event]:
        job = jobs_pb2.Job(state=jobs_pb2.JOB_STATE_SUCCEEDED, language_code="en")
        job.start_time.FromSeconds(100)
        job.end_time.FromSeconds(112)
        job.stages.add().total_duration.FromSeconds(length_s)
        kinds = {
            "en.srt": "application/x-subrip",
            "en.report.json": "application/vnd.polycue.report+json",
        }
        for suffix, kind in kinds.items():
            data = report.encode() if "report" in suffix else b"1\n"
            name = f"artifacts/{len(server.artifacts)}"
            server.artifacts[name] = data
            digest = hashlib.sha256(data).digest()
            job.artifacts.append(
                artifacts_pb2.Artifact(
                    name=name,
                    mime_type=kind,
                    filename=f"x.{suffix}",
                    language_code="en",
                    size_bytes=len(data),
                    sha256=digest,
                )
            )
        return [Event(job=job)]

    return script


def makes(server: ScriptedServer, *, report: str = json.dumps(REPORT)) -> None:
    server.scripts.append(made(server, report=report))


def fails(server: ScriptedServer, code: grpc.StatusCode, reason: str) -> None:
    failure = media_pb2.Failure(code=code.value[0], reason=reason, message=f"it is {reason}")
    job = jobs_pb2.Job(state=jobs_pb2.JOB_STATE_FAILED, failure=failure)
    server.scripts.append(lambda spec: [Event(job=job)])


def created(server: ScriptedServer) -> list[jobs_pb2.CreateJobRequest]:
    requests = server.requests["CreateJob"]
    return [each for each in requests if isinstance(each, jobs_pb2.CreateJobRequest)]


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_every_film_below_the_folder_gets_its_subtitles_and_a_row_in_the_report(
    bulk: Bulk, server: ScriptedServer, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        makes(server)
    assert bulk("--json") == 0
    told = document(capsys)
    assert sorted(path.name for path in library.rglob("*.srt")) == [
        "one.en.srt",
        "three.en.srt",
        "two.en.srt",
    ]
    assert told["exit_code"] == 0
    assert told["totals"]["done"] == 3
    assert (told["totals"]["cues"], told["totals"]["violations"]) == (21, 15)
    assert (told["totals"]["fallbacks"], told["totals"]["sound_ms"]) == (3, 180_000)
    (row,) = [row for row in told["films"] if row["film"].endswith("a/one.mkv")]
    assert (row["state"], row["language"], row["took_ms"]) == ("done", "en", 12_000)
    assert row["outputs"] == [str(library / "a" / "one.en.srt")]


def test_a_second_run_makes_no_job_and_still_tells_all_of_the_first(
    bulk: Bulk, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        makes(server)
    bulk()
    capsys.readouterr()
    assert bulk("--json") == 0
    told = document(capsys)
    assert len(created(server)) == 3
    assert (told["totals"]["skipped"], told["totals"]["cues"]) == (3, 21)


def test_a_film_that_fails_stops_no_other_and_is_told_with_what_to_do(
    bulk: Bulk, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    fails(server, grpc.StatusCode.FAILED_PRECONDITION, "NO_AUDIO_STREAM")
    makes(server)
    makes(server)
    assert bulk("--json") == 1
    told = document(capsys)
    (row,) = [row for row in told["films"] if row["state"] == "failed"]
    assert (row["reason"], row["message"]) == ("NO_AUDIO_STREAM", "it is NO_AUDIO_STREAM")
    assert "no sound" in row["to_do"]
    assert told["totals"]["done"] == 2


def test_a_fault_of_our_own_is_a_failed_film_with_its_trace_told_once_and_the_run_goes_on(
    bulk: Bulk, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    makes(server, report="no JSON")
    makes(server, report="no JSON")
    makes(server)
    assert bulk("--json") == 1
    told = capsys.readouterr()
    rows = [row for row in json.loads(told.out)["films"] if row["state"] == "failed"]
    assert [row["reason"] for row in rows] == ["JSONDecodeError"] * 2
    assert "trace" in rows[0]["to_do"]
    assert json.loads(told.out)["totals"]["done"] == 1
    assert told.err.count("Traceback") == 1


def test_where_nothing_can_be_written_no_job_is_made(
    bulk: Bulk, server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").symlink_to(tmp_path / "gone")
    makes(server)
    assert bulk("--json", "-o", tmp_path / "out") == 1
    rows = [row for row in document(capsys)["films"] if row["state"] == "failed"]
    assert [(row["reason"], row["job"]) for row in rows] == [("NotADirectoryError", "")] * 2
    assert len(created(server)) == 1


def test_results_that_could_not_be_written_are_fetched_by_the_same_command(
    bulk: Bulk, server: ScriptedServer, library: Path, tmp_path: Path
) -> None:
    """With -y too, whose next run would else begin anew."""
    out = tmp_path / "out"

    def is_in_the_way(spec: jobs_pb2.JobSpec) -> Sequence[Event]:
        (out / "b" / "three.en.srt").mkdir(parents=True)
        return made(server)(spec)

    makes(server)
    makes(server)
    server.scripts.append(is_in_the_way)
    assert bulk("-y", "-o", out, "--jobs", 1) == 1
    (out / "b" / "three.en.srt").rmdir()
    makes(server)
    assert bulk("-y", "-o", out) == 0
    ids = [getattr(each, "request_id", "") for each in server.requests["CreateUpload"]]
    assert ids[2:] == [ids[2]] * 2


def test_names_that_hold_what_a_terminal_obeys_are_told_on_one_line(
    bulk: Bulk, server: ScriptedServer, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (library / "a" / "one.mkv").rename(library / "a" / "on\ne\x1b[31m.mkv")
    (library / "a" / "two.mkv").unlink()
    (library / "b" / "em\npty.mkv").touch()
    makes(server)
    makes(server)
    assert bulk() == 1
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 2
    assert "on\\ne\\x1b[31m.en.srt" in told.out
    assert "em\\npty.mkv: error: is empty" in told.err
    assert "pty.mkv" not in {line[:7] for line in told.err.splitlines()}


def test_a_folder_without_films_is_told_as_one_that_is_not_there(
    bulk: Bulk, server: ScriptedServer, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for film in library.rglob("*.mkv"):
        film.rename(film.with_suffix(".txt"))
    assert bulk() == 1
    assert f"{library}: error: there are no films in it" in capsys.readouterr().err
    assert not created(server)


def test_what_is_wrong_with_the_command_is_told_once_and_not_of_each_film(
    bulk: Bulk, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        server.fail(
            "CreateJob",
            Refusal(
                grpc.StatusCode.FAILED_PRECONDITION,
                "there is no model",
                reason="MODEL_MISSING",
                command="polycue models pull small",
            ),
        )
    assert bulk("--json") == 1
    told = document(capsys)
    assert "there is no model" in told["stopped_by"]
    assert "polycue models pull small" in told["stopped_by"]
    assert told["totals"]["left"] + told["totals"]["not_looked_at"] == 3


def test_jobs_are_known_again_by_what_they_are_for(bulk: Bulk, server: ScriptedServer) -> None:
    """The same request ids and labels, so that a server makes none of them twice."""
    for _ in range(3):
        fails(server, grpc.StatusCode.INTERNAL, "INTERNAL")
    bulk()
    first = created(server)
    for _ in range(3):
        makes(server)
    bulk()
    second = created(server)[3:]
    assert {each.labels["bulk"] for each in (*first, *second)} == {first[0].labels["bulk"]}
    uploads = [getattr(each, "request_id", "") for each in server.requests["CreateUpload"]]
    assert sorted(uploads[:3]) == sorted(uploads[3:])
    assert len(set(uploads)) == 3
    bulk("--translate-to", "es", "-y")
    assert created(server)[-1].labels["bulk"] != first[0].labels["bulk"]


def test_files_that_are_there_stay_and_the_others_are_added(
    bulk: Bulk, server: ScriptedServer, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (library / "a" / "one.en.srt").write_text("mine")
    for _ in range(3):
        makes(server)
    assert bulk("--json", "--translate-to", "es") == 0
    told = document(capsys)
    (row,) = [row for row in told["films"] if row["film"].endswith("a/one.mkv")]
    assert row["kept"] == [str(library / "a" / "one.en.srt")]
    assert (library / "a" / "one.en.srt").read_text() == "mine"


def test_two_films_that_would_write_the_same_files_are_one_and_a_word(
    bulk: Bulk, server: ScriptedServer, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (library / "a" / "one.mp4").write_bytes(b"another")
    for _ in range(3):
        makes(server)
    assert bulk("--json") == 0
    rows = [row for row in document(capsys)["films"] if row["film"].endswith("one.mp4")]
    assert "would write the same files as" in rows[0]["message"]


def test_results_below_another_folder_lie_there_as_the_films_lie(
    bulk: Bulk, server: ScriptedServer, tmp_path: Path
) -> None:
    for _ in range(3):
        makes(server)
    assert bulk("-o", tmp_path / "out") == 0
    assert sorted(
        str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.srt")
    ) == [
        "a/one.en.srt",
        "a/two.en.srt",
        "b/three.en.srt",
    ]


@pytest.mark.parametrize("suffix", ["json", "csv", "html"])
def test_the_report_is_a_file_of_the_kind_its_name_says(
    bulk: Bulk, server: ScriptedServer, library: Path, tmp_path: Path, suffix: str
) -> None:
    (library / "b" / "=cmd.mkv").write_bytes(b"")
    for _ in range(3):
        makes(server)
    path = tmp_path / f"report.{suffix}"
    assert bulk("--report-file", path) == 1
    text = path.read_text()
    if suffix == "json":
        assert json.loads(text)["totals"]["films"] == 4
    elif suffix == "csv":
        rows = list(csv.DictReader(text.splitlines()))
        assert [row["state"] for row in rows].count("done") == 3
        assert {row["languages"] for row in rows} == {"en", ""}
    else:
        assert "<h2>Films that failed: 1</h2>" in text
        assert "<h2>Films that are done: 3</h2>" in text
        assert "http" not in text.replace("https://", "")


def test_a_full_queue_is_waited_for(bulk: Bulk, server: ScriptedServer) -> None:
    refusal = Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "full", reason="QUEUE_FULL")
    refusal.retry_after(1)
    server.fail("CreateJob", refusal)
    for _ in range(3):
        makes(server)
    assert bulk() == 0


@pytest.mark.parametrize("method", ["ListJobs", "CreateJob", "GetJob"])
def test_a_call_that_gets_no_answer_in_time_is_made_again(
    bulk: Bulk, server: ScriptedServer, method: str
) -> None:
    server.fail(method, Refusal(grpc.StatusCode.DEADLINE_EXCEEDED, "too late"))
    for _ in range(4):
        makes(server)
    assert bulk() == 0


def test_a_server_that_answers_nothing_any_more_ends_the_run_with_a_report(
    bulk: Bulk, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        makes(server)
        server.fail("ListJobs", Refusal(grpc.StatusCode.DEADLINE_EXCEEDED, "too late"))
    assert bulk("--json") == 1
    told = document(capsys)
    assert told["stopped_by"].startswith("too late")
    assert told["totals"]["left"] == 3


@pytest.mark.parametrize(
    "flags",
    [
        ("--print",),
        ("-o", "-"),
        ("--explain",),
        ("--from-json", "film.en.json"),
        ("--report-file", "report.txt"),
        ("--jobs", "0"),
    ],
    ids=lambda flags: flags[0],
)
def test_what_cannot_be_meant_of_many_is_wrong_usage(
    bulk: Bulk, server: ScriptedServer, flags: tuple[str, ...]
) -> None:
    assert bulk(*flags) == 2
    assert not server.requests


def test_what_is_about_many_wants_to_be_asked_for(library: Path) -> None:
    assert run(["subtitle", str(library), "--jobs", "3"]) == 2


def test_a_server_that_is_not_there_is_exit_code_3_with_a_report(
    library: Path, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    how = ["--server", f"unix:{tmp_path}/none.sock", "--report-file", str(path)]
    assert run(["subtitle", str(library), "--recursive", *how]) == 3
    assert "no server answers" in json.loads(path.read_text())["stopped_by"]
