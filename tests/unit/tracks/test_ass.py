import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.cue import Cue
from polycue.domain.errors import SubtitleSyntax
from polycue.domain.track import Track
from polycue.tracks import ass

HEAD = "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
ORDER = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"


def event(text: str) -> str:
    return f"Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{text}\n"


def text_of(styled: str, head: str = HEAD + ORDER) -> str:
    (cue,) = ass.read(head + event(styled)).cues
    return cue.text


def times_of(*times: tuple[int, int]) -> list[tuple[int, int]]:
    track = Track("en", tuple(Cue(start_ms, end_ms, ("x",)) for start_ms, end_ms in times))
    return [(cue.start_ms, cue.end_ms) for cue in ass.read(ass.write(track)).cues]


def test_a_track_is_written_in_one_style_for_a_picture_of_1080_lines() -> None:
    cues = (Cue(1000, 2500, ("Hello,", "world")), Cue(36_000_000, 36_000_500, ("Bye",)))
    assert ass.write(Track("pt-BR", cues), note="Made by a machine") == (
        "[Script Info]\n"
        "; Made by a machine\n"
        "ScriptType: v4.00+\n"
        "PlayResX: 1920\n"
        "PlayResY: 1080\n"
        "WrapStyle: 0\n"
        "ScaledBorderAndShadow: yes\n"
        "YCbCr Matrix: None\n"
        "Language: pt-BR\n"
        "\n"
        "[V4+ Styles]\n"
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour,"
        " BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle,"
        " BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n"
        "Style: Default,Arial,72,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,"
        "0,0,0,0,100,100,0,0,1,3,0,2,96,96,54,1\n"
        "\n"
        "[Events]\n"
        f"{ORDER}"
        "Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,Hello,\\Nworld\n"
        # pysubs2 alone ends every film at 9:59:59.99.
        "Dialogue: 0,10:00:00.00,10:00:00.50,Default,,0,0,0,,Bye\n"
    )


def test_no_text_becomes_an_override_or_a_break() -> None:
    line = "{\\an8}up \\N \\h \\{ C:\\new {x}"
    written = ass.write(Track("en", (Cue(0, 1000, (line,)),)))
    styled = written.rstrip("\n").rpartition(",")[2]
    assert "{" not in styled.replace("\\{", "")
    assert not any(f"\\{letter}" in styled for letter in "Nnha")
    assert ass.read(written).cues == (Cue(0, 1000, (line,)),)


@pytest.mark.parametrize("text", ["שלום", "مرحبا", "Hello שלום"])
def test_text_that_runs_leftwards_lets_the_renderer_find_its_direction(text: str) -> None:
    # libass writes every line from left to right unless the style's Encoding is -1.
    assert ",54,-1\n" in ass.write(Track("he", (Cue(0, 1000, (text,)),)))


def test_no_language_is_named_where_none_is_known() -> None:
    assert "Language" not in ass.write(Track("und", ()))


def test_times_are_cut_down_so_that_no_cue_shows_a_frame_late() -> None:
    # Rounded to the nearest, 126 ms would be 130: past the frame at 125.1 ms (24000/1001), where
    # the cue begins.
    assert times_of((126, 1099), (1099, 2000)) == [(120, 1090), (1090, 2000)]


@given(
    st.sampled_from(
        [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60), Fraction(100)]
    ),
    st.integers(0, 10_000_000),
    st.integers(1, 500),
)
def test_no_time_becomes_later_or_falls_back_to_the_frame_before(
    rate: Fraction, first: int, count: int
) -> None:
    start_ms = math.ceil(1000 * first / rate)  # as timing lays cues on frames
    end_ms = math.floor(1000 * (first + count) / rate)
    ((shown_ms, gone_ms),) = times_of((start_ms, end_ms))
    assert 1000 * (first - 1) / rate < shown_ms <= start_ms
    assert 1000 * (first + count - 1) / rate < gone_ms <= end_ms


