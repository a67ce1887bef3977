from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.cues.presets import rules_for
from polycue.cues.sentences import sentences
from polycue.cues.template import blocks, fill, words_of
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.request import LayoutOptions
from polycue.domain.transcript import Word, text_of

SPANISH = rules_for(LayoutOptions(), "es", None)
JAPANESE = rules_for(LayoutOptions(), "ja", None)


def file(*texts: str, stay_ms: int = 2000) -> list[Cue]:
    """Cues one after another, as read from a file."""
    return [
        Cue(index * stay_ms, (index + 1) * stay_ms - 84, tuple(text.split("\n")))
        for index, text in enumerate(texts)
    ]


def even(text: str, end_ms: int) -> list[Word]:
    """Words spread evenly over the time until ``end_ms``."""
    pieces = text.split()
    times = [end_ms * index // len(pieces) for index in range(len(pieces) + 1)]
    return [Word(p, a, b) for p, (a, b) in zip(pieces, pairwise(times), strict=True)]


def texts(cues: tuple[Cue, ...]) -> list[str]:
    return [cue.text for cue in cues]


def test_words_of_a_file_share_its_cues_time() -> None:
    words = words_of(file("Hi there,\nold friend."))
    assert text_of(words) == "Hi there, old friend."
    assert words[0].start_ms == 0
    assert words[-1].end_ms == 1916
    assert all(one.end_ms == other.start_ms for one, other in pairwise(words))


def test_a_japanese_sentence_goes_on_in_the_next_cue_without_a_space() -> None:
    words = words_of(file("私は昨日　東京で", "友人に会った。"))
    assert text_of(words) == "私は昨日 東京で友人に会った。"


def test_words_that_a_cue_was_made_from_keep_their_times() -> None:
    word = Word("Hi.", 100, 300, probability=0.9)
    assert words_of([Cue(50, 900, ("Hi.",), (word,))]) == (word,)


def test_what_a_cue_cost_is_not_told_of_other_words_in_its_place() -> None:
    cue = Cue(0, 1900, ("Hello there.",), costs=(("cue", 1.0),))
    assert [filled.costs for filled in fill([cue], even("Hola a todos.", 1900), SPANISH)] == [()]


def test_a_translation_changes_cue_where_its_clauses_do() -> None:
    cues = file("When the snow melted", "the river rose by three metres,", "and nobody crossed it.")
    words = even("Cuando la nieve se derritió, el río creció tres metros, y nadie lo cruzó.", 5916)
    assert texts(fill(cues, words, SPANISH)) == [
        "Cuando la nieve se derritió,",
        "el río creció tres metros,",
        "y nadie lo cruzó.",
    ]


def test_text_that_does_not_fit_takes_more_lines_and_is_flagged() -> None:
    words = even("palabras muy largas " * 8, 1900)
    (cue,) = fill(file("Words."), words, SPANISH)
    assert len(cue.lines) > 2
    assert {CueFlag.TOO_WIDE, CueFlag.READING_SPEED} <= cue.flags


def test_turns_of_a_dialogue_keep_their_lines() -> None:
    (cue,) = fill(file("-Hello.\n-Hi."), even("-Hola. -Buenas.", 1900), SPANISH)
    assert cue.lines == ("-Hola.", "-Buenas.")
    (cue,) = fill(file("-Hello.\n-Hi."), even("— Hola. — Buenas.", 1900), SPANISH)
    assert cue.lines == ("— Hola.", "— Buenas.")


def test_fewer_words_than_cues_stand_in_all_of_them() -> None:
    cues = file("I have been waiting", "for such a long time", "to tell you this.")
    assert texts(fill(cues, even("Por fin.", 5900), SPANISH)) == ["Por fin."] * 3


def test_fewer_words_that_do_not_fit_one_cue_are_shared_out() -> None:
    cues = file(*("word" for _ in range(14)))
    words = even("larguísimas " * 12, 20_000)
    filled = fill(cues, words, SPANISH)
    assert list(dict.fromkeys(word for cue in filled for word in cue.words)) == words
    assert all(len(cue.words) == 1 for cue in filled)


def test_without_a_word_nothing_changes() -> None:
    cues = file("Hello.")
    assert fill(cues, (), SPANISH) == tuple(cues)
    assert fill((), (), SPANISH) == ()


def test_blocks_end_where_a_sentence_and_a_cue_do() -> None:
    cues = file("One goes on", "to here. Two", "as well.", "Three. Four.")
    parts = sentences(words_of(cues), "en")
    found = blocks(cues, parts)
    assert [len(block.cues) for block in found] == [3, 1]
    assert [[sentence.text for sentence in block.sentences] for block in found] == [
        ["One goes on to here.", "Two as well."],
        ["Three.", "Four."],
    ]


def test_blocks_of_other_cues_are_refused() -> None:
    with pytest.raises(ValueError, match="other cues"):
        blocks(file("One."), sentences(words_of(file("One two.")), "en"))


TEXTS = st.sampled_from(
    ["uno", "dos,", "tres.", "-Sí.", "¿qué?", "la", "x" * 50, "日", "👨‍👩‍👧", "\u0301"]
)
STAYS = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 3000)), max_size=15)
SPOKEN = st.lists(st.tuples(TEXTS, st.integers(0, 700), st.integers(0, 900)), max_size=40)


@given(STAYS, SPOKEN, st.booleans())
def test_a_file_keeps_its_times_and_loses_no_word(
    stays: list[tuple[int, int]], spoken: list[tuple[str, int, int]], square: bool
) -> None:
    cues, clock = [], 0
    for gap_ms, stay_ms in stays:
        cues.append(Cue(clock + gap_ms, clock + gap_ms + stay_ms, ("before",)))
        clock = cues[-1].end_ms
    words, clock = [], 0
    for text, duration_ms, pause_ms in spoken:
        words.append(Word(text, clock, clock + duration_ms))
        clock += duration_ms + pause_ms
    filled = fill(cues, words, JAPANESE if square else SPANISH)
    assert [(c.start_ms, c.end_ms) for c in filled] == [(c.start_ms, c.end_ms) for c in cues]
    if cues and len(words) >= len(cues):
        assert [word for cue in filled for word in cue.words] == words
        assert " ".join(" ".join(cue.lines) for cue in filled) == " ".join(w.text for w in words)


@given(st.lists(st.text(min_size=1), max_size=10))
def test_whatever_a_file_says_its_words_are_bare(lines: list[str]) -> None:
    cues = file(*(line for line in lines if line.strip() and line.splitlines() == [line]))
    words = words_of(cues)
    spoken = "".join(word.text for word in words)
    assert "".join(spoken.split()) == "".join("".join("".join(c.lines).split()) for c in cues)
