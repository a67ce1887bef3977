"""What holds for any track in any format: nothing is lost, and written twice it is the same."""

import contextlib
import io
import re
import zipfile
from xml.etree import ElementTree

import pysubs2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from polycue.domain.cue import Cue
from polycue.domain.errors import SubtitleSyntax
from polycue.domain.track import Track, TrackFormat
from polycue.tracks import ass, hls, json_track, srt, tsv, ttml, txt, vtt
from polycue.tracks.files import decode_text, format_of, parse, render
from polycue.tracks.overlap import settled
from polycue.tracks.reading import Reading
from polycue.tracks.text import clean_line, clean_lines
from polycue.tracks.validate import validate

HOUR_MS = 3_600_000
HUNDRED_HOURS_MS = 100 * HOUR_MS

NASTY = [
    *("-->", "--->", "a-->b", "->", "00:00:01,000 --> 00:00:02,000", "00:01.000 --> 00:02.000 x:y"),
    *(
        "WEBVTT",
        "NOTE",
        "NOTE x",
        "STYLE",
        "REGION",
        "\ufeff",
        "X1:1",
        "{",
        "}",
        "{\\an8}",
        "\\N",
        "\\n",
        "\\h",
    ),
    *(
        "\\",
        "\\{",
        "\\\\",
        "{\\p1}m 0 0{\\p0}",
        "a{b}c",
        "Dialogue: 0,0:00:01.00,0:00:02.00",
        "[Events]",
    ),
    *("\u0301", "\u064b", "\u0e49", "\u202e", "abc שלום 123", "\u2067x\u2069"),
    *("]]>", "<!--", "<?xml?>", "<![CDATA[", "<!DOCTYPE x>", "</span>", "&lt;", "\uffff"),
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


STARTS_MS = (0, 3_599_990, HUNDRED_HOURS_MS - 5_000)


@st.composite
def tracks(draw: st.DrawFn, starts_ms: tuple[int, ...] = STARTS_MS) -> Track:
    shapes = st.tuples(
        st.integers(0, 5_000), st.integers(1, 10_000), st.lists(lines, min_size=1, max_size=3)
    )
    at_ms, cues = draw(st.sampled_from(starts_ms)), []
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


@given(tracks(), st.text(max_size=40) | st.sampled_from(NASTY))
def test_ass_keeps_all_text_and_cuts_times_down_to_hundredths(track: Track, note: str) -> None:
    written = ass.write(track, note=note)
    reading = ass.read(written)
    assert reading.notices == ()
    assert [cue.lines for cue in reading.cues] == [lines for *_, lines in readable(track)]
    shortest_ms = 0
    for cue, (start_ms, end_ms, _) in zip(reading.cues, readable(track), strict=True):
        assert cue.start_ms % 10 == cue.end_ms % 10 == 0
        # A cue of less than a hundredth takes one, and may push what follows.
        shortest_ms += 10 if end_ms - start_ms < 20 else 0
        assert -10 < cue.start_ms - start_ms <= shortest_ms
        assert -10 < cue.end_ms - end_ms <= shortest_ms
    assert ass.write(Track("en", reading.cues), note=note) == written


@given(tracks())
def test_ass_is_read_by_pysubs2_too(track: Track) -> None:
    written = ass.write(track)
    if all(cue.end_ms < 100 * HOUR_MS for cue in track.cues):
        events = pysubs2.SSAFile.from_string(written, format_="ass").events
        found = [(event.start, event.end) for event in events]
        assert found == [(cue.start_ms, cue.end_ms) for cue in ass.read(written).cues]


@settings(deadline=None)  # ttconv is imported in the first run
@given(tracks(), st.text(max_size=40) | st.sampled_from(NASTY))
def test_ttml_keeps_every_cue_and_time_and_all_that_xml_can_hold(track: Track, note: str) -> None:
    written = ttml.write(track, note=note)
    root = ElementTree.fromstring(written)  # noqa: S314  # it is ours
    assert root.get("{http://www.w3.org/ns/ttml#parameter}contentProfiles") == ttml.PROFILE
    reading = ttml.read(written)
    assert reading.notices == ()
    wanted = [(s, e, tuple(map(as_xml_can, lines))) for s, e, lines in readable(track)]
    assert [(cue.start_ms, cue.end_ms, cue.lines) for cue in reading.cues] == wanted
    assert ttml.write(Track("en", reading.cues), note=note) == written


def as_xml_can(line: str) -> str:
    return re.sub("[\ufffe\uffff]", "\ufffd", line)


@given(tracks())
def test_tsv_keeps_every_cue_time_and_character(track: Track) -> None:
    written = tsv.write(track)
    reading = tsv.read(written)
    assert reading.notices == ()
    assert [(cue.start_ms, cue.end_ms, cue.lines) for cue in reading.cues] == readable(track)
    assert tsv.write(Track("en", reading.cues)) == written


@given(tracks())
def test_plain_text_holds_every_character_in_order(track: Track) -> None:
    text = "".join(line for *_, lines in readable(track) for line in lines)
    assert "".join(txt.write(track).split()) == "".join(text.split())


@given(tracks(starts_ms=(0,)), st.integers(0, 60_000), st.integers(1_000, 20_000))
def test_hls_segments_put_together_are_the_track(
    track: Track, media_ms: int, segment_ms: int
) -> None:
    data = hls.write(track, media_ms=media_ms, segment_ms=segment_ms)
    playlist = unpacked(data)
    found: dict[tuple[int, int, tuple[str, ...]], None] = {}
    at_ms = 0
    for stay_ms, text in playlist:
        reading = vtt.read(text)
        assert reading.notices == ()
        for cue in reading.cues:
            assert cue.start_ms < at_ms + stay_ms
            assert cue.end_ms > at_ms
            found[cue.start_ms, cue.end_ms, cue.lines] = None
        at_ms += stay_ms
    assert list(found) == readable(track)
    last_ms = max((cue.end_ms for cue in track.cues), default=0)  # one without text counts too
    assert at_ms == max(media_ms, last_ms, 1)
    assert hls.write(track, media_ms=media_ms, segment_ms=segment_ms) == data


def unpacked(data: bytes) -> list[tuple[int, str]]:
    """Length and text of each segment, in the order of the playlist."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        lines = archive.read(hls.PLAYLIST).decode().splitlines()
        stays = [round(float(x[8:-1]) * 1000) for x in lines if x.startswith("#EXTINF:")]
        names = [line for line in lines if not line.startswith("#")]
        assert [hls.PLAYLIST, *names] == archive.namelist()
        return [(s, archive.read(n).decode()) for s, n in zip(stays, names, strict=True)]


READABLE = [track_format for track_format in TrackFormat if track_format.is_readable]


@settings(deadline=None)
@given(tracks(), st.sampled_from(READABLE), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_a_rendered_file_is_recognised_decoded_and_read(
    track: Track, track_format: TrackFormat, codec: str
) -> None:
    text = render(track, track_format)
    assert decode_text(text.encode(codec)) == text
    if text:
        assert format_of("", text) is track_format
    assert len(parse(text, track_format).cues) >= len(readable(track))


HEADS = [
    *("", "WEBVTT\n\n", "1\n00:00:01,000 --> 00:00:02,000\n", "WEBVTT\n\n0:00:01.000 -->"),
    *("[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,,,0,0,0,,{", "start\tend\ttext\n1\t2\t"),
    '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" dur="2s">',
]


@settings(deadline=None)
@given(st.sampled_from(HEADS), st.text() | st.lists(fragments | st.just("\n")).map("".join))
def test_no_text_at_all_breaks_a_reader(head: str, text: str) -> None:
    for track_format in READABLE:
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
