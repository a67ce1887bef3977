"""What holds for any track in any format: nothing is lost, and written twice it is the same."""

import contextlib

from hypothesis import example, given
from hypothesis import strategies as st

from polycue.domain.cue import Cue
from polycue.domain.errors import SubtitleSyntax
from polycue.domain.track import Track, TrackFormat
from polycue.tracks import json_track, srt, vtt
from polycue.tracks.files import decode_text, format_of, parse, render
from polycue.tracks.overlap import settled
from polycue.tracks.reading import Reading
from polycue.tracks.text import clean_line, clean_lines
from polycue.tracks.validate import validate

HUNDRED_HOURS_MS = 360_000_000

NASTY = [
    *("-->", "--->", "a-->b", "->", "00:00:01,000 --> 00:00:02,000", "00:01.000 --> 00:02.000 x:y"),
    *("WEBVTT", "NOTE", "NOTE x", "STYLE", "REGION", "\ufeff", "X1:1", "{", "}", "{\\an8}", "\\N"),
    *("&", "&amp;", "&lt;b&gt;", "&#0;", "&nosuch;", "<", ">", "<i>", "</i>", "<v Ann>", "<br>"),
    *(
        "<<i>",
        "<00:00:01.000>",
        "1",
        "2",
        "3",
        "1984",
        "١٢",
        "½",
        "-",
        "♪",
        "…",
        "\u3000",
        "\u00a0x",
    ),
    *(
        "שלום",
        "مرحبا",
        "\u202bעברית\u202c",
        "\u200f",
        "日本語",
        "한국어",
        "ไทย",
        "हिन्दी",
        "e\u0301",
    ),
    *("👩\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈", "🇪🇸", "\u200b", "\u2060", "\ufffe", "\t", "  "),
    *("e\u0301", "\u00a0x", "\x00", "\x07", "\x1b[31m", "\x7f", "\x9f"),
]

# Whatever a cue may hold: the noun refuses line breaks and blank lines, nothing else.
fragments = st.sampled_from(NASTY) | st.text(max_size=6)
lines = (
    st.lists(fragments, min_size=1, max_size=4)
    .map("".join)
    .map(lambda text: " ".join(text.splitlines()))
    .filter(lambda line: line.strip() != "")
)


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    shapes = st.tuples(
        st.integers(0, 5_000), st.integers(1, 10_000), st.lists(lines, min_size=1, max_size=3)
    )
    at_ms, cues = draw(st.sampled_from([0, 3_599_990, HUNDRED_HOURS_MS - 5_000])), []
    for gap_ms, stay_ms, texts in draw(st.lists(shapes, max_size=6)):
        cues.append(Cue(at_ms + gap_ms, at_ms + gap_ms + stay_ms, tuple(texts)))
        at_ms = cues[-1].end_ms
    return Track("en", tuple(cues))


def readable(track: Track) -> list[tuple[int, int, tuple[str, ...]]]:
    """What a reader should see: cues whose text is more than control characters, cleaned."""
    cleaned = [(cue.start_ms, cue.end_ms, clean_lines(cue.lines)) for cue in track.cues]
    return [cue for cue in cleaned if cue[2]]


@given(tracks())
def test_srt_keeps_every_cue_and_changes_text_only_where_it_must(track: Track) -> None:
    written = srt.write(track)
    reading = srt.read(written)
    assert reading.notices == ()
    found = [(cue.start_ms, cue.end_ms, cue.lines) for cue in reading.cues]
    for (*times, text), (*wanted_times, wanted) in zip(found, readable(track), strict=True):
        assert times == wanted_times
        assert [as_srt_can(line) for line in text] == [as_srt_can(line) for line in wanted]
    assert srt.write(Track("en", reading.cues)) == written


def as_srt_can(line: str) -> str:
    """SubRip has no escapes: an arrow loses a hyphen, a tag is told from text by a word joiner."""
    while "-->" in line:
        line = line.replace("-->", "->")
    return line.replace("\u2060", "")


@given(tracks(), st.text(max_size=40) | st.sampled_from(NASTY))
@example(Track("en", ()), "")
def test_webvtt_keeps_every_cue_and_character_and_is_valid(track: Track, note: str) -> None:
    written = vtt.write(track, note=note)
    assert validate(written) == []
    reading = vtt.read(written)
    assert reading.notices == ()
    assert [(c.start_ms, c.end_ms, c.lines) for c in reading.cues] == readable(track)
    assert vtt.write(Track("en", reading.cues), note=note) == written


@given(tracks())
def test_json_keeps_everything(track: Track) -> None:
    written = json_track.write(track, None)
    document = json_track.read_document(written)
    assert document.track == track
    assert json_track.write(document.track, document.transcript) == written


@given(tracks(), st.sampled_from(TrackFormat), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_a_rendered_file_is_recognised_decoded_and_read(
    track: Track, track_format: TrackFormat, codec: str
) -> None:
    text = render(track, track_format)
    assert decode_text(text.encode(codec)) == text
    if text:
        assert format_of("", text) is track_format
    assert len(parse(text, track_format).cues) >= len(readable(track))


HEADS = ["", "WEBVTT\n\n", "1\n00:00:01,000 --> 00:00:02,000\n", "WEBVTT\n\n0:00:01.000 -->"]


@given(st.sampled_from(HEADS), st.text() | st.lists(fragments | st.just("\n")).map("".join))
def test_no_text_at_all_breaks_a_reader(head: str, text: str) -> None:
    for track_format in TrackFormat:
        with contextlib.suppress(SubtitleSyntax):
            Track("en", settled(parse(head + text, track_format)).cues)
    validate(head + text)


@given(st.text(st.characters()))
def test_a_cleaned_line_is_clean(text: str) -> None:
    line = clean_line(text)
    assert clean_line(line) == line
    assert len(line.splitlines()) <= 1
    line.encode()


cues_anywhere = st.builds(
    lambda start_ms, stay_ms, text: Cue(start_ms, start_ms + stay_ms, (text,)),
    st.integers(0, 20_000),
    st.integers(1, 8_000),
    st.sampled_from("abcdef"),
)


@given(st.lists(cues_anywhere, max_size=12))
def test_cues_without_overlap_make_a_track_that_lost_no_text(cues: list[Cue]) -> None:
    reading = settled(Reading(tuple(cues)))
    track = Track("en", reading.cues)
    assert {line for cue in track.cues for line in cue.lines} == {c.text for c in cues}
    assert settled(reading) == reading
    assert bool(reading.notices) == (set(track.cues) != set(cues) or len(track.cues) < len(cues))
    starts = {cue.start_ms for cue in cues}
    assert all(cue.start_ms in starts for cue in track.cues)
