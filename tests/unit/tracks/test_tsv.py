import pytest

from polycue.domain.cue import Cue
from polycue.domain.errors import SubtitleSyntax
from polycue.domain.track import Track
from polycue.tracks import tsv


def test_a_track_is_written_as_whisper_writes_it_with_breaks_escaped() -> None:
    track = Track("en", (Cue(0, 1500, ("Hello", "world")), Cue(1500, 2000, ("C:\\new",))))
    assert tsv.write(track) == "start\tend\ttext\n0\t1500\tHello\\nworld\n1500\t2000\tC:\\\\new\n"
    assert tsv.read(tsv.write(track)).cues == track.cues


def test_a_file_of_whispers_is_read() -> None:
    text = "start\tend\ttext\n0\t2000\tHello there.\n2000\t3500\t50\\% off\n"
    assert tsv.read(text).cues == (Cue(0, 2000, ("Hello there.",)), Cue(2000, 3500, ("50\\% off",)))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_blank_lines_and_a_missing_head_are_forgiven(end: str) -> None:
    text = f"\ufeff{end} 0 \t 2000 \tHello\tthere{end}{end}"
    assert tsv.read(text).cues == (Cue(0, 2000, ("Hello there",)),)


def test_a_row_that_is_none_is_told_and_costs_no_other() -> None:
    reading = tsv.read("start\tend\ttext\nzero\t1\tlost\n0\t1000\tkept\n")
    assert [cue.text for cue in reading.cues] == ["kept"]
    assert reading.notices[0].facts == {"line": "2", "text": "zero 1 lost"}


def test_a_head_alone_is_an_empty_track_and_other_text_is_refused() -> None:
    assert tsv.read("start\tend\ttext\n").cues == ()
    assert tsv.read("").cues == ()
    with pytest.raises(SubtitleSyntax, match="no row"):
        tsv.read("Just text.\n")
