"""Whatever words come in, what goes out can be shown."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.cues.islands import IslandSplitter, islands
from polycue.cues.layout import break_lines, layout
from polycue.cues.measure import reading_chars, width
from polycue.cues.onsets import Edges
from polycue.cues.preset_file import preset_names
from polycue.cues.presets import Rules, rules_for
from polycue.cues.timing import timed
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.request import Audience, LayoutOptions
from polycue.domain.scripts import is_unspaced
from polycue.domain.track import Track
from polycue.domain.transcript import Word

FRAME_RATES = [
    None,
    *(Fraction(n, d) for n, d in ((24, 1), (24000, 1001), (25, 1), (30000, 1001), (30, 1))),
    *(Fraction(n, d) for n, d in ((50, 1), (60000, 1001), (60, 1))),
]
ODD_TEXTS = [
    "the", "of", "and", "Mr.", "e.g.", "--", "-", "?", "…", "“", "」", "Hello,", "«Bonjour»", "3.",
    "42", "pneumonoultramicroscopicsilicovolcanoconiosis" * 2, "e\u0301tat", "\u0301", "\u200b",
    "👨‍👩‍👧", "🇫🇷", "日", "本。", "ー", "漢字かな混じり文", "שלום", "مرحبا،", "ที่", "New York",
    "a\nb", "l'", "qu'il", "\x00", "a\x00b", "-->", "x\u2028y", "\u202eabc", "हिन्दी", "में", "।",
    "தமிழ்", "ผู้ที่", "ですか？", "っ", "1,000", "&amp;<i>", "한국어로", "العربية،",
]  # fmt: skip
LANGUAGES = ["en", "fr", "de", "ja", "zh-Hans", "ko", "th", "ar", "he", "hi", "ta", "und", "xx"]
# Anything that can be a word at all, NUL, directions and lone marks included.
WILD_TEXTS = st.text(min_size=1, max_size=6).filter(lambda text: text == text.strip() != "")
TEXTS = st.one_of(
    st.sampled_from(ODD_TEXTS), st.text("abcdefgh", min_size=1, max_size=12), WILD_TEXTS
)
GAPS = st.sampled_from([0, 0, 0, 0, 40, 200, 600, 900, 1999, 2000, 5000])


def in_time(pieces: list[tuple[str, int, int, int]]) -> list[Word]:
    """Words from (text, overlap with the word before, duration, pause after)."""
    clock, words = 0, []
    for text, overlap, duration, pause in pieces:
        start_ms = max(0, clock - overlap)
        words.append(Word(text, start_ms, start_ms + duration))
        clock = words[-1].end_ms + pause
    return words


# Words as a recogniser gives them.
SPOKEN = st.lists(
    st.tuples(TEXTS, st.just(0), st.integers(80, 700), GAPS), max_size=25
).map(in_time)  # fmt: skip


@st.composite
def odd_words(draw: st.DrawFn) -> list[Word]:
    """Words of which some take no time or ages, or run into the next, in several voices."""
    durations = st.sampled_from([0, 0, 1, 120, 400, 9000])
    overlaps = st.sampled_from([0, 0, 0, 300])
    words = in_time(draw(st.lists(st.tuples(TEXTS, overlaps, durations, GAPS), max_size=25)))
    traits = st.tuples(
        st.sampled_from([None, None, None, "A", "B"]),
        st.booleans(),
        st.sampled_from([None, 0.0, 0.3, 1.0]),
    )
    return [
        replace(word, speaker=speaker, joined=joined, probability=probability)
        for word in words
        for speaker, joined, probability in [draw(traits)]
    ]


@st.composite
def any_rules(draw: st.DrawFn) -> Rules:
    """Those of any preset for anybody, as they are or with any numbers over them."""
    options = LayoutOptions(
        preset=draw(st.sampled_from(preset_names())),
        audience=draw(st.sampled_from(Audience)),
        hearing_impaired=draw(st.booleans()),
    )
    if draw(st.booleans()):
        options = replace(
            options,
            max_line_chars=draw(st.none() | st.integers(1, 60)),
            max_line_count=draw(st.none() | st.integers(1, 4)),
            min_cue_ms=draw(st.none() | st.integers(0, 1000)),
            max_cue_ms=draw(st.none() | st.integers(1000, 9000)),
            max_chars_per_second=draw(st.none() | st.floats(1, 1000)),
            min_gap_frames=draw(st.none() | st.integers(0, 24)),
            chain_gap_ms=draw(st.none() | st.integers(0, 5000)),
            linger_ms=draw(st.none() | st.integers(0, 5000)),
        )
    language = draw(st.sampled_from(LANGUAGES))
    return rules_for(options, language, draw(st.sampled_from(FRAME_RATES)))


CUTS = st.lists(st.integers(0, 20_000), max_size=8).map(sorted)


def too_wide(cue: Cue, rules: Rules) -> list[str]:
    return [line for line in cue.lines if width(line, rules.language) > rules.max_line_chars]


@given(odd_words(), any_rules(), CUTS)
def test_every_word_stands_once_and_in_order(
    words: list[Word], rules: Rules, cuts: list[int]
) -> None:
    cues = layout(words, rules, cuts_ms=cuts)
    assert [word for cue in cues for word in cue.words] == words
    shown = "".join("".join(cue.lines) for cue in cues)
    assert "".join(shown.split()) == "".join("".join(word.text.split()) for word in words)


@given(odd_words(), any_rules(), CUTS)
def test_cues_make_a_track_with_whole_gaps_between_them(
    words: list[Word], rules: Rules, cuts: list[int]
) -> None:
    cues = layout(words, rules, cuts_ms=cuts)
    Track(rules.language, cues)  # refuses cues that overlap
    grid = rules.grid
    for cue, following in pairwise(cues):
        frames = grid.first_in(following.start_ms) - grid.last_out(cue.end_ms)
        assert frames >= grid.gap
        seen = following.start_ms - cue.end_ms >= rules.chain_gap_ms
        # Beside a cut that is on no frame the smallest gap is counted from the cut.
        smallest = frames == grid.gap or cue.end_ms == grid.gone_ms(following.start_ms)
        # With odd numbers of one's own a cue may reach neither the next one nor far enough from it.
        stuck = following.start_ms - cue.start_ms > rules.max_cue_ms + grid.gap_ms
        assert seen or smallest or stuck, "a gap is the smallest, or can be seen"


@given(odd_words(), any_rules())
def test_times_lie_on_frames(words: list[Word], rules: Rules) -> None:
    grid = rules.grid
    for cue in layout(words, rules):
        assert grid.in_ms(grid.first_in(cue.start_ms)) == cue.start_ms
        assert grid.out_ms(grid.last_out(cue.end_ms)) == cue.end_ms


@given(odd_words(), any_rules(), CUTS)
def test_hard_limits_hold_unless_a_single_word_breaks_them(
    words: list[Word], rules: Rules, cuts: list[int]
) -> None:
    for cue in layout(words, rules, cuts_ms=cuts):
        assert cue.duration_ms <= rules.max_cue_ms
        assert len(cue.lines) <= rules.max_line_count
        for line in too_wide(cue, rules):
            assert any(line.split() == word.text.split() for word in cue.words)


@given(odd_words(), any_rules())
def test_what_is_exceeded_is_flagged_where_it_is_a_rule(words: list[Word], rules: Rules) -> None:
    for cue in layout(words, rules):
        chars_per_s = 1000 * reading_chars(cue.text, rules.language) / cue.duration_ms
        words_per_min = 60_000 * len(cue.text.split()) / cue.duration_ms
        exceeded = {
            CueFlag.TOO_SHORT: "min_cue_ms" not in rules.unchecked
            and cue.duration_ms < rules.min_cue_ms,
            CueFlag.TOO_WIDE: "max_line_chars" not in rules.unchecked
            and bool(too_wide(cue, rules)),
            CueFlag.READING_SPEED: (
                "max_chars_per_second" not in rules.unchecked
                and chars_per_s > rules.max_chars_per_second
            )
            or words_per_min > (rules.max_words_per_minute or math.inf),
        }
        for flag, applies in exceeded.items():
            assert (flag in cue.flags) == applies


@given(odd_words(), any_rules())
def test_timing_cues_again_changes_nothing(words: list[Word], rules: Rules) -> None:
    once = timed(layout(words, rules), rules, Edges())
    assert timed(once, rules, Edges()) == once


@given(SPOKEN, st.sampled_from(FRAME_RATES))
def test_a_cue_comes_on_with_its_voice(words: list[Word], rate: Fraction | None) -> None:
    """Two frames early or one late, unless the cue before it needs the time to be seen at all."""
    rules = rules_for(LayoutOptions(), "en", rate)
    previous = None
    for cue in layout(words, rules):
        early = rules.grid.first_in(cue.words[0].start_ms) - rules.grid.first_in(cue.start_ms)
        waits = previous is not None and cue.start_ms - previous.end_ms <= rules.grid.gap_ms + 1
        assert early <= 2 * rules.grid.picture
        assert early >= 0 or waits
        previous = cue


@given(odd_words(), any_rules())
def test_islands_laid_out_one_by_one_are_the_whole_film(words: list[Word], rules: Rules) -> None:
    runs = islands(words)
    cues: list[Cue] = []
    for index, run in enumerate(runs):
        cues += layout(
            run,
            rules,
            previous_end_ms=cues[-1].end_ms if cues else None,
            next_start_ms=runs[index + 1][0].start_ms if index + 1 < len(runs) else None,
        )
    assert tuple(cues) == layout(words, rules)


@given(SPOKEN, st.sampled_from(FRAME_RATES))
def test_islands_at_pauses_need_not_know_their_neighbours(
    words: list[Word], rate: Fraction | None
) -> None:
    rules = rules_for(LayoutOptions(), "en", rate)
    alone = [Word(w.text, w.start_ms, w.end_ms) for w in words]
    cues = [cue for run in islands(alone) for cue in layout(run, rules)]
    assert tuple(cues) == layout(alone, rules)


@given(odd_words(), any_rules(), st.integers(0, 60_000))
def test_cues_end_with_the_media_where_they_fit(
    words: list[Word], rules: Rules, media_end_ms: int
) -> None:
    cues = layout(words, rules, media_end_ms=media_end_ms)
    Track(rules.language, cues)
    grid = rules.grid
    if len(islands(words)) == 1 and grid.last_out(media_end_ms) > len(cues) * (grid.gap + 1):
        assert cues[-1].end_ms <= media_end_ms


@given(odd_words(), st.integers(1, 9))
def test_islands_are_the_same_however_the_words_arrive(words: list[Word], size: int) -> None:
    whole, splitter = IslandSplitter(), IslandSplitter()
    found = []
    for first in range(0, len(words), size):
        found += splitter.feed(words[first : first + size])
    found += splitter.finish()
    assert found == whole.feed(words) + whole.finish()
    assert [run for island in found for run in islands(island)] == islands(words)


@given(SPOKEN, st.data())
def test_a_film_laid_out_as_it_comes_is_the_whole_film_in_whatever_voices_and_languages(
    words: list[Word], data: st.DataObject
) -> None:
    # Two voices without a pause between them were two islands: the first one's cue stood on into
    # the second one's, and the track was refused.
    voices = st.sampled_from([None, "A", "B"])
    tongues = st.sampled_from(["", "", "es"])
    words = [replace(w, speaker=data.draw(voices), language=data.draw(tongues)) for w in words]
    rules = rules_for(LayoutOptions(), "en", None)
    splitter = IslandSplitter()
    cues = [
        cue
        for island in (*splitter.feed(words), *splitter.finish())
        for cue in layout(island, rules)
    ]
    assert tuple(cues) == layout(words, rules)
    assert all(len({word.language for word in cue.words}) == 1 for cue in cues)


RUNNING_TEXT = st.lists(TEXTS, max_size=20).map(" ".join)


@given(RUNNING_TEXT, any_rules())
def test_breaking_lines_loses_nothing(text: str, rules: Rules) -> None:
    lines = break_lines(text, rules)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(line.strip() for line in lines)


# A space between two of these scripts' letters is gone once a line ends there.
SPACED = st.sampled_from([text for text in ODD_TEXTS if not any(map(is_unspaced, text))])
JAPANESE = st.sampled_from(
    ["私は", "毎朝", "コーヒーを", "飲みます。", "「ええ、", "そう」と", "言った", "東京"]
)
REBREAKABLE = st.lists(SPACED, max_size=20).map(" ".join) | st.lists(JAPANESE, max_size=12).map(
    "".join
)


@given(REBREAKABLE, any_rules())
def test_breaking_broken_lines_changes_nothing(text: str, rules: Rules) -> None:
    lines = break_lines(text, rules)
    assert break_lines("\n".join(lines), rules) == lines


@given(odd_words(), any_rules())
def test_laying_out_what_was_laid_out_changes_nothing(words: list[Word], rules: Rules) -> None:
    cues = layout(words, rules)
    assert layout([word for cue in cues for word in cue.words], rules) == cues


@pytest.mark.parametrize("preset", preset_names())
@pytest.mark.parametrize(
    "texts",
    [
        ["\u0301", "\u0301\u0301", "\u200d"],  # marks and joiners that have nothing to stand on
        ["a\x00b", "\x00"],
        ["-->", "1", "00:00:01,000 --> 00:00:02,000"],
        ["שלום", "hello", "مرحبا،", "123", "\u202etsriF"],
        ["ที่", "ผู้ที่", "日本語", "の", "👨‍👩‍👧", "🇫🇷"],
        ["x" * 5000],
    ],
)
def test_words_nobody_says_are_shown_all_the_same(preset: str, texts: list[str]) -> None:
    words = [Word(text, 1000, 1000) for text in texts]
    cues = layout(words, rules_for(LayoutOptions(preset), "en", Fraction(25)))
    assert [word for cue in cues for word in cue.words] == words
    Track("en", cues)


def test_times_that_go_backwards_keep_the_order_of_the_words() -> None:
    times = [(9000, 9400), (2000, 2500), (0, 0), (9100, 60_000), (3000, 3100)]
    words = [Word("word", start_ms, end_ms) for start_ms, end_ms in times]
    cues = layout(words, rules_for(LayoutOptions(), "en", None))
    assert [word for cue in cues for word in cue.words] == words
    assert all(one.end_ms < other.start_ms for one, other in pairwise(cues))
