"""Which words go, which are only marked, and that no clear one ever goes."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.audio import Span
from polycue.domain.chunk import Recognised
from polycue.domain.defence import Remedy, Signal
from polycue.domain.request import DefenceOptions
from polycue.domain.transcript import ChunkFacts, Word, text_of
from polycue.speech.hallucination import better, defended, doubts, redecoded
from polycue.speech.hypothesis import compression_ratio
from polycue.speech.signals import independent, of_chunk, segments

OPTIONS = DefenceOptions()
SPEECH_MS = 9_000
SPEECH = (Span(1_500, 1_500 + SPEECH_MS),)


def heard(
    text: str,
    *,
    word_ms: int = 300,
    probability: float = 0.9,
    avg_logprob: float = -0.2,
    no_speech_prob: float = 0.01,
    aligned: Sequence[Span] = (),
    language: str = "en",
) -> Recognised:
    words = tuple(
        Word(word, 1_500 + n * word_ms, 1_500 + (n + 1) * word_ms, probability)
        for n, word in enumerate(text.split())
    )
    facts = ChunkFacts(
        1_000, 11_000, language, avg_logprob, no_speech_prob, compression_ratio(text), len(words),
        speech_ms=SPEECH_MS,
    )  # fmt: skip
    return Recognised(words, facts, 1.0, tuple(aligned) or places(words))


def places(words: Sequence[Word]) -> tuple[Span, ...]:
    return tuple(Span(word.start_ms, word.end_ms) for word in words)


def remedies(found: Recognised) -> list[tuple[Remedy, str]]:
    return [(verdict.remedy, verdict.text) for verdict in found.verdicts]


GOOD = "The old bridge crosses the river. It is very cold."


def test_good_words_are_left_as_they_are() -> None:
    found = heard(GOOD)
    assert of_chunk(found, SPEECH, OPTIONS) == ()
    assert doubts(found, SPEECH, OPTIONS) == ()
    assert defended(found, SPEECH, OPTIONS) == found


@pytest.mark.parametrize(("found", "signal"), [
    (heard("so it goes " * 9), Signal.LOOP),
    (heard("so it goes " * 9), Signal.COMPRESSION),
    (heard(GOOD, avg_logprob=-1.2), Signal.LOGPROB),
    (heard(GOOD, no_speech_prob=0.7), Signal.NO_SPEECH),
    (heard(GOOD, aligned=[Span(11_200, 11_300)] * 10), Signal.OUTSIDE_SPEECH),
    (heard(GOOD, word_ms=20), Signal.WORD_ANOMALY),
    (heard(GOOD, aligned=[Span(2_000, 2_020)] * 10), None),
    (heard(GOOD, aligned=[Span(2_000, 6_000), *[Span(6_000, 6_200)] * 9]), None),
    (heard(GOOD * 8), Signal.SPEECH_RATE),
])  # fmt: skip
def test_each_sign_is_seen(found: Recognised, signal: Signal | None) -> None:
    assert signal is None or signal in of_chunk(found, SPEECH, OPTIONS)
    assert signal is not None or of_chunk(found, SPEECH, OPTIONS) == ()


def test_no_words_give_no_signs() -> None:
    found = heard("", no_speech_prob=0.99)
    assert of_chunk(found, SPEECH, OPTIONS) == ()
    assert defended(found, SPEECH, OPTIONS) == found


@pytest.mark.parametrize(("signals", "two"), [
    ([], False), ([Signal.PHRASE], False), ([Signal.LOGPROB, Signal.LOGPROB], False),
    ([Signal.LOGPROB, Signal.NO_SPEECH], True), ([Signal.PHRASE, Signal.NO_SPEECH], True),
    ([Signal.LOOP, Signal.COMPRESSION, Signal.SPEECH_RATE], False),
    ([Signal.LOGPROB, Signal.WORD_ANOMALY], False),
    ([Signal.SPEECH_RATE, Signal.WORD_ANOMALY], False),
    ([Signal.LOOP, Signal.COMPRESSION, Signal.OUTSIDE_SPEECH], True),
])  # fmt: skip
def test_two_signs_of_one_thing_are_one(signals: list[Signal], two: bool) -> None:
    assert independent(signals) is two


def test_words_that_neither_the_model_nor_the_decoder_believes_in_go() -> None:
    found = heard("Mumble mumble.", probability=0.2, avg_logprob=-1.6, no_speech_prob=0.8)
    assert doubts(found, SPEECH, OPTIONS) == ()  # no further try, as in openai/whisper
    left = defended(found, SPEECH, OPTIONS)
    assert (left.words, left.facts.word_count) == ((), 0)
    (verdict,) = left.verdicts
    assert (verdict.remedy, verdict.text) == (Remedy.DROPPED, "Mumble mumble.")
    assert set(verdict.signals) == {Signal.LOGPROB, Signal.NO_SPEECH}
    assert (verdict.start_ms, verdict.end_ms) == (1_500, 2_100)


def test_a_listed_phrase_alone_is_marked_and_never_dropped() -> None:
    left = defended(heard("It is cold. Thanks for watching!"), SPEECH, OPTIONS)
    assert text_of(left.words) == "It is cold. Thanks for watching!"
    assert [word.suspect for word in left.words] == [False, False, False, True, True, True]
    assert remedies(left) == [(Remedy.SUSPECTED, "Thanks for watching!")]
    assert left.verdicts[0].replacement == "Thanks for watching!"


def test_a_listed_phrase_where_nobody_speaks_goes_and_the_rest_stays() -> None:
    text = "It is cold. Thanks for watching!"
    spans = [Span(1_500 + n * 300, 1_800 + n * 300) for n in range(3)]
    outside = [Span(11_100 + n, 11_200 + n) for n in range(3)]
    left = defended(heard(text, aligned=[*spans, *outside]), SPEECH, OPTIONS)
    assert text_of(left.words) == "It is cold."
    assert left.aligned == tuple(spans)
    assert remedies(left) == [(Remedy.DROPPED, "Thanks for watching!")]


def test_a_phrase_squeezed_into_no_time_goes() -> None:
    found = heard(GOOD)
    at = found.words[-1].end_ms
    tail = [
        Word(text, at + 60 * n, at + 60 * (n + 1), 0.9)
        for n, text in enumerate(("Thanks", "for", "watching!"))
    ]
    words = (*found.words, *tail)
    left = defended(replace(found, words=words, aligned=places(words)), SPEECH, OPTIONS)
    assert text_of(left.words) == GOOD


def test_a_loop_is_cut_to_one_copy_which_is_marked() -> None:
    found = heard("It rains. " + "so it goes " * 12, word_ms=200)
    assert Signal.LOOP in doubts(found, SPEECH, OPTIONS)
    left = defended(found, SPEECH, OPTIONS)
    assert text_of(left.words) == "It rains. so it goes"
    assert [word.suspect for word in left.words] == [False] * 2 + [True] * 3
    collapsed, suspected = left.verdicts
    assert (collapsed.remedy, collapsed.replacement) == (Remedy.COLLAPSED, "so it goes")
    assert collapsed.text.split() == ("so it goes " * 12).split()
    assert suspected.remedy is Remedy.SUSPECTED


def test_a_chorus_that_nothing_else_speaks_against_is_kept_whole() -> None:
    song = "let it be let it be let it be let it be"
    left = defended(heard(song, word_ms=400), SPEECH, OPTIONS)
    assert text_of(left.words) == song
    assert all(word.suspect for word in left.words)
    assert [verdict.signals for verdict in left.verdicts] == [(Signal.LOOP,)]


def test_odd_times_alone_are_too_weak_a_sign_to_do_anything() -> None:
    found = heard("The cat.", word_ms=30)
    assert of_chunk(found, SPEECH, OPTIONS) == (Signal.WORD_ANOMALY,)
    assert doubts(found, SPEECH, OPTIONS) == ()
    assert defended(found, SPEECH, OPTIONS).words == found.words


def test_the_defence_can_be_switched_off() -> None:
    found = heard("so it goes " * 30, probability=0.1, avg_logprob=-3, no_speech_prob=1)
    assert defended(found, SPEECH, replace(OPTIONS, enabled=False)) == found


def test_a_later_try_takes_its_place_when_less_speaks_against_it() -> None:
    loop = heard("so it goes " * 12)
    other = heard("So it goes on and on.", avg_logprob=-0.8)
    assert better(loop, other, SPEECH, OPTIONS)
    assert not better(other, loop, SPEECH, OPTIONS)
    surer = heard("So it goes on and on.", avg_logprob=-0.3)
    assert better(other, surer, SPEECH, OPTIONS)


def test_a_later_try_that_heard_nothing_or_far_less_is_no_better() -> None:
    doubtful = heard(GOOD, avg_logprob=-1.4)
    for text in ("", "The old bridge."):
        assert not better(doubtful, heard(text, avg_logprob=-0.01), SPEECH, OPTIONS)


def test_what_was_heard_again_is_told_only_if_it_changed() -> None:
    first, other = heard("The odd fridge."), heard("The old bridge.")
    told = redecoded(first, other, (Signal.LOGPROB,))
    assert told.words == other.words
    (verdict,) = told.verdicts
    assert (verdict.remedy, verdict.text) == (Remedy.REDECODED, "The odd fridge.")
    assert (verdict.signals, verdict.replacement) == ((Signal.LOGPROB,), "The old bridge.")
    assert redecoded(first, first, ()).verdicts == ()


def test_segments_end_with_sentences_and_at_pauses() -> None:
    words = heard('One "two." Three four').words
    apart = [*words[:3], words[3].moved(9_000, 9_300)]
    assert segments(apart) == [range(2), range(2, 3), range(3, 4)]
    assert segments(()) == []


TEXTS = st.lists(
    st.sampled_from(["old", "bridge.", "the", "river", "is", "cold.", "No.", "Thank", "you.", "a"]),
    min_size=1,
    max_size=20,
).map(" ".join)
PROBABILITIES = st.floats(0.4, 1)
FACTS = st.tuples(st.floats(-0.99, 0), st.floats(0, 0.6))


@given(TEXTS, st.integers(200, 400), PROBABILITIES, FACTS)
def test_a_clear_word_is_never_lost(
    text: str, word_ms: int, probability: float, facts: tuple[float, float]
) -> None:
    found = heard(
        text,
        word_ms=word_ms,
        probability=probability,
        avg_logprob=facts[0],
        no_speech_prob=facts[1],
    )
    ratio_of_speech = replace(
        found.facts, compression_ratio=min(found.facts.compression_ratio, 2.4)
    )
    left = defended(replace(found, facts=ratio_of_speech), SPEECH, OPTIONS)
    assert text_of(left.words) == text


@given(
    TEXTS.map(lambda text: text * 3), st.integers(1, 600), st.floats(0, 1),
    st.tuples(st.floats(-4, 0), st.floats(0, 1)), st.integers(0, 14_000),
)  # fmt: skip
def test_whatever_is_heard_what_is_left_was_heard_in_that_order_and_the_rest_is_told(
    text: str, word_ms: int, probability: float, facts: tuple[float, float], shift_ms: int
) -> None:
    found = heard(
        text,
        word_ms=word_ms,
        probability=probability,
        avg_logprob=facts[0],
        no_speech_prob=facts[1],
    )
    moved = tuple(Span(s.start_ms + shift_ms, s.end_ms + shift_ms) for s in found.aligned)
    left = defended(replace(found, aligned=moved), SPEECH, OPTIONS)
    times = [word.start_ms for word in left.words]
    assert times == sorted(times)
    left_over = iter(found.words)
    assert all(any(replace(w, suspect=False) == word for word in left_over) for w in left.words)
    assert len(left.aligned) == len(left.words) == left.facts.word_count
    for verdict in left.verdicts:
        if verdict.remedy is Remedy.DROPPED:
            assert independent(verdict.signals)
    if len(left.words) < len(found.words):
        assert {v.remedy for v in left.verdicts} & {Remedy.DROPPED, Remedy.COLLAPSED}
