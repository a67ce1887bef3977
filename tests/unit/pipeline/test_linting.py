"""Files as they lie on people's disks, looked through as they are."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.audio import Span
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.errors import InvalidRequest, LimitExceeded, SubtitleSyntax
from polycue.domain.report import LintRule, RuleResult
from polycue.domain.request import LayoutOptions
from polycue.domain.track import Track, TrackFormat
from polycue.domain.transcript import ChunkFacts, Transcript, Word
from polycue.domain.translation import Fallback, Objection, Rung
from polycue.pipeline.linting import Linted, LintOptions, frame_rate_of, lint_text
from polycue.tracks import json_track, vtt
from polycue.tracks.size import MAX_CUES

SRT, VTT, JSON = TrackFormat.SRT, TrackFormat.VTT, TrackFormat.JSON
ONE = "1\n00:00:01,000 --> 00:00:02,500\nGood morning.\n"


def lint(text: str, form: TrackFormat = SRT, language: str = "en", **options: object) -> Linted:
    return lint_text(text, form, language, LintOptions(**options))  # type: ignore[arg-type]


def found(linted: Linted) -> list[tuple[str, int, str]]:
    return [(v.rule.value, v.cue, v.detail) for v in linted.report.violations]


def result(linted: Linted, rule: LintRule) -> RuleResult:
    return next(result for result in linted.report.rules if result.rule is rule)


def test_a_good_file_breaks_no_rule() -> None:
    linted = lint(ONE)
    assert found(linted) == []
    assert linted.cues == (Cue(1000, 2500, ("Good morning.",)),)


def test_what_a_reader_repairs_is_told_of_as_it_was() -> None:
    text = (
        f"{ONE}\n2\n00:00:04,000 --> 00:00:03,000\nBack.\n\n"
        "3\n00:00:07,000 --> 00:00:08,000\n\n"
        "4\n00:99:99,000 --> nonsense\nLost.\n"
    )
    linted = lint(text)
    assert ("times", 0, "line 6") in found(linted)
    assert ("empty", 0, "line 10") in found(linted)
    assert len(linted.notices) >= 2


def test_characters_that_readers_drop_are_told_with_their_line() -> None:
    linted = lint("\ufeff" + ONE.replace("Good", "Go\0od\x07") + "\ufeff")
    assert found(linted) == [
        ("glyph", 0, "line 3: U+0000"),
        ("glyph", 0, "line 4: U+FEFF ZERO WIDTH NO-BREAK SPACE"),
    ]


def test_webvtt_is_held_against_the_standard_and_other_files_are_not() -> None:
    assert "WebVTT" in result(lint(ONE), LintRule.VTT_SYNTAX).why_not
    text = "WEBVTT\n\n00:01.000 --> 00:02.500\nTom & Jerry\n"
    linted = lint(text, VTT)
    assert found(linted) == [
        ("vtt_syntax", 0, "line 4: & begins a character reference, and is itself written &amp;")
    ]
    good = vtt.write(Track("en", linted.cues))
    assert result(lint(good, VTT), LintRule.VTT_SYNTAX).count == 0


def test_an_arrow_in_a_text_is_a_cue_of_its_own_or_text_and_never_a_crash() -> None:
    linted = lint("1\n00:00:01,000 --> 00:00:02,500\nleft --> right\n")
    assert [cue.text for cue in linted.cues] == ["left --> right"]


def test_mixed_directions_are_fine() -> None:
    assert found(lint(ONE.replace("Good morning.", "שלום abc مرحبا."), language="he")) == []


def test_a_json_track_brings_its_language_and_what_was_heard() -> None:
    chunk = ChunkFacts(0, 3000, "de", -0.1, 0.0, 1.0, 2, speech_ms=900)
    transcript = Transcript(
        words=(),
        language="de",
        language_probability=1.0,
        chunks=(chunk,),
        duration_ms=2400,
        model="demo",
        speech=(Span(1000, 1900),),
        frame_rate=Fraction(25),
    )
    track = Track("de", (Cue(1000, 2500, ("Guten Tag.",)),))
    linted = lint(json_track.write(track, transcript), JSON, "")
    report = linted.report
    assert report.language == "de"
    assert report.frame_rate == 25
    assert found(linted) == [("beyond_end", 1, "")]
    assert result(linted, LintRule.SILENT_START).count == 0
    assert report.recognition is not None
    assert report.recognition.speech_ms == 900
    assert [(s.language, s.duration_ms) for s in report.recognition.languages] == [("de", 900)]


def test_a_translated_json_track_brings_how_it_came_about() -> None:
    fallback = Fallback(0, 900, "¿Qué?", Objection.LOOP, Rung.KEPT_SOURCE, ("es",))
    kept = Cue(0, 2000, ("¿Qué?",), flags=frozenset({CueFlag.KEPT_SOURCE}))
    track = Track("en", (kept,), route=("es", "en"), fallbacks=(fallback,))
    report = lint(json_track.write(track, None), JSON, "").report
    assert report.translation is not None
    assert (report.translation.route, report.translation.kept_source_count) == (("es", "en"), 1)
    assert report.translation.fallbacks == (fallback,)


def test_of_a_bilingual_track_the_translation_is_judged() -> None:
    below = "¿Dónde están todas las barcas hoy?"
    words = tuple(Word(word, 0, 900) for word in below.split())
    both = Cue(0, 3000, ("Where are all of the boats today?", below), words)
    track = Track("es", (both,), route=("en", "es"), second_language="en")
    report = lint(json_track.write(track, None), JSON, "").report
    assert report.chars is not None
    assert report.chars.max == len(below)


def test_a_file_of_a_million_cues_is_refused_at_once() -> None:
    with pytest.raises(LimitExceeded, match="into parts") as caught:
        lint("-->A\n" * 1_000_000)
    assert (caught.value.value, caught.value.limit) == (1_000_000, MAX_CUES)


def test_a_long_line_is_one_breach() -> None:
    linted = lint(ONE.replace("Good", "é" * 200_000))
    assert ("line_length", 1, "") in found(linted)


def test_an_unknown_preset_is_told_before_the_text_is_read() -> None:
    with pytest.raises(InvalidRequest, match="netflix"):
        lint("not a subtitle", layout=LayoutOptions(preset="nobody"))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("25", Fraction(25)),
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("24000/1001", Fraction(24000, 1001)),
        ("59.94005994005994", Fraction(60000, 1001)),
        ("24", Fraction(24)),
        ("12.5", Fraction(25, 2)),
    ],
)
def test_frame_rates_are_read_as_people_write_them(text: str, rate: Fraction) -> None:
    assert frame_rate_of(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "0", "1000", "-25", "1/0", "nan", "1e999999999"])
def test_what_is_no_frame_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no frame rate|not within"):
        frame_rate_of(text)


HOSTILE = st.lists(
    st.sampled_from(
        [
            *("1", "00:00:01,000 --> 00:00:02,500", "00:00:02.500 --> 00:00:01.000", "-->"),
            *("", "\0", "\u0301", "- Hi", "-Hi", "the", "<i>", "{\\an8}", "שלום abc", "WEBVTT"),
            *("NOTE", "STYLE", "99:99:99,999 --> 0", "\u202e", "東京。", "\ud83d", "&", "x" * 300),
        ]
    ),
    max_size=30,
)


@given(HOSTILE, st.sampled_from([SRT, VTT]), st.sampled_from(["en", "ja", "he", "und", "x-y"]))
def test_no_text_is_a_crash(lines: list[str], form: TrackFormat, language: str) -> None:
    text = "\n".join(lines)
    try:
        linted = lint(text if form is SRT else f"WEBVTT\n\n{text}", form, language)
    except SubtitleSyntax:
        return
    report = linted.report
    assert report.cue_count == len(linted.cues) >= report.clean_cue_count
    assert all(0 <= v.cue <= len(linted.cues) for v in report.violations)
    counted = sum(result.count or 0 for result in report.rules)
    assert counted == len(report.violations) + report.violations_left_out
    assert linted.page("film").encode()
