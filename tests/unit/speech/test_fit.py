from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.audio import Span
from polycue.speech.fit import Aligned, fit


def spans(*times: tuple[int, int]) -> list[Span]:
    return [Span(*time) for time in times]


def test_a_word_that_seems_to_start_in_the_pause_starts_with_the_speech() -> None:
    words = [
        Aligned("the", 27_128, 28_448), Aligned("laboratory.", 30_028, 30_308),
        Aligned("The", 30_608, 31_688), Aligned("bee", 31_688, 32_008),
    ]  # fmt: skip
    speech = spans((27_328, 30_464), (31_616, 33_568))
    assert fit(words, speech) == spans(
        (27_328, 28_448), (30_028, 30_464), (31_616, 31_688), (31_688, 32_008)
    )


def test_a_word_lost_in_the_pause_goes_with_the_sentence_it_begins() -> None:
    words = [
        Aligned("slowly.", 5_228, 5_668),
        Aligned("No", 8_024, 8_204),
        Aligned("one", 8_224, 9_000),
    ]
    found = fit(words, spans((4_000, 5_700), (8_224, 9_248)))
    assert found[0].end_ms == 5_700
    assert found[1].start_ms == 8_224
    assert found[2].start_ms == found[1].end_ms == 8_284


def test_a_word_squeezed_to_nothing_at_the_end_of_a_sentence_begins_the_next() -> None:
    words = [
        Aligned("journey.", 4_288, 4_648), Aligned("Each", 4_688, 4_688),
        Aligned("week,", 4_688, 5_888), Aligned("the", 6_048, 6_200),
    ]  # fmt: skip
    found = fit(words, spans((3_552, 4_704), (5_248, 5_888), (6_048, 8_032)))
    assert [span.start_ms for span in found[1:]] == [5_248, 5_308, 6_048]


def test_a_span_that_nobody_speaks_in_is_left_alone() -> None:
    words = [Aligned("Hello", 1_000, 1_400), Aligned("there.", 1_400, 1_900)]
    found = fit(words, spans((1_000, 1_900), (3_000, 3_064)))
    assert found[-1] == Span(1_400, 1_900)


def test_a_word_is_not_drawn_into_music_before_it() -> None:
    found = fit([Aligned("Yes.", 5_000, 5_300)], spans((0, 3_000), (5_000, 5_300)))
    assert found == spans((5_000, 5_300))


def test_a_word_may_reach_over_a_pause_within_it() -> None:
    (found,) = fit([Aligned("uptight", 1_000, 1_900)], spans((1_000, 1_300), (1_500, 1_900)))
    assert found == Span(1_000, 1_900)


def test_speech_far_from_any_word_does_not_stretch_one() -> None:
    found = fit([Aligned("late", 4_000, 4_400)], spans((1_000, 5_000)))
    assert found == spans((4_000, 4_400))


def test_no_words_have_no_times() -> None:
    assert fit([], spans((0, 100))) == []


TIMES = st.lists(st.integers(0, 12_000), min_size=2, max_size=24, unique=True).map(sorted)
TEXT = st.sampled_from(["and", "so,", "end.", "why?", "好。"])


@given(
    edges=TIMES,
    attention=st.lists(st.integers(-500, 13_000), min_size=1, max_size=40),
    data=st.data(),
)
def test_words_stay_in_order_apart_and_within_the_speech(
    edges: list[int], attention: list[int], data: st.DataObject
) -> None:
    speech = [Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    ends = sorted([*attention, attention[-1]])
    words = [Aligned(data.draw(TEXT), a, b) for a, b in pairwise(ends)]
    found = fit(words, speech)
    assert len(found) == len(words)
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(found))
    for span in found:
        heard = any(s.start_ms < span.end_ms and span.start_ms < s.end_ms for s in speech)
        assert heard or span.duration_ms == 0
        assert speech[0].start_ms <= span.start_ms <= span.end_ms <= speech[-1].end_ms
