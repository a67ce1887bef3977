"""The page for people: whole, harmless, and of bounded size."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polycue.domain.audio import Span
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.defence import Remedy, Signal, Verdict
from polycue.domain.request import LayoutOptions
from polycue.domain.track import Track, TrackFormat
from polycue.domain.transcript import ChunkFacts, Transcript
from polycue.domain.translation import Fallback, Objection, Rung
from polycue.pipeline.linting import LintOptions, lint_text
from polycue.pipeline.reporting import page_of, reported
from polycue.tracks import json_track
from polycue.tracks.page.listing import MOST_CUES

VOID = {"meta", "br", "input", "line", "rect"}


class Checker(HTMLParser):
    """Whether every element is closed, and what there is."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def checked(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    return checker


def page(*cues: Cue, title: str = "film.en.srt") -> str:
    track = reported(Track("en", cues), LayoutOptions(), None)
    return page_of(track, title, None)


def test_a_page_is_whole_and_needs_no_other() -> None:
    found = checked(page(Cue(0, 2000, ("Good morning.",)), Cue(3000, 4000, ("m" * 50,))))
    assert "script" not in found.tags
    assert not {"src", "srcset", "data", "onclick", "onload"} & {k for k, _ in found.attributes}
    links = {value for key, value in found.attributes if key == "href"}
    assert links == {"#c1", "#c2"}
    assert not re.search(r"url\((?!#)|@import", page(Cue(0, 2000, ("a",))))


def test_a_breach_is_told_in_words_and_not_by_colour_alone() -> None:
    text = checked(page(Cue(3000, 7000, ("m" * 50,)))).text
    assert "✖ 1 hard breach and no soft breaches in 1 cue" in text
    assert "✖ hard a line is too long: 50 against 42 characters" in text
    assert "not checked: where somebody speaks is not known" in text
    assert "Cues stand for 4.0 s" in text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</style></title></main><svg onload=alert(1)>",
        "&lt;b&gt; & more",
        "\u202e desrever",
        "'--><!--",
    ],
)
def test_text_is_shown_as_it_is_and_does_nothing(text: str) -> None:
    found = checked(page(Cue(0, 2000, (text,)), title=text))
    assert found.text.count(text) >= 2
    assert not {"script", "img"} & set(found.tags)
    assert found.tags.count("svg") == found.tags.count("style") + 1 == 2
    assert not any(key.startswith("on") for key, _ in found.attributes)


@settings(max_examples=40)
@given(st.text(min_size=1, max_size=40), st.text(max_size=20))
def test_whatever_a_cue_holds_the_page_is_whole(text: str, title: str) -> None:
    lines = tuple(line for line in text.splitlines() if line.strip()) or ("x",)
    made = page(Cue(0, 2000, lines), title=title)
    checked(made)
    assert made.encode()
    assert "\0" not in made


def test_a_film_without_cues_has_a_page_too() -> None:
    assert "no hard breaches" in checked(page()).text


def test_what_was_heard_and_translated_is_on_the_page() -> None:
    verdict = Verdict(500, 900, Remedy.DROPPED, "Thank <you>", (Signal.PHRASE, Signal.LOOP))
    chunk = ChunkFacts(0, 9000, "es", 0.0, 0.0, 1.0, 3, speech_ms=8000)
    transcript = Transcript(
        words=(),
        language="es",
        language_probability=1.0,
        chunks=(chunk,),
        duration_ms=9000,
        model="tiny",
        speech=(Span(0, 8000),),
        defence=(verdict,),
    )
    fallback = Fallback(0, 900, "¿Qué?", Objection.LOOP, Rung.KEPT_SOURCE, ("es",))
    cue = Cue(0, 2000, ("¿Qué?",), flags=frozenset({CueFlag.KEPT_SOURCE}))
    track = Track("en", (cue,), route=("es", "en"), fallbacks=(fallback,))
    text = checked(page_of(reported(track, LayoutOptions(), transcript), "film", transcript)).text
    for told in ("es 0:08", "Thank <you>", "phrase, loop", "es → en", "it repeats itself"):
        assert told in text
    assert "left untranslated" in text
    assert "Left untranslated1 cue" in text


def test_a_long_film_stays_small_and_shows_what_is_broken() -> None:
    count = 2 * MOST_CUES
    cues = tuple(
        Cue(3000 * n, 3000 * n + 2000, ("m" * (50 if n == count - 1 else 20),))
        for n in range(count)
    )
    made = page(*cues)
    assert len(made) < 4_000_000
    assert f'id="c{count}"' in made
    assert f"{count - MOST_CUES:,} cues more are not shown here" in made


def test_a_text_of_megabytes_is_cut() -> None:
    made = page(Cue(0, 2000, ("é" * 3_000_000,)))
    assert len(made) < 100_000
    assert "3,000,000 characters" in made


def test_a_json_track_brings_its_speech_to_the_page() -> None:
    transcript = Transcript((), "en", 1.0, (), 4000, "tiny", speech=(Span(0, 1500),))
    text = json_track.write(Track("en", (Cue(0, 2000, ("Hi.",)),)), transcript)
    made = lint_text(text, TrackFormat.JSON, "", LintOptions()).page("film.en.json")
    assert 'class="speech"' in made
