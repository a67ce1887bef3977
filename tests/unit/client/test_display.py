"""What is shown while work goes on, and of its results."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from polycue.api.v1 import jobs_pb2
from polycue_client.cli.captions import Caption, clock, rows_of
from polycue_client.cli.costs import table
from polycue_client.cli.display import Bars, Lines, Step, step_of
from polycue_client.cli.outputs import Placement
from polycue_client.cli.results import Item, Result

captions = st.lists(
    st.tuples(st.integers(0, 5_000), st.integers(1, 500)), max_size=8, unique_by=lambda c: c[0]
).map(lambda found: [Caption(start, start + length, "x") for start, length in sorted(found)])


def test_lines_tell_each_stage_once_and_each_tenth_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = Lines()
    lines.begin("film.mp4")
    for done in (0, 1, 5, 19, 20, 21):
        lines.step(Step("transcribing", done, 20))
    lines.step(Step("transcribing", 20, 20, finished=True))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "film.mp4: transcribing",
        "film.mp4: transcribing, 20 %",
        "film.mp4: transcribing, 90 %",
        "film.mp4: transcribing, 100 %",
    ]


def test_bars_are_gone_when_a_file_is_done() -> None:
    terminal = io.StringIO()
    bars = Bars(Console(file=terminal, force_terminal=True, width=100))
    bars.begin("film[1].mp4 {x}")
    bars.step(Step("transcribing", 10, 20))
    bars.step(Step("transcribing", 20, 20, finished=True))
    bars.end()
    bars.step(Step("late", 1, 1))
    bars.say("film[1].mp4: warning: [red]nobody[/red] speaks")
    assert "film[1].mp4 {x}" in terminal.getvalue()
    assert terminal.getvalue().endswith("film[1].mp4: warning: [red]nobody[/red] speaks\n")


def test_a_terminal_obeys_nothing_that_a_file_says(capsys: pytest.CaptureFixture[str]) -> None:
    bell = "\x1b]0;x\x07"
    terminal = io.StringIO()
    Bars(Console(file=terminal, force_terminal=True, width=100)).say(f"a: {bell}\nb")
    Lines().say(f"a: {bell}\nb")
    for said in (terminal.getvalue(), capsys.readouterr().err):
        assert said == "a: \ufffd]0;x\ufffd\nb\n"
    job = jobs_pb2.WatchJobResponse()
    job.cues.language_code = "en"
    job.cues.cues.add(index=1, text=f"{bell} hi")
    place = Placement(Path(), "film")
    result = Result(Item(Path("film.mp4"), place, lambda *_: jobs_pb2.JobSpec(), (), ()))
    result.add_cues(job.cues)
    assert result.tracks["en"][1].text == "\ufffd]0;x\ufffd hi"


def test_a_stage_of_a_newer_server_is_shown_as_work() -> None:
    progress = jobs_pb2.StageProgress(stage=77)  # type: ignore[arg-type]  # an open enum
    progress.processed_duration.FromSeconds(5)
    assert step_of(progress) == Step("working", 5000, 0)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.booleans())
def test_a_share_is_within_0_and_1(done: int, total: int, finished: bool) -> None:
    assert 0.0 <= Step("x", done, total, finished).share <= 1.0


@given(st.dictionaries(st.sampled_from(["en", "es", "de"]), captions))
def test_rows_hold_every_caption_once_and_follow_in_time(tracks: dict[str, list[Caption]]) -> None:
    rows = rows_of(tracks)
    assert [row.start_ms for row in rows] == sorted(row.start_ms for row in rows)
    for language, track in tracks.items():
        assert sum(row.texts[language].count("x") for row in rows) == len(track)


def test_captions_that_overlap_in_time_share_a_row() -> None:
    tracks = {
        "en": [Caption(0, 1000, "One"), Caption(1000, 2000, "two."), Caption(3000, 4000, "Three.")],
        "es": [Caption(0, 1900, "Uno dos."), Caption(3100, 4000, "Tres.")],
    }
    assert [row.texts for row in rows_of(tracks)] == [
        {"en": "One two.", "es": "Uno dos."},
        {"en": "Three.", "es": "Tres."},
    ]


def test_costs_stand_in_columns_with_what_is_not_known_yet_at_the_end() -> None:
    told = {
        "en": [
            Caption(0, 1000, "One", {"pause": -10.0, "cue": 1.0, "wit": 0.25}),
            Caption(61_500, 62_000, "Two", {"cue": 1.0, "boundary": 14.0}),
        ],
        "es": [Caption(0, 1000, "Uno")],
    }
    heading, *rows = table("film.mp4", told)
    assert heading.startswith("film.mp4 [en]")
    assert [row.split() for row in rows] == [
        ["start", "total", "cue", "boundary", "pause", "wit", "text"],
        ["00:00.0", "-8.8", "1.0", "0.0", "-10.0", "0.2", "One"],
        ["01:01.5", "15.0", "1.0", "14.0", "0.0", "0.0", "Two"],
    ]
    assert (
        len({row.index(word) for row, word in zip(rows, ["text", "One", "Two"], strict=True)}) == 1
    )


def test_no_table_of_costs_where_nobody_asked() -> None:
    assert list(table("film.mp4", {"en": [Caption(0, 1000, "One")]})) == []


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "00:00.0"), (59_999, "00:59.9"), (60_000, "01:00.0"), (3_723_456, "1:02:03.4")],
)
def test_a_clock_never_shows_60_seconds(ms: int, text: str) -> None:
    assert clock(ms) == text
