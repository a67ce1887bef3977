import re

import pytest

from polycue.domain.cue import Cue
from polycue.domain.errors import SubtitleSyntax
from polycue.domain.notice import NoticeReason
from polycue.domain.track import Track
from polycue.tracks import srt

ONE = "00:00:01,000 --> 00:00:02,000"
TWO = "00:00:03,000 --> 00:00:04,000"
SOUND = f"1\n{ONE}\nHello\nworld\n\n2\n{TWO}\nBye\n\n"
HELLO = Cue(1000, 2000, ("Hello", "world"))
BYE = Cue(3000, 4000, ("Bye",))


def lines_of(text: str) -> list[tuple[str, ...]]:
    return [cue.lines for cue in srt.read(text).cues]


def test_a_track_is_written_as_players_expect_it() -> None:
    assert srt.write(Track("en", (HELLO, BYE))) == SOUND


def test_a_sound_file_is_read_without_a_notice() -> None:
    reading = srt.read(SOUND)
    assert reading.cues == (HELLO, BYE)
    assert reading.notices == ()


def test_an_empty_track_is_an_empty_file() -> None:
    assert srt.write(Track("en", ())) == ""
    assert srt.read("").cues == ()
    assert srt.read("\ufeff \r\n\n").cues == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\ufeff" + SOUND, id="byte order mark"),
        pytest.param(SOUND.replace("\n", "\r\n"), id="Windows line ends"),
        pytest.param(SOUND.replace("\n", "\r"), id="old Mac line ends"),
        pytest.param("\ufeff" + SOUND.replace("\n", "\r\n"), id="both"),
        pytest.param(SOUND.rstrip(), id="no final line end"),
        pytest.param("\n\n" + SOUND, id="blank lines first"),
        pytest.param(SOUND.replace("\n\n", "\n \t\n\n"), id="more blank lines"),
        pytest.param(SOUND.replace("\n\n", "\n"), id="no blank lines at all"),
        pytest.param(SOUND.replace(",", "."), id="points for commas"),
        pytest.param(SOUND.replace(" --> ", "-->"), id="no blanks around the arrow"),
        pytest.param(SOUND.replace(":", ": "), id="blanks in times"),
        pytest.param(SOUND.replace(",000", ""), id="no fractions"),
        pytest.param(SOUND.replace("00:00:0", "0:0:"), id="single digits"),
        pytest.param(re.sub(r"(?m)^[12]\n", "", SOUND), id="no numbers"),
        pytest.param(re.sub(r"(?m)^2\n", "1\n", SOUND), id="a number twice"),
        pytest.param(re.sub(r"(?m)^2\n", "17\n", SOUND), id="a jump in the numbers"),
        pytest.param(re.sub(r"(?m)^([12])\n", r"\1\n\n", SOUND), id="a blank line behind numbers"),
        pytest.param(
            SOUND.replace("Hello", "<i>Hello</i>").replace("Bye", "{\\an8}Bye"), id="tags"
        ),
        pytest.param(SOUND.replace("Bye", "\x00B\x07ye\x9f"), id="controls"),
        pytest.param(SOUND.replace("Hello\nworld", "Hello\n\nworld"), id="blank line in a cue"),
        pytest.param(SOUND.replace("Hello\nworld", "Hello\u2028world"), id="line separator"),
        pytest.param(SOUND.replace("Hello\nworld", "Hello\x0bworld"), id="vertical tab"),
        pytest.param(SOUND.replace("Hello\nworld", "Hello<br>world"), id="HTML line break"),
        pytest.param(SOUND.replace("Hello\nworld", " Hello \n\tworld\t"), id="outer blanks"),
        pytest.param(SOUND.replace(ONE, f"{ONE} X1:1 X2:600 Y1:10 Y2:50"), id="coordinates"),
        pytest.param(SOUND.replace(ONE, f"{ONE} line:90% align:start"), id="WebVTT settings"),
        pytest.param(SOUND.replace(f"{ONE}\nHello", f"{ONE} Hello"), id="text behind the times"),
    ],
)
def test_files_from_the_wild_give_the_same_cues(text: str) -> None:
    assert srt.read(text).cues == (HELLO, BYE)


@pytest.mark.parametrize("digits", ["1984", "2", "3"])
def test_a_line_of_digits_in_the_text_stays(digits: str) -> None:
    text = f"1\n{ONE}\n{digits}\n\n2\n{TWO}\nYear\n{digits}\n"
    assert lines_of(text) == [(digits,), ("Year", digits)]


def test_a_number_at_the_end_of_a_text_is_kept_where_cues_are_not_numbered() -> None:
    assert lines_of(f"{ONE}\nIn the year\n1984\n{TWO}\nBye") == [("In the year", "1984"), ("Bye",)]


def test_an_arrow_in_a_text_is_text() -> None:
    assert lines_of(f"1\n{ONE}\nA --> B\n\n2\n{TWO}\nBye") == [("A --> B",), ("Bye",)]


def test_an_arrow_is_written_so_that_no_player_takes_it_for_times() -> None:
    cue = Cue(1000, 2000, ("A --> B ---> C", "00:00:01,000 --> 00:00:02,000"))
    written = srt.write(Track("en", (cue,)))
    assert written.count("-->") == 1
    assert "A -> B -> C\n00:00:01,000 -> 00:00:02,000\n" in written


