import logging
import sys
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from polycue.domain.cue import Cue
from polycue.domain.errors import FormatNotInstalled, SubtitleSyntax
from polycue.domain.track import Track, TrackFormat
from polycue.tracks import files, ttml

pytest.importorskip("ttconv", reason="the extra imsc is not installed")

NAMESPACES = 'xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"'
TT, TTS = "{http://www.w3.org/ns/ttml}", "{http://www.w3.org/ns/ttml#styling}"
XML = "{http://www.w3.org/XML/1998/namespace}"


def document(body: str, attributes: str = "") -> str:
    return f"<tt {NAMESPACES} xml:lang='fr' {attributes}><body>{body}</body></tt>"


def cues_of(body: str, attributes: str = "") -> list[tuple[int, int, str]]:
    reading = ttml.read(document(body, attributes))
    return [(cue.start_ms, cue.end_ms, cue.text) for cue in reading.cues]


def test_a_document_says_its_profile_and_language_and_needs_no_frame_rate() -> None:
    cues = (Cue(1, 2_345, ("Tom & Jerry", "i < 3")), Cue(360_000_000, 360_000_001, ("Bye",)))
    root = ElementTree.fromstring(ttml.write(Track("pt-BR", cues)))  # noqa: S314  # it is ours
    assert root.tag == f"{TT}tt"
    assert root.get(f"{XML}lang") == "pt-BR"
    profile = "{http://www.w3.org/ns/ttml#parameter}contentProfiles"
    assert root.get(profile) == "http://www.w3.org/ns/ttml/profile/imsc1.1/text"
    assert "frameRate" not in " ".join(root.attrib)
    times = [(p.get("begin"), p.get("end")) for p in root.iter(f"{TT}p")]
    assert times == [("00:00:00.001", "00:00:02.345"), ("100:00:00.000", "100:00:00.001")]


def test_a_paragraph_that_begins_leftwards_says_so() -> None:
    cues = (Cue(0, 1000, ("שלום Ann",)), Cue(1000, 2000, ("Ann שלום",)))
    root = ElementTree.fromstring(ttml.write(Track("he", cues)))  # noqa: S314  # it is ours
    assert [p.get(f"{TTS}direction") for p in root.iter(f"{TT}p")] == ["rtl", None]


def test_an_unknown_language_is_empty_and_no_cues_are_a_document() -> None:
    written = ttml.write(Track("und", ()))
    assert 'xml:lang=""' in written
    reading = ttml.read(written)
    assert reading.cues == ()
    assert reading.language == ""


def test_the_language_of_a_document_is_found() -> None:
    assert ttml.read(document("")).language == "fr"


@pytest.mark.parametrize(
    ("times", "attributes", "found"),
    [
        ('begin="1.5s" end="2500ms"', "", (1500, 2500)),
        ('begin="00:00:01.500" dur="1s"', "", (1500, 2500)),
        ('begin="00:00:01:12" end="60f"', 'ttp:frameRate="24"', (1500, 2500)),
        ('begin="00:00:01:15" end="00:00:03:00"', 'ttp:frameRate="30"', (1500, 3000)),
        (
            'begin="36f" end="48f"',
            'ttp:frameRate="24" ttp:frameRateMultiplier="1000 1001"',
            (1502, 2002),
        ),
        ('begin="15t" end="20t"', 'ttp:tickRate="10"', (1500, 2000)),
    ],
)
def test_times_are_read_however_they_are_written(
    times: str, attributes: str, found: tuple[int, int]
) -> None:
    assert cues_of(f"<div><p {times}>x</p></div>", attributes) == [(*found, "x")]


def test_times_are_told_from_the_element_around_them() -> None:
    body = '<div begin="10s" end="14s"><p begin="1s" end="9s">a</p><p begin="1s">b</p></div>'
    assert cues_of(body) == [(11_000, 14_000, "a"), (11_000, 14_000, "b")]


def test_one_after_the_other_is_understood() -> None:
    body = '<div timeContainer="seq"><p dur="1s">a</p><p dur="2s">b</p></div>'
    assert cues_of(body) == [(0, 1000, "a"), (1000, 3000, "b")]


