from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.transcript import Sentence, Word, text_of
from polycue.translation.anchors import Hint
from polycue.translation.retime import retime

LETTERS = st.text("abcdefghijABC.,;:!? 1259áß東京は。「」ที่", max_size=60)


def say(text: str, *, start_ms: int = 0, pauses: dict[int, int] | None = None) -> Sentence:
    """Each letter takes 50 ms; ``pauses`` says how long the speaker waits after a word."""
    words = []
    for i, word in enumerate(text.split()):
        words.append(Word(word, start_ms, start_ms + 50 * len(word)))
        start_ms = words[-1].end_ms + (pauses or {}).get(i, 0)
    return Sentence(tuple(words))


def starting(words: Sequence[Word], text: str) -> Word:
    return next(word for word in words if word.text == text)


@st.composite
def spoken(draw: st.DrawFn) -> Sentence:
    """A sentence as recognisers give them: zero-length words, gaps, pauses, overlaps."""
    texts = draw(st.lists(st.sampled_from(["Berlin,", "a", "the", "1969", "why?"]), min_size=1))
    time_ms = draw(st.integers(0, 10_000))
    words = []
    for text in texts:
        time_ms = max(0, time_ms + draw(st.sampled_from([0, 0, 20, 100, 249, 250, 900, -30])))
        words.append(Word(text, time_ms, time_ms + draw(st.integers(0, 600))))
        time_ms = words[-1].end_ms
    return Sentence(tuple(words))


def pauses_of(sentence: Sentence) -> list[tuple[int, int]]:
    found = []
    end_ms = sentence.start_ms
    for word in sentence.words:
        if word.start_ms - end_ms >= 250:
            found.append((end_ms, word.start_ms))
        end_ms = max(end_ms, word.end_ms)
    return found


@given(spoken(), LETTERS, st.sampled_from(["es", "ja", "th"]))
def test_every_word_comes_once_in_order_inside_the_sentence(
    sentence: Sentence, text: str, language: str
) -> None:
    words = retime(sentence, text, language)
    assert text_of(words) == " ".join(text.split())
    times = [time for word in words for time in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    if times:
        assert sentence.start_ms <= times[0]
        assert times[-1] <= max(sentence.start_ms, sentence.end_ms)


@given(spoken(), LETTERS)
def test_no_word_starts_in_a_pause_of_the_speaker(sentence: Sentence, text: str) -> None:
    if sum(word.end_ms - word.start_ms for word in sentence.words) == 0:
        return  # nothing but pauses: there is no time to stay out of
    for word in retime(sentence, text, "es"):
        assert not any(start < word.start_ms < end for start, end in pauses_of(sentence))


def test_without_anchors_time_passes_with_the_letters() -> None:
    words = retime(say("aaaaa bbbbb"), "cc dddddddd", "es")
    assert [(w.start_ms, w.end_ms) for w in words] == [(0, 100), (100, 500)]


def test_one_word_is_shared_by_all_of_its_translation() -> None:
    words = retime(say("Look", start_ms=1000), "Mire con atención", "es")
    assert words[0].start_ms == 1000
    assert words[-1].end_ms == 1200
    assert all(word.start_ms < word.end_ms for word in words)


def test_a_pause_falls_between_two_words() -> None:
    words = retime(
        say("The old house stands here", pauses={2: 600}), "La casa vieja está aquí", "es"
    )
    gaps = [b.start_ms - a.end_ms for a, b in pairwise(words)]
    assert sorted(gaps) == [0, 0, 0, 600]


def test_a_pause_is_drawn_to_a_comma() -> None:
    source = say("the birds that we have seen wait", pauses={5: 700})
    words = retime(source, "los pájaros que vimos aquí, esperan", "es")
    assert starting(words, "esperan").start_ms == source.words[6].start_ms


def test_each_pause_takes_a_word_of_its_own_when_there_are_enough() -> None:
    source = say("one two three", pauses={0: 500, 1: 500})
    words = retime(source, "uno dos tres", "es")
    assert [w.start_ms for w in words] == [w.start_ms for w in source.words]


@pytest.mark.parametrize(
    ("source", "translated", "word", "position"),
    [
        ("It was all built in 1,969 days", "Todo fue construido en 1.969 días", "1.969", 5),
        ("We all went to Berlin and slept", "Todos viajamos hacia Berlín, dormidos", "Berlín,", 4),
        ("If you must go, then go right now", "Si tienes que irte, hazlo", "hazlo", 4),
    ],
)
def test_numbers_names_and_marks_are_brought_together(
    source: str, translated: str, word: str, position: int
) -> None:
    sentence = say(source)
    words = retime(sentence, translated, "es")
    assert starting(words, word).start_ms == sentence.words[position].start_ms


def test_what_moved_across_the_sentence_is_no_anchor() -> None:
    sentence = say("1969 is when we all went to live there")
    words = retime(sentence, "Todos fuimos a vivir allí en el año 1969", "es")
    assert starting(words, "1969").start_ms > sentence.end_ms * 0.8


def test_a_lone_mark_of_another_kind_is_no_anchor() -> None:
    source = say("one, two three four")
    words = retime(source, "uno dos tres; cuatro", "es")
    assert starting(words, "cuatro").start_ms != source.words[1].start_ms


def test_characters_of_japanese_join_and_share_the_time() -> None:
    words = retime(say("The old house"), "古い家。", "ja")
    assert [(w.text, w.joined) for w in words] == [("古", False), ("い", True), ("家。", True)]
    assert [w.end_ms - w.start_ms for w in words] == [138, 137, 275]  # the last one has a mark


def test_the_speaker_is_kept() -> None:
    sentence = Sentence((Word("Hello", 0, 500, speaker="A"),))
    assert [w.speaker for w in retime(sentence, "Buenos días", "es")] == ["A", "A"]


def test_no_text_gives_no_words() -> None:
    assert retime(say("Hello"), " \n ", "es") == ()


def test_a_sentence_without_length_keeps_its_moment() -> None:
    words = retime(Sentence((Word("Hm", 700, 700),)), "Mm sí", "es")
    assert [(w.start_ms, w.end_ms) for w in words] == [(700, 700), (700, 700)]


def test_a_hint_brings_a_word_to_where_it_is_meant() -> None:
    source = say("the young bear sleeps in the deep snow")
    plain = retime(source, "en la nieve profunda duerme el oso joven", "es")
    hinted = retime(source, "el oso joven duerme en la nieve profunda", "es", [Hint(3, 3, 2.0)])
    assert starting(hinted, "duerme").start_ms == source.words[3].start_ms
    assert retime(source, text_of(plain), "es", [Hint(7, 0, 2.0)]) == plain  # an end is no boundary
