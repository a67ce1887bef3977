"""The commands and the real server."""

import contextlib
import json
import re
import threading
from pathlib import Path

import pytest

from polycue.testing.gate import Gate
from polycue.testing.pipeline import FakePipeline
from polycue_client import Retry
from polycue_client.cli import workplace
from polycue_client.cli.app import run
from support.served import Served, Wire, served

WAIT_S = 60


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_film_gets_its_tracks_and_copies_beside_it(
    data: Path, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = [str(film), "--translate-to", "es,de", "-f", "srt,vtt", "--mux", "mkv", "--print"]
    with served(data) as server:
        assert run(["subtitle", "--server", server.address, *args]) == 0
        assert run(["subtitle", "--server", server.address, *args]) == 1
    assert names_in(film.parent) == [
        "film.de.srt",
        "film.de.vtt",
        "film.en.srt",
        "film.en.vtt",
        "film.es.srt",
        "film.es.vtt",
        "film.mkv",
        "film.subtitled.mkv",
    ]
    said = capsys.readouterr()
    assert f"{film.with_name('film.es.srt')} is there already" in said.err
    assert "THREE" in said.out


def test_captions_for_the_deaf_are_named_so(data: Path, film: Path) -> None:
    text = film.with_name("film.en.sdh.srt")
    with served(data) as server:
        subtitle = ["subtitle", "--server", server.address, str(film), "--sdh"]
        assert run(subtitle) == 0
        assert run(subtitle) == 1, "it is there already"
        assert run(["translate", "--server", server.address, str(text), "--to", "es", "--sdh"]) == 0
    assert names_in(film.parent) == ["film.en.sdh.srt", "film.es.sdh.srt", "film.mkv"]


def test_a_film_leaves_nothing_but_its_job_on_the_server(data: Path, film: Path) -> None:
    with served(data) as server:
        assert run(["subtitle", "--server", server.address, str(film)]) == 0
    assert list((data / "uploads").rglob("*")) == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--translate-to", "no language"], "is not a language"),
        (["--translate-to", "fr"], "get it with: polycue models pull en:fr"),
        (["--model", "enormous"], "get it with: polycue models pull enormous"),
        (["--language", "no language"], "is not a language"),
        (["--preset", "nonsense"], "nonsense"),
        (["--mux"], ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_told_and_leaves_nothing(
    data: Path, tmp_path: Path, args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "film.txt"
    text.write_text("I am no film")
    raises = FakePipeline(raises=lambda: RuntimeError("a bug")) if args == ["--mux"] else None
    with served(data, raises) as server:
        assert run(["subtitle", "--server", server.address, str(text), *args]) == 1
        assert run(["jobs", "list", "--server", server.address]) == 0
    assert said in capsys.readouterr().err
    assert names_in(tmp_path) == ["film.txt"]


def test_a_server_that_goes_away_for_good_is_exit_code_3(
    data: Path, film: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workplace, "PATIENCE", Retry(attempts=3, first_delay_s=0.0))
    gate = Gate()

    def stop(server: Served) -> None:
        gate.reached.wait(WAIT_S)
        server.stop()

    other = film.with_name("other.mkv")
    other.write_bytes(b"x")
    with served(data, FakePipeline(gate=gate)) as server:
        stopping = threading.Thread(target=stop, args=(server,))
        stopping.start()
        films = [str(film), str(other)]
        assert run(["subtitle", "--server", server.address, "--json", *films]) == 3
        stopping.join()
    document = json.loads(capsys.readouterr().out)
    assert [file["ok"] for file in document["files"]] == [False, False]
    assert names_in(film.parent) == ["film.mkv", "other.mkv"]


def test_a_job_whose_server_is_lost_sight_of_can_be_found_again(
    data: Path, film: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workplace, "PATIENCE", Retry(attempts=2, first_delay_s=0.0))
    gate = Gate()
    with served(data, FakePipeline(gate=gate)) as server:
        with contextlib.ExitStack() as stack:
            wire = stack.enter_context(Wire(server.address))

            def cut() -> None:
                gate.reached.wait(WAIT_S)
                stack.close()
                gate.open()

            cutting = threading.Thread(target=cut)
            cutting.start()
            assert run(["subtitle", "--server", wire.address, str(film)]) == 3
            cutting.join()
        said = capsys.readouterr().err
        told = re.search(r"with: polycue --server (\S+) jobs fetch (jobs/\w+)", said)
        assert told
        assert told[1] == wire.address
        at = ["--server", server.address]
        assert run(["jobs", "watch", *at, told[2]]) == 0
        assert run(["jobs", "fetch", *at, told[2], "-o", str(film.parent)]) == 0
    assert names_in(film.parent) == ["film.en.srt", "film.mkv"]


def test_a_subtitle_file_is_translated(data: Path, tmp_path: Path) -> None:
    text = tmp_path / "film.en.srt"
    text.write_text("hello there")
    with served(data) as server:
        args = ["--to", "es,de", "-f", "srt,json", "--server", server.address]
        assert run(["translate", str(text), *args]) == 0
    assert names_in(tmp_path) == [
        "film.de.json",
        "film.de.srt",
        "film.en.srt",
        "film.es.json",
        "film.es.srt",
    ]


def test_jobs_are_seen_and_steered(
    data: Path, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(data) as server:
        at = ["--server", server.address]
        assert run(["subtitle", *at, str(film), "-o", "-"]) == 0
        capsys.readouterr()
        assert run(["jobs", "list", *at, "--json"]) == 0
        (job,) = json.loads(capsys.readouterr().out)["jobs"]
        assert job["labels"] == {"file": "film.mkv"}
        name = job["name"].removeprefix("jobs/")
        assert run(["jobs", "fetch", *at, name, "-o", str(tmp_path / "later")]) == 0
        assert run(["jobs", "watch", *at, name]) == 0
        assert run(["jobs", "show", *at, name]) == 0
        assert run(["jobs", "show", *at, name[:4], "--json"]) == 0
        assert f'"{job["name"]}"' in capsys.readouterr().out
        assert run(["jobs", "cancel", *at, name]) == 0
        assert run(["jobs", "delete", *at, name]) == 0
        assert run(["jobs", "show", *at, name]) == 1
        assert run(["jobs", "show", *at, "no such job"]) == 1
        assert run(["jobs", "delete", *at, ""]) == 1
    assert names_in(tmp_path / "later") == ["film.en.srt"]
