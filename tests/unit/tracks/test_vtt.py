from pathlib import Path

import pytest

from polycue.domain.cue import Cue
from polycue.domain.errors import SubtitleSyntax
from polycue.domain.notice import NoticeReason
from polycue.domain.track import Track
from polycue.tracks import vtt
from polycue.tracks.validate import validate

TIMES = "00:00:01.000 --> 00:00:02.000"


def track_of(*texts: str) -> Track:
    return Track("en", tuple(Cue(i * 1000, i * 1000 + 900, (t,)) for i, t in enumerate(texts)))


def text_of(payload: str) -> str:
    (cue,) = vtt.read(f"WEBVTT\n\n{TIMES}\n{payload}\n").cues
    return cue.text


def test_a_track_is_written_with_numbers_and_whole_times() -> None:
    hello, bye = Cue(1000, 2000, ("Hello", "world")), Cue(360_000_000, 360_000_001, ("Bye",))
    assert vtt.write(Track("en", (hello, bye))) == (
        "WEBVTT\n\n"
        "1\n00:00:01.000 --> 00:00:02.000\nHello\nworld\n\n"
        "2\n100:00:00.000 --> 100:00:00.001\nBye\n"
    )


def test_an_empty_track_is_a_header_that_reads_back() -> None:
    written = vtt.write(Track("en", ()))
    assert written == "WEBVTT\n\n"  # two line ends, says the standard's syntax
    assert validate(written) == []
    assert vtt.read(written).cues == ()


def test_text_is_escaped_as_no_library_does() -> None:
    # pysubs2, ttconv, whisper and ffmpeg leave & and < raw; ffmpeg then reads "Tom & Jerry ".
    track = track_of("Tom & Jerry < 3 --> x", "&amp; <i>", "&lt;")
    written = vtt.write(track)
    assert "Tom &amp; Jerry &lt; 3 --&gt; x\n" in written
    assert validate(written) == []
    assert vtt.read(written).cues == track.cues


@pytest.mark.parametrize(
    ("note", "comment"),
    [
        ("made by a machine", "NOTE made by a machine\n\n"),
        ("two\n\nlines", "NOTE\ntwo\nlines\n\n"),
        ("00:01.000 --> 00:02.000\nnot a cue", "NOTE\n00:01.000 -> 00:02.000\nnot a cue\n\n"),
        ("a\x00b\ud800", "NOTE ab\ufffd\n\n"),
        (" \n\x00", ""),
        ("", ""),
    ],
)
def test_a_note_is_a_comment_whatever_it_says(note: str, comment: str) -> None:
    written = vtt.write(track_of("Hello"), note=note)
    assert written.startswith(f"WEBVTT\n\n{comment}1\n")
    assert validate(written) == []
    assert [cue.text for cue in vtt.read(written).cues] == ["Hello"]


# The number of cues that the standard's parsing algorithm finds, read off it by hand. In these
# files a cue that must be found says "text" or "valid", one that must not says "invalid" (in the
# settings-* files "invalid" is the setting: the cue itself counts).
CUES_OF = {
    "arrows": 6,  # a line with --> ends the cue before it
    "header-garbage": 1,
    "header-space": 1,
    "header-tab": 1,
    "header-timings": 1,  # times end the header without a blank line
    "ids": 5,
    "newlines": 4,
    "nulls": 7,  # U+FFFD by then, and no digit
    "regions-id": 4,
    "regions-lines": 13,
    "regions-old": 2,
    "regions-regionanchor": 20,
    "regions-scroll": 6,
    "regions-viewportanchor": 20,
    "settings-align": 13,
    "settings-line": 46,
    "settings-multiple": 2,
    "settings-position": 22,
    "settings-region": 9,
    "settings-size": 16,
    "settings-vertical": 8,
    "signature-bom": 0,
    "signature-no-newline": 0,
    "signature-space": 0,
    "signature-space-no-newline": 0,
    "signature-tab": 0,
    "signature-tab-no-newline": 0,
    "signature-timings": 0,  # the times are part of the signature's line
    "stylesheets": 2,
    "timings-60": 2,  # sixty hours are fine
    "timings-eof": 0,
    "timings-garbage": 0,
    "timings-negative": 4,  # the parser keeps what ends before it starts
    "timings-omitted-hours": 3,
    "timings-too-long": 2,
    "timings-too-short": 2,
    "whitespace-chars": 3,  # a vertical tab is no white space
}