def test_cues_of_less_than_a_hundredth_stay_one_and_do_not_overlap() -> None:
    assert times_of((0, 1), (1, 2), (3, 4), (35, 1000)) == [(0, 10), (10, 20), (20, 30), (30, 1000)]


@pytest.mark.parametrize(
    ("styled", "text"),
    [
        ("{\\an8\\i1}Up{\\i0} there", "Up there"),
        ("one\\Ntwo", "one\ntwo"),
        ("one\\ntwo", "one two"),
        ("one\\htwo", "one\u00a0two"),
        ("{a comment}text", "text"),
        ("\\{braces\\}", "{braces}"),
        ("{\\p1}m 0 0 l 10 10{\\p0}text", "text"),
        ("text{\\pos(3,4)\\p2}m 0 0\\N", "text"),
        ("not closed { here", "not closed { here"),
        ("not opened } here", "not opened } here"),
        ("a, b, c", "a, b, c"),
        ("back\\slash", "back\\slash"),
    ],
)
def test_overrides_and_drawings_are_left_out_of_the_text(styled: str, text: str) -> None:
    assert text_of(styled) == text


def test_a_soft_break_is_one_where_the_script_says_so() -> None:
    head = "[Script Info]\nWrapStyle: 2\n[Events]\n"
    assert text_of("one\\ntwo", head) == "one\ntwo"


def test_it_is_told_once_that_styling_is_left_out() -> None:
    reading = ass.read(HEAD + event("{\\i1}a") + event("{\\i1}b"))
    (notice,) = reading.notices
    assert notice.message == (
        "ASS, styles, positions and drawings are left out: cues hold plain text"
    )


def test_what_is_only_drawn_or_said_to_the_editor_makes_no_cue() -> None:
    text = HEAD + ORDER + event("{\\p1}m 0 0 l 1 1") + event("x").replace("Dialogue", "Comment")
    reading = ass.read(text)
    assert reading.cues == ()
    assert len(reading.notices) == 1


def test_fields_are_found_by_the_names_the_file_gives_them() -> None:
    ssa = (
        "[Script Info]\nScriptType: v4.00\n[V4 Styles]\nFormat: Name, Fontname\n"
        "[Events]\nFormat: Marked, End, Start, Text\n"
        "Dialogue: Marked=0, 0:00:02.00 ,0:00:01.50,Hello, world\n"
    )
    assert ass.read(ssa).cues == (Cue(1500, 2000, ("Hello, world",)),)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_and_a_byte_order_mark_are_taken(end: str) -> None:
    text = "\ufeff" + (HEAD + ORDER + event("one")).replace("\n", end)
    assert ass.read(text).cues == (Cue(1000, 2500, ("one",)),)


def test_an_event_without_times_is_told_and_costs_no_other() -> None:
    # pysubs2 gives up the whole file.
    reading = ass.read(HEAD + "Dialogue: 0,soon,later,Default,,0,0,0,,lost\n" + event("kept"))
    assert [cue.text for cue in reading.cues] == ["kept"]
    (notice,) = reading.notices
    assert notice.facts == {"line": "5", "text": "lost"}


def test_hours_beyond_99_are_read() -> None:
    text = HEAD + event("x").replace("0:00:02.50", "100:00:00.00")
    assert ass.read(text).cues == (Cue(1000, 360_000_000, ("x",)),)


def test_an_empty_track_reads_back() -> None:
    assert ass.read(ass.write(Track("en", ()))).cues == ()


def test_what_is_no_script_is_refused() -> None:
    with pytest.raises(SubtitleSyntax, match="Dialogue"):
        ass.read("1\n00:00:01,000 --> 00:00:02,000\nHello\n")


@pytest.mark.parametrize("styled", ["{" * 300_000, "{}" * 150_000, "\\{" * 150_000 + "}"])
def test_hostile_overrides_take_linear_time(styled: str) -> None:
    assert len(ass.read(HEAD + event(styled)).cues) <= 1