@pytest.mark.parametrize("text", ["<i>", "</FONT>", "{\\an8}", "a<br>b", "<font color='red'>"])
def test_text_that_looks_like_a_tag_is_shown_and_not_obeyed(text: str) -> None:
    track = Track("en", (Cue(0, 1000, (text,)),))
    written = srt.write(track)
    assert text not in written
    assert written.replace("\u2060", "").splitlines()[2] == text
    assert srt.read(written).cues == track.cues


def test_what_only_resembles_a_tag_stays_as_it_is() -> None:
    text = "I <3 {you} & <Ann> a < b > c <is>"
    track = Track("en", (Cue(0, 1000, (text,)),))
    assert srt.write(track).splitlines()[2] == text
    assert srt.read(srt.write(track)).cues == track.cues


def test_a_short_fraction_is_a_decimal_one_and_that_is_told() -> None:
    reading = srt.read("1\n00:00:01,5 --> 00:00:02,25\nHello")
    assert [(cue.start_ms, cue.end_ms) for cue in reading.cues] == [(1500, 2250)]
    assert ["decimal" in notice.message for notice in reading.notices] == [True]


def test_what_plain_cues_cannot_hold_is_told_once() -> None:
    text = f"1\n{ONE} X1:1\n<b>Hello</b>\n\n2\n{TWO} X1:1\n{{\\an8}}Bye"
    messages = [notice.message for notice in srt.read(text).notices]
    assert ["positions" in messages[0], "tags" in messages[1]] == [True, True]
    assert len(messages) == 2


def test_a_cue_with_unreadable_times_is_told_with_its_line_and_text() -> None:
    reading = srt.read(
        f"1\n{ONE}\nHello\n\n2\n00:00:xx,000 --> 00:00:04,000\nlost\n\n3\n{TWO}\nBye"
    )
    assert [cue.lines for cue in reading.cues] == [("Hello",), ("Bye",)]
    (notice,) = reading.notices
    assert notice.reason is NoticeReason.SUBTITLE_REPAIRED
    assert notice.facts == {"line": "6", "text": "lost"}


def test_a_negative_time_is_not_guessed_at() -> None:
    reading = srt.read(f"1\n-00:00:01,000 --> 00:00:01,000\nearly\n\n2\n{TWO}\nBye")
    assert reading.cues == (BYE,)
    assert reading.notices[0].facts["text"] == "early"


def test_a_cue_without_text_is_left_out_and_told() -> None:
    reading = srt.read(f"1\n{ONE}\n\n2\n{TWO}\nBye")
    assert reading.cues == (BYE,)
    assert reading.notices[0].facts == {"line": "2"}


def test_a_cue_of_tags_alone_has_no_text() -> None:
    assert srt.read(f"1\n{ONE}\n<i></i>\n").cues == ()


def test_a_cue_that_ends_before_it_starts_keeps_its_text() -> None:
    reading = srt.read("1\n00:00:05,000 --> 00:00:04,000\nHello")
    (cue,) = reading.cues
    assert (cue.start_ms, cue.lines) == (5000, ("Hello",))
    assert cue.end_ms > cue.start_ms
    assert reading.notices[0].facts["line"] == "2"


def test_text_before_the_first_cue_is_told() -> None:
    reading = srt.read(f"\nSubtitles by nobody\n\n1\n{ONE}\nHello")
    assert len(reading.cues) == 1
    assert reading.notices[0].facts == {"line": "2", "text": "Subtitles by nobody"}


def test_overlaps_and_disorder_are_kept_for_others_to_settle() -> None:
    cues = srt.read(f"2\n{TWO}\nlater\n\n1\n{ONE}\nsooner\n\n3\n{ONE}\ntwice\n").cues
    assert [cue.start_ms for cue in cues] == [3000, 1000, 1000]


def test_a_thousand_faults_do_not_make_a_thousand_notices() -> None:
    reading = srt.read(f"{ONE}\nHello\n" + "0:0:x --> 0:0:1\nlost\n" * 1000)
    assert len(reading.notices) < 50
    assert any(notice.facts.get("more") for notice in reading.notices)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n\nDear diary,", 3),
        ("1\nhello\n2\nworld", 1),
        ("1\n00:00:01 -> 00:00:02\nHello", 1),
        ("1\n00:00:xx --> 00:00:02\nHello", 2),
        ("\x00\x01\x02", 1),
        ("[Script Info]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hi", 1),
    ],
)
def test_a_text_that_is_no_subrip_at_all_is_refused(text: str, line: int) -> None:
    with pytest.raises(SubtitleSyntax) as caught:
        srt.read(text)
    assert (caught.value.format_name, caught.value.line) == ("SubRip", line)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<" * 200_000, id="brackets"),
        pytest.param("<font " * 50_000, id="open tags"),
        pytest.param("{\\" * 100_000, id="open overrides"),
        pytest.param("1" * 200_000, id="digits"),
        pytest.param("1:" * 100_000 + "-->", id="half times"),
        pytest.param(" " * 200_000 + "-->", id="blanks"),
        pytest.param("-" * 200_000, id="hyphens"),
        pytest.param(f"{ONE} {'X1:' * 50_000}!", id="positions"),
    ],
)
def test_hostile_lines_take_linear_time(text: str) -> None:
    # Each would run for minutes, past the test's limit, if any pattern backtracked.
    reading = srt.read(f"{ONE}\nHello\n{text}\n\n{TWO}\nBye")
    assert reading.cues[-1] == BYE
