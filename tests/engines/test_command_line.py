"""The whole way from a film to its subtitles, as a person takes it: by one command."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from polycue_client.cli.app import run
from support import studio
from support.children import child_of
from support.waiting import until

CUE = re.compile(r"(\d+:\d+:\d+,\d+) --> (\d+:\d+:\d+,\d+)\n(.*?)\n\n", re.DOTALL)
CLIP_S = 19.5  # ends in the pause after the film's fourth sentence


@pytest.fixture(scope="module")
def models(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    command = ["models", "import", "--models-dir", str(folder), str(repository / "demo" / "models")]
    assert run(command) == 0
    return folder


@pytest.fixture(scope="module")
def clip(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return studio.cut(repository / "demo" / "tour.mp4", to, seconds=CLIP_S)


@pytest.fixture
def temporary(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Stands for /tmp; what a command leaves there is found at the end of the test."""
    monkeypatch.delenv("POLYCUE_SERVER", raising=False)
    folder = tmp_path_factory.mktemp("t")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def script(repository: Path, language: str) -> list[str]:
    """The sentences of the clip."""
    sentences = json.loads((repository / "demo" / "script.json").read_text())["sentences"]
    return [s[language] for s in sentences if s["end_ms"] < CLIP_S * 1000]


def words_of(path: Path) -> list[str]:
    return " ".join(text for *_, text in CUE.findall(path.read_text())).split()


def test_a_film_is_subtitled_translated_and_muxed(
    models: Path, clip: Path, repository: Path, tmp_path: Path, temporary: Path
) -> None:
    args = [str(clip), "--models-dir", str(models), "-o", str(tmp_path)]
    assert run(["subtitle", *args, "--translate-to", "es,de", "-f", "all", "--mux"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *(
            f"clip.{code}.{suffix}"
            for code in ("de", "en", "es")
            for suffix in ("ass", "hls", "json", "srt", "tsv", "ttml", "txt", "vtt")
        ),
        "clip.subtitled.mp4",
    ]
    for language in ("en", "es", "de"):
        words = words_of(tmp_path / f"clip.{language}.srt")
        assert words == " ".join(script(repository, language)).split()
        assert (tmp_path / f"clip.{language}.txt").read_text().split() == words
    playlist = (tmp_path / "clip.de.hls" / "index.m3u8").read_text()
    stays = [float(stay) for stay in re.findall(r"#EXTINF:([0-9.]+),", playlist)]
    heard = json.loads((tmp_path / "clip.en.json").read_text())["transcript"]
    assert round(sum(stays) * 1000) == heard["duration_ms"]
    assert len(list((tmp_path / "clip.de.hls").glob("*.vtt"))) == len(stays)


def test_a_subtitle_file_is_translated_and_keeps_its_times(
    models: Path, tmp_path: Path, temporary: Path
) -> None:
    english = tmp_path / "film.en.srt"
    english.write_text(
        "1\n00:00:01,000 --> 00:00:03,500\nThe forests are quiet and deep.\n\n"
        "2\n00:00:04,000 --> 00:00:06,000\nThe wolf is young but hungry.\n\n"
    )
    assert run(["translate", str(english), "--to", "es", "--models-dir", str(models)]) == 0
    before = CUE.findall(english.read_text())
    after = CUE.findall((tmp_path / "film.es.srt").read_text())
    assert [cue[:2] for cue in after] == [cue[:2] for cue in before]
    spanish = "Los bosques son tranquilos y profundos. El lobo es joven pero hambriento."
    assert " ".join(words_of(tmp_path / "film.es.srt")) == spanish


def test_what_was_heard_once_serves_for_new_tracks_and_for_old_subtitles(
    models: Path, clip: Path, repository: Path, tmp_path: Path, temporary: Path
) -> None:
    at_home = ["--models-dir", str(models), "-o", str(tmp_path)]
    assert run(["subtitle", str(clip), "-f", "json", *at_home]) == 0
    stored = str(tmp_path / "clip.en.json")
    assert run(["subtitle", stored, "-t", "es", "--max-line-width", "30", *at_home]) == 0
    for language in ("en", "es"):
        words = words_of(tmp_path / f"clip.{language}.srt")
        assert words == " ".join(script(repository, language)).split()
    cues = CUE.findall((tmp_path / "clip.en.srt").read_text())
    assert max(len(line) for *_, text in cues for line in text.splitlines()) <= 30
    old = tmp_path / "old.srt"
    # All of the clip is within its first minute; the old file has it in the second.
    late = [(*(t.replace("00:00:", "00:01:") for t in times), text) for *times, text in cues]
    rows = [f"{n}\n{start} --> {end}\n{text}\n" for n, (start, end, text) in enumerate(late, 1)]
    old.write_text("\n".join(rows))
    assert run(["sync", stored, str(old), "--models-dir", str(models)]) == 0
    again = CUE.findall((tmp_path / "old.synced.srt").read_text())
    assert [text for *_, text in again] == [text for *_, text in cues]
    for (start, *_), (true, *_) in zip(again, cues, strict=True):
        assert abs(milliseconds(start) - milliseconds(true)) <= 150


def milliseconds(clock: str) -> int:
    hours, minutes, seconds = clock.replace(",", ".").split(":")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)