@pytest.mark.parametrize("name", CUES_OF)
def test_the_conformance_files_give_the_cues_of_the_standard(name: str, shared_data: Path) -> None:
    text = (shared_data / "webvtt" / f"{name}.vtt").read_bytes().decode("utf-8")
    cues = vtt.read(text).cues
    assert len(cues) == CUES_OF[name]
    if not name.startswith("settings-"):
        assert all("invalid" not in cue.text for cue in cues)
    assert validate(vtt.write(Track("en", cues[:1]))) == []


def test_no_conformance_file_is_forgotten(shared_data: Path) -> None:
    assert {path.stem for path in (shared_data / "webvtt").glob("*.vtt")} == CUES_OF.keys()


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ("<v Ann>Hello</v>", "Hello"),
        ("<v.loud.first Ann Lee>Hello", "Hello"),
        ("<v\nAnn>Hello", "Hello"),
        ("<c.yellow.bg_blue>a</c> <i>b</i> <b>c</b> <u>d</u> <lang en-GB>e</lang>", "a b c d e"),
        ("one <00:00:01.500>two <01.5>three", "one two three"),
        ("<ruby>漢字<rt>かんじ</rt></ruby>です", "漢字(かんじ)です"),
        ("<ruby>漢<rt>かん</rt>字<rt>じ</ruby>", "漢(かん)字(じ)"),
        ("<ruby>字<rt>じ", "字(じ)"),
        ("<>a</>", "a"),
        ("a<b/>b", "ab"),
        ("<b>a<b>b", "ab"),
        ("&amp;&lt;&gt;&nbsp;x&lrm;&rlm;", "&<>\xa0x\u200e\u200f"),
        ("caf&eacute; &#233; &#xE9; &hellip;", "café é é …"),
        ("&ampamp; &notanentity; & &", "&amp; ¬anentity; & &"),
        ("&lt;i>x", "<i>x"),
        ("&amp;lt;", "&lt;"),
        ("I <3 you > me", "I <3 you > me"),
        ("a < b and c > d", "a < b and c > d"),
        ("a <", "a <"),
        ("a <b", "a <b"),
        ("  a  \n\t b ", "a\nb"),
        ("a\x0bb\u2028c", "a\nb\nc"),
    ],
)
def test_cue_text_becomes_plain_text(payload: str, text: str) -> None:
    assert text_of(payload) == text


def test_what_plain_cues_cannot_hold_is_told_once() -> None:
    cue = f"{TIMES} align:start\n<v Ann>Hello\n\n"
    reading = vtt.read(f"WEBVTT\n\nSTYLE\n::cue {{}}\n\nREGION\nid:a\n\nNOTE quiet\n\n{cue * 3}")
    assert len(reading.cues) == 3
    assert [notice.reason for notice in reading.notices] == [NoticeReason.SUBTITLE_REPAIRED] * 3
    told = " ".join(notice.message for notice in reading.notices)
    assert all(what in told for what in ("settings", "voices", "styles"))


def test_a_cue_with_bad_times_is_told_with_its_line_and_text() -> None:
    reading = vtt.read(f"WEBVTT\n\nid\n00:00:01,000 --> 00:00:02,000\nlost\n\n{TIMES}\nHello")
    assert [cue.text for cue in reading.cues] == ["Hello"]
    assert reading.notices[0].facts == {"line": "4", "text": "lost"}


def test_text_without_times_is_told() -> None:
    reading = vtt.read(f"WEBVTT\n\nstray\n\n{TIMES}\nHello")
    assert [cue.text for cue in reading.cues] == ["Hello"]
    assert reading.notices[0].facts == {"line": "3", "text": "stray"}


def test_a_sound_file_is_read_without_a_notice() -> None:
    assert vtt.read(f"WEBVTT - title\n\nNOTE\nquiet\n\n1\n{TIMES}\nHello\n").notices == ()


@pytest.mark.parametrize("text", ["", "\n", "webvtt\n", " WEBVTT", "WEBVTTx", f"1\n{TIMES}\nHello"])
def test_a_text_without_the_signature_is_refused(text: str) -> None:
    with pytest.raises(SubtitleSyntax, match="WEBVTT"):
        vtt.read(text)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param("<" * 200_000, id="brackets"),
        pytest.param("<a " * 70_000, id="open tags"),
        pytest.param("<v " * 70_000 + ">", id="one long tag"),
        pytest.param("&" * 200_000, id="ampersands"),
        pytest.param("&#" * 100_000, id="references"),
        pytest.param("<c." * 70_000 + ">", id="classes"),
    ],
)
def test_hostile_cue_text_takes_linear_time(payload: str) -> None:
    # Each would run for minutes, past the test's limit, if any pattern backtracked.
    text = f"WEBVTT\n\n{TIMES}\n{payload}\n"
    assert len(vtt.read(text).cues) <= 1
    validate(text)
