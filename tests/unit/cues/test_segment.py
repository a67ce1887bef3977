import math
from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.cues.breaks import break_costs
from polycue.cues.layout import break_lines, layout
from polycue.cues.lines import Lines
from polycue.cues.presets import rules_for
from polycue.cues.segment import Programme, segment
from polycue.cues.weights import CUES, LINES
from polycue.domain.request import LayoutOptions
from polycue.domain.transcript import Word, text_of

ENGLISH = rules_for(LayoutOptions(), "en", None)
NARROW = rules_for(LayoutOptions(max_line_chars=12), "en", None)


def spoken(text: str, *, word_ms: int = 350, pauses: dict[str, int] | None = None) -> list[Word]:
    """Words one after another; ``pauses`` has what comes after some of them."""
    words, clock = [], 0
    for piece in text.split():
        words.append(Word(piece, clock, clock + word_ms))
        clock += word_ms + (pauses or {}).get(piece, 0)
    return words


def cues(words: list[Word]) -> list[tuple[str, ...]]:
    return [piece.lines for piece in segment(words, ENGLISH)]


def test_a_short_sentence_is_one_line() -> None:
    assert cues(spoken("We came home late that night.")) == [("We came home late that night.",)]


def test_cues_and_lines_end_with_clauses() -> None:
    text = (
        "When the snow melted in the valley, the river rose by three metres, "
        "and nobody could cross the old bridge until the first week of May."
    )
    assert cues(spoken(text)) == [
        ("When the snow melted in the valley,", "the river rose by three metres,"),
        ("and nobody could cross the old bridge", "until the first week of May."),
    ]


@pytest.mark.parametrize("last", ["delta", "hotel"])
def test_a_pause_decides_between_equal_places(last: str) -> None:
    text = "alpha bravo charlie delta echoes hotel india kilos lima november"
    first, *_ = segment(spoken(text, pauses={last: 700}), ENGLISH)
    assert first.words[-1].text == last


def test_a_hesitation_after_an_article_does_not_end_a_cue() -> None:
    (one,) = cues(spoken("we waited for the signal", pauses={"the": 700}))
    assert one == ("we waited for the signal",)


def test_a_cue_does_not_bridge_a_long_pause() -> None:
    (one, two) = cues(spoken("they waited for the signal", pauses={"waited": 1500}))
    assert (one, two) == (("they waited",), ("for the signal",))


def test_what_is_spoken_longer_than_a_cue_may_stay_is_two_cues() -> None:
    assert len(cues(spoken("one two three four", word_ms=2000))) == 2


def test_two_sentences_do_not_share_a_cue_only_because_a_line_is_very_wide() -> None:
    words = spoken("The wolf is young but hungry. The old bird rests between the rocks.")
    raw = rules_for(LayoutOptions(preset="raw"), "en", None)
    assert [cue.lines for cue in layout(words, raw)] == [
        ("The wolf is young but hungry.",),
        ("The old bird rests between the rocks.",),
    ]


def test_costs_are_kept_to_explain_a_cue() -> None:
    (piece,) = segment(spoken("We came. We saw."), ENGLISH)
    assert piece.costs.cue == CUES.cue
    assert piece.costs.inside == CUES.sentence_inside
    assert piece.costs.total == sum(
        (piece.costs.cue, piece.costs.boundary, piece.costs.pause, piece.costs.lines,
         piece.costs.shortness, piece.costs.inside, piece.costs.time)
    )  # fmt: skip


def test_a_cue_tells_its_costs_where_that_is_asked_and_is_the_same_cue() -> None:
    words = spoken("We came home late. Nobody had waited for us that night, had they?")
    plain = layout(words, ENGLISH)
    told = layout(words, rules_for(LayoutOptions(explain=True), "en", None))
    assert not any(cue.costs for cue in plain)
    assert [replace(cue, costs=()) for cue in told] == list(plain)
    names = [name for name, _ in told[0].costs]
    assert names == ["cue", "boundary", "pause", "lines", "shortness", "inside", "time"]
    (piece, *_) = segment(words, ENGLISH)
    assert sum(amount for _, amount in told[0].costs) == pytest.approx(piece.costs.total, abs=0.01)


def lines_of(text: str) -> tuple[str, ...]:
    return break_lines(text, ENGLISH)


def test_a_line_does_not_end_with_a_function_word_though_the_lines_were_more_even() -> None:
    assert lines_of("those fishermen had carried the nets of others home") == (
        "those fishermen had carried",
        "the nets of others home",
    )


def test_a_name_and_a_number_with_its_unit_stay_on_one_line() -> None:
    assert lines_of("yesterday evening old Anna Maria Petersen laughed") == (
        "yesterday evening old",
        "Anna Maria Petersen laughed",
    )
    assert lines_of("several older blue whales weighed 42 tonnes exactly there") == (
        "several older blue whales",
        "weighed 42 tonnes exactly there",
    )


def test_no_word_is_left_alone_on_the_last_line() -> None:
    words = spoken("nobody can ever explain this internationalisation")
    lines = Lines(words, [7.0, 7.0, 7.0, 11.0, 7.0, 0.0], ENGLISH, LINES)
    assert lines.reweighed(replace(LINES, orphan=0.0)).best(0, 6)[1] == (5,)
    assert lines.best(0, 6)[1] == (4,)


def test_the_upper_line_is_the_shorter_one_where_all_else_is_equal() -> None:
    words = spoken("aaaaaaaaaa bbbbbbbbb cccccccccc dddddddddd eeeeeeeee")
    lines = Lines(words, [7.0] * 5, replace(ENGLISH, max_line_chars=40), LINES)
    assert lines.best(0, 5)[1] == (2,)
    heavy = lines.reweighed(replace(LINES, top_heavy=-LINES.top_heavy))
    assert heavy.best(0, 5)[1] == (3,)


