from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import TranslationFailed
from polycue.domain.progress import Stage
from polycue.domain.translation import Hypotheses, Hypothesis, Search
from polycue.pipeline.own_thread import OwnThread
from polycue.pipeline.resuming.translations import Entry, ResumedTranslator, pack, unpack
from polycue.pipeline.timing import StageTimes
from polycue.testing.checkpoints import KeptInMemory
from polycue.testing.translator import FakeTranslator

ROUTE = ("en", "es")
HYPOTHESES = st.lists(
    st.builds(
        Hypothesis,
        st.text(),
        st.floats(allow_nan=False),
        st.lists(st.integers(-1, 99)).map(tuple),
    ),
    max_size=4,
).map(tuple)


def ask(
    translator: FakeTranslator,
    kept: KeptInMemory,
    *questions: Sequence[str],
    search: Search = Search(),  # noqa: B008 - it is frozen
) -> list[list[Hypotheses]]:
    """A run that asks these questions, one after the other."""
    resumed = ResumedTranslator(translator, kept, OwnThread(), StageTimes())
    resumed.begin()
    return [resumed.translate(texts, ROUTE, search, cancel=CancelToken()) for texts in questions]


def sentences(first: int, count: int = 16) -> list[str]:
    return [f"Sentence {n}." for n in range(first, first + count)]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.text(), st.text(), HYPOTHESES), max_size=3))
def test_what_is_packed_comes_back_to_the_last_bit(entries: list[Entry]) -> None:
    assert repr(unpack(pack(entries))) == repr(entries)


def test_what_another_version_wrote_is_not_there() -> None:
    kept, translator = KeptInMemory(), FakeTranslator()
    kept.save(Stage.TRANSLATE, 0, b"one")
    ask(translator, kept, sentences(0))
    assert len(translator.calls) == 1
    assert set(kept.load(Stage.TRANSLATE)) == {0, 1}


def test_however_texts_come_together_they_are_asked_for_once() -> None:
    kept, translator = KeptInMemory(), FakeTranslator()
    apart = ask(translator, kept, sentences(0, 5), sentences(5, 27), sentences(30, 5))
    (together,) = ask(translator, kept, sentences(0, 35))
    assert together == [*apart[0], *apart[1], *apart[2][2:]]
    asked = [text for _, _, texts in translator.calls for text in texts]
    assert len(asked) == 35 + 35 % 16  # what does not fill a row is not kept


def test_a_run_that_goes_on_asks_for_nothing_that_was_kept() -> None:
    kept = KeptInMemory()
    first = ask(FakeTranslator(), kept, sentences(0), sentences(16))
    second = FakeTranslator()
    assert ask(second, kept, sentences(16), sentences(32), sentences(0)) == [
        first[1],
        [(Hypothesis(f"es: Sentence {n}.", 0.0),) for n in range(32, 48)],
        first[0],
    ]
    assert [texts for _, _, texts in second.calls] == [tuple(sentences(32))]


@pytest.mark.parametrize("change", ["search", "models"])
def test_what_was_asked_in_another_way_is_asked_again(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, again = KeptInMemory(), FakeTranslator()
    ask(FakeTranslator(), kept, sentences(0))
    if change == "models":
        monkeypatch.setattr(again, "fingerprint", lambda route: "other models")
    search = Search(no_repeat_ngram=3) if change == "search" else Search()
    ask(again, kept, sentences(0), search=search)
    assert len(again.calls) == 1


def test_many_texts_are_asked_for_and_kept_in_portions() -> None:
    kept, translator = KeptInMemory(), FakeTranslator()
    texts = [*sentences(0, 1_100), "Sentence 7."]
    (found,) = ask(translator, kept, texts)
    assert found == [(Hypothesis(f"es: {text}", 0.0),) for text in texts]
    assert [len(asked) for _, _, asked in translator.calls] == [512, 512, 76]
    assert kept.saves == 1_100 // 16


def test_a_translator_that_fails_is_asked_again() -> None:
    class Failing(FakeTranslator):
        def translate(self, *args, **kwargs):  # type: ignore[no-untyped-def]
            raise TranslationFailed("en", "es", "out of memory")

    kept, after = KeptInMemory(), FakeTranslator()
    with pytest.raises(TranslationFailed):
        ask(Failing(), kept, sentences(0))
    ask(after, kept, sentences(0))
    assert len(after.calls) == 1


def test_answers_that_are_not_those_of_the_question_are_none() -> None:
    class Forgetful(FakeTranslator):
        def translate(self, *args, **kwargs):  # type: ignore[no-untyped-def]
            return super().translate(*args, **kwargs)[1:]

    with pytest.raises(TranslationFailed, match="15 answers to 16 texts"):
        ask(Forgetful(), KeptInMemory(), sentences(0))