def test_films_that_cannot_be_done_do_not_stop_those_that_can(
    models: Path, clip: Path, tmp_path: Path, temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, mute = tmp_path / "text.mp4", tmp_path / "mute.mp4"
    text.write_text("I am no film, whatever my name says. " * 100)
    studio.without_sound(clip, mute)
    silent = studio.with_silence(clip, tmp_path / "silent.mp4")
    films = [str(path) for path in (text, mute, silent, clip)]
    args = ["--models-dir", str(models), "-o", str(tmp_path / "out"), "--json"]
    assert run(["subtitle", *films, *args]) == 1
    said = capsys.readouterr()
    not_media, no_audio, nobody_speaks, good = json.loads(said.out)["files"]
    assert not_media["error"]["reason"] == "NOT_MEDIA"
    assert no_audio["error"]["reason"] == "NO_AUDIO_STREAM"
    assert nobody_speaks["ok"]
    assert {notice["reason"] for notice in nobody_speaks["notices"]} >= {"SILENT_AUDIO"}
    assert Path(nobody_speaks["outputs"][0]["path"]).read_text() == ""
    assert good["ok"]
    assert f"{text}: error: text.mp4: not a media file" in said.err


def test_a_device_that_is_not_there_is_told(
    models: Path, clip: Path, tmp_path: Path, temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["subtitle", str(clip), "--models-dir", str(models), "-o", str(tmp_path)]
    assert run([*command, "--device", "cuda", "--device-index", "97"]) == 1
    said = capsys.readouterr().err
    assert f"{clip}: error: device 'cuda' cannot be used" in said
    assert run([*command, "--device", "cpu", "--compute_type", "float99"]) == 1
    assert "does not compute in float99" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_without_any_model_it_says_how_to_get_one(
    clip: Path, tmp_path: Path, temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = tmp_path / "models"
    nothing.mkdir()
    out = tmp_path / "out"
    assert run(["subtitle", str(clip), "--models-dir", str(nothing), "-o", str(out)]) == 1
    said = capsys.readouterr().err
    assert re.search(rf"get it with: polycue models pull \S+ --models-dir {nothing}$", said, re.M)
    assert not out.exists()


def test_ctrl_c_stops_the_work_and_leaves_nothing(
    models: Path, repository: Path, tmp_path: Path, temporary: Path
) -> None:
    film = repository / "demo" / "tour.mp4"
    command = [sys.executable, "-m", "polycue_client", "subtitle", str(film), "-o", str(tmp_path)]
    process = subprocess.Popen(
        [*command, "--models-dir", str(models)], stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stderr
        lines = iter(process.stderr.readline, "")
        assert any("transcribing" in line for line in lines)
        watched = os.pidfd_open(child_of(process.pid, "--exit-with-stdin"))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read().endswith("interrupted\n")
    try:
        ended, _, _ = select.select([watched], [], [], 0)
    finally:
        os.close(watched)
    assert ended
    assert list(tmp_path.iterdir()) == []


def test_a_run_over_a_folder_that_is_killed_goes_on_with_its_own_servers_jobs(
    models: Path, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed as the first film is heard: the next run's server finds its jobs, and then nothing.

    Where this test is held up it is killed later, or not at all: the next run makes up for any.
    """
    state, films = tmp_path / "state", tmp_path / "films"
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    monkeypatch.delenv("POLYCUE_SERVER", raising=False)
    (films / "season").mkdir(parents=True)
    for name in ("one.mp4", "season/two.mp4"):
        (films / name).write_bytes(clip.read_bytes())
    command = [sys.executable, "-m", "polycue_client", "subtitle", str(films), "-r", "--json"]
    command += ["--models-dir", str(models), "-t", "es"]

    def made() -> list[Path]:
        return list(state.glob("polycue/bulk/*.server/jobs.sqlite-wal"))

    def is_heard() -> bool:
        with suppress(FileNotFoundError):  # it goes with the end of the run
            return any(path.stat().st_size > 100_000 for path in made())
        return False

    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        until(lambda: is_heard() or first.poll() is not None)
        first.kill()
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=240)
    totals = json.loads(done.stdout)["totals"]
    assert (totals["done"] + totals["skipped"], totals["failed"]) == (2, 0)
    tracks = list(films.rglob("*.srt"))
    assert all(CUE.search(path.read_text()) for path in tracks)
    assert sorted(str(path.relative_to(films)) for path in tracks) == [
        "one.en.srt",
        "one.es.srt",
        "season/two.en.srt",
        "season/two.es.srt",
    ]
    assert made() == []