def test_spans_with_times_of_their_own_are_cues_of_their_own() -> None:
    body = (
        '<div><p begin="1s" end="5s"><span begin="0s" end="1s">one</span><br/>'
        '<span begin="1s" end="2s">two</span> <span begin="1s" end="2s">three</span></p></div>'
    )
    assert cues_of(body) == [(1000, 2000, "one"), (2000, 3000, "two\nthree")]


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("a<br/>b", "a\nb"),
        ("  a\n   b  ", "a b"),
        ('<span xml:space="preserve">a\nb</span>', "a\nb"),
        ("<span>a</span> <span>b</span>", "a b"),
        ("a &amp; b &lt; c &#x5d0;", "a & b < c א"),
        ("<![CDATA[a < b]]>", "a < b"),
        (
            '<span tts:ruby="container"><span tts:ruby="base">漢字</span>'
            '<span tts:ruby="text">かんじ</span></span>です',
            "漢字(かんじ)です",
        ),
        (
            '<span tts:ruby="container"><span tts:ruby="baseContainer"><span tts:ruby="base">漢'
            '</span></span><span tts:ruby="textContainer"><span tts:ruby="text">かん</span></span>'
            "</span>",
            "漢(かん)",
        ),
        (
            '<span tts:ruby="container"><span tts:ruby="base">漢</span>'
            '<span tts:ruby="delimiter">(</span><span tts:ruby="text">かん</span>'
            '<span tts:ruby="delimiter">)</span></span>',
            "漢(かん)",
        ),
    ],
)
def test_text_is_what_a_viewer_reads(inside: str, text: str) -> None:
    styling = 'xmlns:tts="http://www.w3.org/ns/ttml#styling"'
    body = f'<div><p begin="0s" end="1s">{inside}</p></div>'
    assert cues_of(body, styling) == [(0, 1000, text)]


def test_a_style_that_nobody_understands_costs_no_text() -> None:
    strange = 'tts:fontSize="big" tts:ruby="?" xml:space="?" region="none" timeContainer="?"'
    text = document(
        f'<div {strange}><p begin="1s" end="2s" {strange}>x</p></div>',
        'xmlns:tts="http://www.w3.org/ns/ttml#styling" tts:extent="wide"',
    ).replace("<body>", "<head><styling><style tts:color='?'/></styling></head><body>")
    reading = ttml.read(text)
    assert [cue.text for cue in reading.cues] == ["x"]
    assert reading.notices == ()


def test_a_cue_without_an_end_stays_for_two_seconds_and_that_is_told() -> None:
    reading = ttml.read(document('<div><p begin="1s">x</p></div>'))
    assert [(cue.start_ms, cue.end_ms) for cue in reading.cues] == [(1000, 3000)]
    assert [notice.message for notice in reading.notices] == [
        "TTML, a cue without an end stays for two seconds"
    ]


def test_what_ttconv_does_not_understand_is_told_and_not_logged() -> None:
    class Log(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise AssertionError(record.getMessage())

    log = Log()
    logging.getLogger().addHandler(log)
    try:
        reading = ttml.read(document('<div><p begin="soon" end="1s">x</p></div>'))
    finally:
        logging.getLogger().removeHandler(log)
    assert len(reading.cues) == 1
    assert reading.notices[0].message == (
        "TTML, ttconv does not understand 1 of its parts, first: Bad begin attribute value: soon"
    )


BILLION = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "declaration",
    [
        f'<!DOCTYPE tt [<!ENTITY e0 "lol">{BILLION}]>',
        '<!DOCTYPE tt [<!ENTITY e9 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE tt SYSTEM "http://localhost/x.dtd">',
        "<!DOCTYPE tt>",
    ],
)
def test_a_document_type_is_refused_before_any_entity_is_read(declaration: str) -> None:
    text = declaration + document('<div><p begin="0s" end="1s">&e9;</p></div>')
    with pytest.raises(SubtitleSyntax, match="declares a document type"):
        ttml.read(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not well-formed"),
        ("<tt>", "not well-formed"),
        ("<tt>\n\n&nbsp;</tt>", "line 3: not well-formed"),
        ("<a\0>", "not well-formed"),
        ("<tt/>", "its root is not"),
        ("\ud800", "half characters"),
        ("<tt " + NAMESPACES + ">" + "<body>" * 5_000, "not well-formed"),
        (document("<div>" * 5_000 + "</div>" * 5_000), "nested too deeply"),
        (document("", 'ttp:frameRate="0" ttp:frameRateMultiplier="0 0"'), "ttconv cannot read it"),
    ],
)
def test_what_is_no_ttml_is_refused(text: str, problem: str) -> None:
    with pytest.raises(SubtitleSyntax, match=problem):
        ttml.read(text)


def test_times_beyond_all_films_are_left_out() -> None:
    reading = ttml.read(document(f'<div><p begin="{"9" * 30}h">x</p></div>'))
    assert reading.cues == ()
    assert reading.notices


@pytest.fixture
def without_ttconv(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installation without the extra: the import fails as it does there."""
    with monkeypatch.context() as patch:
        for name in [name for name in sys.modules if name.split(".")[0] == "ttconv"]:
            patch.delitem(sys.modules, name)
        patch.setitem(sys.modules, "ttconv", None)
        yield


@pytest.mark.usefixtures("without_ttconv")
def test_without_the_extra_it_is_said_how_to_get_it() -> None:
    for attempt in (
        lambda: ttml.write(Track("en", ())),
        lambda: ttml.read(document("")),
        lambda: files.require(TrackFormat.TTML),
    ):
        with pytest.raises(FormatNotInstalled, match=r"pip install 'polycue\[imsc\]'"):
            attempt()
    for track_format in set(TrackFormat) - {TrackFormat.TTML}:
        files.require(track_format)
