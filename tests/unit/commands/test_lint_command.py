import json
from pathlib import Path

import click
import click.testing
import pytest

from polycue.commands.lint import lint
from polycue.tracks.size import MAX_FILE_BYTES

GOOD = "1\n00:00:01,000 --> 00:00:02,500\nGood morning.\n"
SOFT = "1\n00:00:01,000 --> 00:00:02,500\nGood\nmorning.\n"
HARD = f"1\n00:00:01,000 --> 00:00:05,000\n{'m' * 50}\n"


def run(*arguments: object) -> click.testing.Result:
    return click.testing.CliRunner().invoke(lint, list(map(str, arguments)))


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    def to(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return to


@pytest.mark.parametrize(
    ("text", "flags", "code"),
    [
        (GOOD, [], 0),
        (SOFT, [], 0),
        (SOFT, ["--strict"], 1),
        (SOFT, ["--strict", "--ignore", "one-line,orphan"], 0),
        (HARD, [], 1),
        (HARD, ["--rule", "gap,overlap"], 0),
        (HARD, ["--max-line-width", "60"], 0),
        (HARD, ["--preset", "raw"], 0),
    ],
)
def test_the_exit_code_is_for_ci(write, text: str, flags: list[str], code: int) -> None:  # type: ignore[no-untyped-def]
    assert run(write("film.en.srt", text), *flags).exit_code == code


def test_what_is_broken_and_what_was_not_checked_is_told(write) -> None:  # type: ignore[no-untyped-def]
    shown = run(write("film.en.srt", HARD)).stdout
    assert "1 cues, 0.0 % without a breach; 1 hard, 0 soft" in shown
    assert "hard line_length" in shown
    assert "42 characters" in shown
    assert "not checked: beyond_end: the length of the film is not known" in shown


def test_breaches_can_be_listed_a_line_each(write) -> None:  # type: ignore[no-untyped-def]
    path = write("film.en.srt", HARD + "\n2\n00:00:08,000 --> 00:00:09,000\n\n")
    first, second = run(path, "--list").stdout.splitlines()
    assert first == f"{path}:0: hard empty: no text: line 6"
    assert second == (
        f"{path}:1: 00:00:01.000 hard line_length: a line is too long: 50 against 42 characters"
    )


@pytest.mark.parametrize("name", ["film.es.srt", "film.es.sdh.srt", "film.es.forced.srt"])
def test_the_language_is_taken_from_the_name(write, name: str) -> None:  # type: ignore[no-untyped-def]
    assert ": es, preset netflix" in run(write(name, GOOD)).stdout


def test_a_file_whose_language_nobody_says_is_refused(write) -> None:  # type: ignore[no-untyped-def]
    path = write("My.Film.2024.srt", GOOD)
    result = run(path)
    assert (result.exit_code, "--language" in result.output) == (2, True)
    assert run(path, "--language", "Danish").exit_code == 0


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--rule", "cpl"], "--rule: there is no rule 'cpl'; there are lines, line_length"),
        (["--ignore", "cpl"], "--ignore: there is no rule"),
        (["--preset", "nobody"], "there is no preset 'nobody'"),
        (["--frame-rate", "fast"], "--frame-rate: 'fast' is no frame rate"),
        (["--media", "nothing.mp4"], "--media nothing.mp4"),
        (["--list", "--json"], "choose one"),
        (["--html", "no/such/page.html", "other.en.srt"], "name a folder"),
    ],
)
def test_wrong_usage_is_told(write, flags: list[str], told: str) -> None:  # type: ignore[no-untyped-def]
    result = run(write("film.en.srt", GOOD), *flags)
    assert result.exit_code == 2
    assert told in result.output


def test_one_bad_file_does_not_stop_the_others(write) -> None:  # type: ignore[no-untyped-def]
    good, bad = write("a.en.srt", GOOD), write("b.en.vtt", "WEBVTT\n\nno times\n\0")
    result = run(bad, "missing.en.srt", good, "--json")
    document = json.loads(result.stdout)
    assert document["exit_code"] == result.exit_code == 1
    first, second, third = document["files"]
    assert first["report"]["violations"][0]["rule"] in {"glyph", "vtt_syntax"}
    assert (second["report"], "No such file" in second["error"]) == (None, True)
    assert third["report"]["clean_cues"] == 1


def test_a_folder_stands_for_its_subtitle_files(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for name in ("a.en.srt", "b.es.srt", "notes.txt"):
        write(name, GOOD)
    document = json.loads(run(tmp_path, "--json").stdout)
    assert [file["report"]["language"] for file in document["files"]] == ["en", "es"]


def test_a_file_that_is_too_large_is_refused_with_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "film.en.srt"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    result = run(path)
    assert result.exit_code == 1
    assert f"over the limit of {MAX_FILE_BYTES}" in result.stderr


def test_pages_are_written_beside_or_into_a_folder(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    one, two = write("a.en.srt", GOOD), write("b.en.srt", HARD)
    page = tmp_path / "page.html"
    assert run(one, "--html", page).exit_code == 0
    assert "a.en.srt" in page.read_text(encoding="utf-8")
    folder = tmp_path / "pages"
    folder.mkdir()
    run(one, two, "--html", folder)
    assert sorted(p.name for p in folder.iterdir()) == [
        "a.en.srt.report.html",
        "b.en.srt.report.html",
    ]


def test_the_film_itself_says_how_long_it_is(write, repository: Path) -> None:  # type: ignore[no-untyped-def]
    late = GOOD.replace("00:00:02,500", "00:30:02,500").replace("00:00:01,000", "00:30:01,000")
    film = repository / "demo" / "tour.mp4"
    document = json.loads(run(write("film.en.srt", late), "--media", film, "--json").stdout)
    report = document["files"][0]["report"]
    assert [v["rule"] for v in report["violations"]] == ["beyond_end"]
    assert report["frame_rate"]
