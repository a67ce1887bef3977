"""Whatever words come in, what goes out can be shown."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from polycue.cues.islands import IslandSplitter, islands
from polycue.cues.layout import break_lines, layout
from polycue.cues.measure import width
from polycue.cues.onsets import Edges
from polycue.cues.presets import Rules, rules_for
from polycue.cues.timing import timed
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.request import LayoutOptions
from polycue.domain.track import Track
from polycue.domain.transcript import Word

FRAME_RATES = [None, *(Fraction(n, d) for n, d in ((24, 1), (24000, 1001), (25, 1), (60, 1)))]
ODD_TEXTS = [
    "the", "of", "and", "Mr.", "e.g.", "--", "-", "?", "…", "“", "」", "Hello,", "«Bonjour»", "3.",
    "42", "pneumonoultramicroscopicsilicovolcanoconiosis" * 2, "e\u0301tat", "\u0301", "\u200b",
    "👨‍👩‍👧", "🇫🇷", "日", "本。", "ー", "漢字かな混じり文", "שלום", "مرحبا،", "ที่", "New York",
    "a\nb", "l'", "qu'il",
]  # fmt: skip
TEXTS = st.sampled_from(ODD_TEXTS) | st.text("abcdefgh", min_size=1, max_size=12)
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
    options = LayoutOptions(
        max_line_chars=draw(st.none() | st.integers(1, 60)),
        max_line_count=draw(st.none() | st.integers(1, 4)),
        min_cue_ms=draw(st.none() | st.integers(0, 1000)),
        max_cue_ms=draw(st.none() | st.integers(1000, 9000)),
    )
    language = draw(st.sampled_from(["en", "fr", "de", "ja", "th", "ar", "ko", "xx"]))
    return rules_for(options, language, draw(st.sampled_from(FRAME_RATES)))


@given(odd_words(), any_rules())
def test_every_word_stands_once_and_in_order(words: list[Word], rules: Rules) -> None:
    cues = layout(words, rules)
    assert [word for cue in cues for word in cue.words] == words
    shown = "".join("".join(cue.lines) for cue in cues)
    assert "".join(shown.split()) == "".join("".join(word.text.split()) for word in words)


@given(odd_words(), any_rules())
def test_cues_make_a_track_with_whole_gaps_between_them(words: list[Word], rules: Rules) -> None:
    cues = layout(words, rules)
    Track(rules.language, cues)  # refuses cues that overlap
    grid = rules.grid
    for cue, following in pairwise(cues):
        frames = grid.first_in(following.start_ms) - grid.last_out(cue.end_ms)
        assert frames >= grid.gap
        seen = following.start_ms - cue.end_ms >= rules.chain_gap_ms
        assert seen or frames == grid.gap, "a gap is the smallest, or long enough to be seen"


@given(odd_words(), any_rules())
def test_times_lie_on_frames(words: list[Word], rules: Rules) -> None:
    grid = rules.grid
    for cue in layout(words, rules):
        assert grid.in_ms(grid.first_in(cue.start_ms)) == cue.start_ms
        assert grid.out_ms(grid.last_out(cue.end_ms)) == cue.end_ms


@given(odd_words(), any_rules())
def test_hard_limits_hold_unless_a_single_word_breaks_them(words: list[Word], rules: Rules) -> None:
    for cue in layout(words, rules):
        assert cue.duration_ms <= rules.max_cue_ms
        assert len(cue.lines) <= rules.max_line_count
        too_wide = [
            line for line in cue.lines if width(line, rules.language) > rules.max_line_chars
        ]
        assert (CueFlag.TOO_WIDE in cue.flags) == bool(too_wide)
        for line in too_wide:
            assert any(line == " ".join(word.text.split()) for word in cue.words)


@given(odd_words(), any_rules())
def test_what_is_exceeded_is_flagged(words: list[Word], rules: Rules) -> None:
    for cue in layout(words, rules):
        assert (cue.duration_ms < rules.min_cue_ms) == (CueFlag.TOO_SHORT in cue.flags)


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
    splitter = IslandSplitter()
    found = []
    for first in range(0, len(words), size):
        found += splitter.feed(words[first : first + size])
    assert found + splitter.finish() == islands(words)


@given(st.lists(st.sampled_from(ODD_TEXTS), max_size=20).map(" ".join), any_rules())
def test_breaking_lines_loses_nothing(text: str, rules: Rules) -> None:
    lines = break_lines(text, rules)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(line.strip() for line in lines)