def test_a_pause_inside_a_cue_costs_with_its_length() -> None:
    def inside(pause_ms: int) -> float:
        words = spoken("they waited for the signal", pauses={"waited": pause_ms})
        return Programme(words, ENGLISH, None, CUES).costs(0, 5).inside

    assert 0 == inside(0) < inside(900) < inside(1800)


def test_what_is_spoken_faster_than_it_is_read_costs_what_the_reader_lacks() -> None:
    def time(word_ms: int) -> float:
        words = spoken("nobody understood anything whatsoever", word_ms=word_ms)
        return Programme(words, ENGLISH, 4 * word_ms + 100, CUES).costs(0, 4).time

    assert 0 == time(600) < time(350) < time(200)


def test_a_longer_pause_buys_the_time_to_read() -> None:
    """Fast speech is cut where the reader gets time, not where there is no pause."""
    words = spoken("one went home early and two others went home late", word_ms=120,
                   pauses={"early": 700})  # fmt: skip
    assert [piece.words[-1].text for piece in segment(words, ENGLISH)] == ["early", "late"]


TEXTS = st.sampled_from(["the", "a", "sea,", "sea.", "and", "-Yes.", "Anna", "12", "wonderfully"])
FEW = st.lists(
    st.tuples(TEXTS, st.integers(0, 900), st.sampled_from([0, 0, 200, 900])), min_size=1, max_size=7
)


@given(FEW)
def test_no_other_cues_are_cheaper(pieces: list[tuple[str, int, int]]) -> None:
    """The programme finds what trying every way to cut the words finds."""
    words, clock = [], 0
    for text, duration, pause in pieces:
        words.append(Word(text, clock, clock + duration))
        clock += duration + pause
    programme = Programme(words, NARROW, None, CUES)

    def price(cut: tuple[int, ...]) -> float:
        stays = [words[b - 1].end_ms - words[a].start_ms for a, b in pairwise(cut) if b - a > 1]
        if any(stay > NARROW.max_cue_ms for stay in stays):
            return math.inf
        return sum(programme.costs(first, after).total for first, after in pairwise(cut))

    cheapest = min(
        price((0, *cut, len(words)))
        for count in range(len(words))
        for cut in combinations(range(1, len(words)), count)
    )
    chosen = programme.solve()
    assert price((0, *(after for _, after in chosen))) == pytest.approx(cheapest)


@given(FEW, st.integers(2, 4))
def test_no_other_lines_are_cheaper(pieces: list[tuple[str, int, int]], count: int) -> None:
    words = [Word(text, 0, 0) for text, _, _ in pieces]
    breaks = break_costs(words, "en")
    rules = replace(NARROW, max_line_count=count)
    cost, cuts = Lines(words, breaks, rules, LINES).best(0, len(words))
    every = {
        cut: price_of_lines(words, breaks, (0, *cut, len(words)))
        for number in range(min(count, len(words)))
        for cut in combinations(range(1, len(words)), number)
    }
    assert cost == pytest.approx(min(every.values()))
    assert cost == math.inf or every[cuts] == pytest.approx(cost)


def price_of_lines(words: list[Word], breaks: list[float], cut: tuple[int, ...]) -> float:
    """What lines cost as the weights' comments say, written the long way."""
    lines = [words[first:after] for first, after in pairwise(cut)]
    widths = [len(text_of(line)) for line in lines]
    even = len(text_of(words)) / len(lines)
    cost = 0.0
    for line, width in zip(lines, widths, strict=True):
        if width > NARROW.max_line_chars:
            cost += LINES.overflow if len(line) == 1 else math.inf
        cost += LINES.turn_inside * sum(word.text.startswith("-") for word in line[1:])
        if len(lines) > 1:
            cost += LINES.balance * abs(width - even) / NARROW.max_line_chars
    if len(lines) > 1 and len(lines[-1]) == 1:
        cost += LINES.orphan
    for after, width in zip(cut[1:-1], widths, strict=False):
        cost += LINES.line_break * breaks[after - 1] + LINES.top_heavy * (width > even)
    return cost


def test_a_breath_after_the_first_words_does_not_make_a_cue_of_them() -> None:
    # "Every morning," stood alone for a second, because the speaker breathes after it.
    times = {
        "Every": (9952, 10312), "morning,": (10312, 10848), "the": (11072, 11192),
        "small": (11192, 11572), "horses": (11572, 11972), "play": (11972, 12252),
        "in": (12252, 12372), "the ": (12372, 12492), "morning": (12492, 12932),
        "light.": (12932, 13380),
    }  # fmt: skip
    words = [Word(text.strip(), start, end) for text, (start, end) in times.items()]
    rules = rules_for(LayoutOptions(), "en", None)
    (cue,) = segment(words, rules)
    assert cue.lines == ("Every morning, the small horses", "play in the morning light.")


def test_text_on_four_long_lines_is_weighed_in_no_time() -> None:
    """Once 70 s of work for these words: every way to set 800 characters on four lines was."""
    rules = rules_for(LayoutOptions("raw", max_line_count=4, max_cue_ms=60_000), "en", None)
    texts = ("the", "river", "and", "old,", "cold.", "never", "mountains") * 40
    words = [Word(text, 300 * number, 300 * number + 280) for number, text in enumerate(texts)]
    cues = segment(words, rules)
    assert [word for cue in cues for word in cue.words] == words
