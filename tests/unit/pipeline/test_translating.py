"""What becomes of a sentence whose first translation is not fit to be shown."""

from collections.abc import Callable, Sequence

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import (
    Cancelled,
    DeviceUnavailable,
    ModelDamaged,
    PairNotInstalled,
    TranslationFailed,
)
from polycue.domain.notice import NoticeReason
from polycue.domain.transcript import Sentence, Word, text_of
from polycue.domain.translation import Hypotheses, Hypothesis, Objection, Rung, Search, Term
from polycue.pipeline.attempts import Wishes
from polycue.pipeline.translating import Translated, notices_of, translate_sentences
from polycue.testing.translator import BEST, FakeTranslator
from polycue.translation.terms import NAMES, NUMBERS, Glossary

ES = ("en", "es")
Table = dict[tuple[str, str], str | tuple[str, ...]]
LOOP = "el río el río el río el río el río el río"


def say(*texts: str) -> list[Sentence]:
    """Each word takes 300 ms."""
    found, time_ms = [], 0
    for text in texts:
        words = []
        for word in text.split():
            words.append(Word(word, time_ms, time_ms + 300))
            time_ms += 300
        found.append(Sentence(tuple(words)))
    return found


def translate(
    translator: FakeTranslator,
    *texts: str,
    wishes: Wishes | None = None,
    route: tuple[str, ...] = ES,
) -> Translated:
    return translate_sentences(
        translator, say(*texts), route, wishes or Wishes(), cancel=CancelToken()
    )


def shown(translated: Translated) -> list[str]:
    return [text_of(part) for part in translated.parts]


def rungs(translated: Translated) -> list[tuple[Objection, Rung]]:
    return [(fallback.reason, fallback.rung) for fallback in translated.fallbacks]


class Deaf(FakeTranslator):
    """Answers only what ``hears`` lets through, and fails on everything else."""

    def __init__(self, hears: Callable[[str], bool], **fake: object) -> None:
        super().__init__(**fake)  # type: ignore[arg-type]
        self._hears = hears

    def translate(
        self,
        texts: Sequence[str],
        route: tuple[str, ...],
        search: Search = BEST,
        *,
        cancel: CancelToken,
    ) -> list[Hypotheses]:
        if not all(map(self._hears, texts)):
            raise TranslationFailed(route[0], route[-1], "out of memory")
        return super().translate(texts, route, search, cancel=cancel)


def test_a_good_translation_is_shown_and_nothing_told() -> None:
    done = translate(FakeTranslator(table={("Yes.", "es"): "Sí."}), "Yes.")
    assert shown(done) == ["Sí."]
    assert done.fallbacks == ()
    assert done.kept == frozenset()


def test_all_sentences_are_asked_for_in_one_call() -> None:
    fake = FakeTranslator()
    translate(fake, "One river.", "Two rivers.")
    assert fake.calls == [("en", "es", ("One river.", "Two rivers."))]


def test_a_loop_is_translated_clause_by_clause() -> None:
    table: Table = {
        ("When it rains, we stay here.", "es"): LOOP,
        ("When it rains,", "es"): "Cuando llueve,",
        ("we stay here.", "es"): "nos quedamos.",
    }
    done = translate(FakeTranslator(table=table), "When it rains, we stay here.")
    assert shown(done) == ["Cuando llueve, nos quedamos."]
    (told,) = done.fallbacks
    assert (told.reason, told.rung) == (Objection.LOOP, Rung.CLAUSES)
    assert (told.start_ms, told.end_ms, told.source) == (0, 1800, "When it rains, we stay here.")
    assert told.route == ES


def test_a_sentence_of_one_clause_takes_the_next_hypothesis() -> None:
    table: Table = {("The river runs.", "es"): (LOOP, "...", "El río corre.")}
    done = translate(FakeTranslator(table=table), "The river runs.")
    assert shown(done) == ["El río corre."]
    assert rungs(done) == [(Objection.LOOP, Rung.NEXT_HYPOTHESIS)]


def test_where_the_model_says_nothing_else_it_is_kept_from_repeating_itself() -> None:
    class Stubborn(FakeTranslator):
        def translate(
            self,
            texts: Sequence[str],
            route: tuple[str, ...],
            search: Search = BEST,
            *,
            cancel: CancelToken,
        ) -> list[Hypotheses]:
            free = search.no_repeat_ngram > 0
            return [(Hypothesis("El río corre." if free else LOOP, 0.0),) for _ in texts]

    done = translate(Stubborn(), "The river runs.")
    assert shown(done) == ["El río corre."]
    assert rungs(done) == [(Objection.LOOP, Rung.NO_REPEATS)]


def test_another_way_is_taken_and_told() -> None:
    pairs = (("en", "es"), ("en", "de"), ("de", "es"))
    table: Table = {
        ("The river runs.", "es"): LOOP,
        ("The river runs.", "de"): "Der Fluss fließt.",
        ("Der Fluss fließt.", "es"): "El río corre.",
    }
    done = translate(FakeTranslator(pairs, table), "The river runs.")
    assert shown(done) == ["El río corre."]
    assert rungs(done) == [(Objection.LOOP, Rung.OTHER_ROUTE)]
    assert done.fallbacks[0].route == ("en", "de", "es")


def test_in_the_end_the_sentence_keeps_its_own_words_and_time() -> None:
    (sentence,) = say("The river runs.")
    done = translate(FakeTranslator(table={("The river runs.", "es"): LOOP}), "The river runs.")
    assert done.parts == (sentence.words,)
    assert done.kept == frozenset(sentence.words)
    assert rungs(done) == [(Objection.LOOP, Rung.KEPT_SOURCE)]
    assert done.fallbacks[0].route == ("en",)
    (notice,) = notices_of(done.fallbacks, ES)
    assert notice.reason is NoticeReason.TRANSLATION_KEPT_SOURCE
    assert notice.message == (
        "1 sentence stays in en: the translation to es was unusable (it repeats itself)"
    )
    assert notice.facts == {"count": "1", "route": "en>es"}


def test_one_bad_sentence_costs_the_others_nothing() -> None:
    table: Table = {("The river runs.", "es"): LOOP, ("Yes.", "es"): "Sí."}
    fake = FakeTranslator(table=table)
    assert shown(translate(fake, "Yes.", "The river runs.")) == ["Sí.", "The river runs."]
    assert ("en", "es", ("Yes.",)) not in fake.calls  # it is not asked for once more


def test_what_has_no_letters_stays_and_is_no_fallback() -> None:
    fake = FakeTranslator()
    done = translate(fake, "♪ ♪", "1969.", "...")
    assert shown(done) == ["♪ ♪", "1969.", "..."]
    assert done.fallbacks == ()
    assert fake.calls == []


def test_a_language_is_not_translated_into_itself() -> None:
    fake = FakeTranslator()
    assert shown(translate(fake, "Look closely.", route=("en",))) == ["Look closely."]
    assert fake.calls == []


def test_the_hypotheses_of_a_pivot_are_asked_for_only_where_they_are_needed() -> None:
    table: Table = {
        ("El río corre.", "en"): ("The river runs.", "The river is running."),
        ("The river runs.", "de"): "Der Fluss " * 12,
        ("The river is running.", "de"): "Der Fluss fließt.",
        ("Sí.", "en"): "Yes.",
        ("Yes.", "de"): "Ja.",
    }
    fake = FakeTranslator(table=table)
    done = translate(fake, "Sí.", "El río corre.", route=("es", "en", "de"))
    assert shown(done) == ["Ja.", "Der Fluss fließt."]
    assert rungs(done) == [(Objection.LOOP, Rung.NEXT_HYPOTHESIS)]
    assert [call[2] for call in fake.calls if "Sí." in call[2]] == [("Sí.", "El río corre.")]


def test_where_there_is_no_time_to_read_the_shorter_of_equals_is_shown() -> None:
    class Even(FakeTranslator):
        def translate(
            self,
            texts: Sequence[str],
            route: tuple[str, ...],
            search: Search = BEST,
            *,
            cancel: CancelToken,
        ) -> list[Hypotheses]:
            long = Hypothesis("Sin ninguna duda que sí.", -0.1)
            return [(long, Hypothesis("Claro que sí.", -0.2)) for _ in texts]

    for room, expected in ((24, "Sin ninguna duda que sí."), (14, "Claro que sí.")):
        done = translate(Even(), "Of course.", wishes=Wishes(rooms=(room,)))
        assert shown(done) == [expected]
        assert done.fallbacks == ()


def test_one_sentence_on_which_the_model_fails_keeps_its_words() -> None:
    done = translate(Deaf(lambda text: "river" not in text), "Yes.", "The river.", "No.")
    assert shown(done) == ["es: Yes.", "The river.", "es: No."]
    assert rungs(done) == [(Objection.FAILED, Rung.KEPT_SOURCE)]


def test_a_translator_that_always_fails_loses_no_words() -> None:
    texts = [f"Sentence {number}." for number in "abcdefghi"]
    done = translate(Deaf(lambda text: False), *texts)
    assert shown(done) == texts
    assert {rung for _, rung in rungs(done)} == {Rung.KEPT_SOURCE}


def test_a_longer_look_that_fails_leaves_what_was_found() -> None:
    class Tired(FakeTranslator):
        def translate(
            self,
            texts: Sequence[str],
            route: tuple[str, ...],
            search: Search = BEST,
            *,
            cancel: CancelToken,
        ) -> list[Hypotheses]:
            if search.hypotheses > 1:
                raise TranslationFailed(route[0], route[-1], "out of memory")
            return super().translate(texts, route, search, cancel=cancel)

    route = ("es", "en", "de")
    done = translate(Tired(), "El río corre.", route=route, wishes=Wishes(rooms=(1,)))
    assert shown(done) == ["de: en: El río corre."]
    assert done.fallbacks == ()


def test_a_broken_way_that_nobody_asked_for_breaks_nothing() -> None:
    class Damaged(FakeTranslator):
        def translate(
            self,
            texts: Sequence[str],
            route: tuple[str, ...],
            search: Search = BEST,
            *,
            cancel: CancelToken,
        ) -> list[Hypotheses]:
            if "de" in route:
                raise ModelDamaged("translate-en_de", "model.bin is missing")
            return super().translate(texts, route, search, cancel=cancel)

    pairs = (("en", "es"), ("en", "de"), ("de", "es"))
    done = translate(Damaged(pairs, {("The river runs.", "es"): LOOP}), "The river runs.")
    assert rungs(done) == [(Objection.LOOP, Rung.KEPT_SOURCE)]


def test_a_device_that_is_not_there_is_an_error_and_no_track_in_the_wrong_language() -> None:
    class Dead(FakeTranslator):
        def translate(
            self,
            texts: Sequence[str],
            route: tuple[str, ...],
            search: Search = BEST,
            *,
            cancel: CancelToken,
        ) -> list[Hypotheses]:
            raise DeviceUnavailable("cuda", "no device")

    with pytest.raises(DeviceUnavailable):
        translate(Dead(), "The river runs.")


def test_clauses_of_japanese_are_joined_without_a_space() -> None:
    table: Table = {
        ("When it rains, we stay here.", "ja"): "雨" * 80,
        ("When it rains,", "ja"): "雨の日は、",
        ("we stay here.", "ja"): "ここにいます。",
    }
    fake = FakeTranslator((("en", "ja"),), table)
    done = translate(fake, "When it rains, we stay here.", route=("en", "ja"))
    assert shown(done) == ["雨の日は、ここにいます。"]


def test_a_cancel_is_no_failure_of_the_model() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        translate_sentences(FakeTranslator(), say("Yes."), ES, cancel=cancel)


def test_a_package_that_has_gone_is_told_and_not_papered_over() -> None:
    with pytest.raises(PairNotInstalled):
        translate(FakeTranslator(), "Oui.", route=("fr", "es"))


WISHES = Wishes(Glossary.of([Term("wolf", "lobato"), Term("FFmpeg")]))


def test_a_term_that_the_model_leaves_alone_needs_no_help() -> None:
    fake = FakeTranslator(table={("FFmpeg runs.", "es"): "FFmpeg corre."})
    done = translate(fake, "FFmpeg runs.", wishes=WISHES)
    assert shown(done) == ["FFmpeg corre."]
    assert done.fallbacks == ()


@pytest.mark.parametrize("disguise", [NAMES[0], NUMBERS[0]])
def test_a_term_goes_through_the_model_in_disguise(disguise: str) -> None:
    table: Table = {
        ("The wolf runs.", "es"): "El lobo corre.",
        (f"The {NAMES[0]} runs.", "es"): "El perro corre.",
        (f"The {NUMBERS[0]} runs.", "es"): "El siete mil corre.",
    }
    table[(f"The {disguise} runs.", "es")] = f"El {disguise} corre."
    done = translate(FakeTranslator(table=table), "The wolf runs.", wishes=WISHES)
    assert shown(done) == ["El lobato corre."]
    assert rungs(done) == [(Objection.TERM_LOST, Rung.PLACEHOLDER)]


def test_where_no_disguise_lasts_the_term_takes_the_place_of_what_the_model_wrote() -> None:
    class Looks(FakeTranslator):
        def _answers(self, one: Hypothesis, target: str) -> Hypotheses:
            return (Hypothesis("El lobo corre.", 0.0, (0, 1, 2)),)

    done = translate(Looks(), "The wolf runs.", wishes=WISHES)
    assert shown(done) == ["El lobato corre."]
    assert rungs(done) == [(Objection.TERM_LOST, Rung.IN_ITS_PLACE)]


def test_in_the_end_the_sentence_is_translated_around_the_term() -> None:
    table: Table = {
        ("The wolf runs.", "es"): "El lobo corre.",
        (f"The {NAMES[0]} runs.", "es"): "El perro corre.",
        (f"The {NUMBERS[0]} runs.", "es"): "El perro corre.",
        ("The", "es"): "El",
        ("runs.", "es"): "corre.",
    }
    done = translate(FakeTranslator(table=table), "The wolf runs.", wishes=WISHES)
    assert shown(done) == ["El lobato corre."]
    assert rungs(done) == [(Objection.TERM_LOST, Rung.AROUND_TERMS)]


def test_a_term_that_cannot_be_kept_is_told() -> None:
    class Deletes(FakeTranslator):
        def _answers(self, one: Hypothesis, target: str) -> Hypotheses:
            whole = len(one.text.split()) == 3
            return (Hypothesis("El perro corre." if whole else "", 0.0),)

    done = translate(Deletes(), "The wolf runs.", wishes=WISHES)
    assert shown(done) == ["El perro corre."]
    assert rungs(done) == [(Objection.TERM_LOST, Rung.WITHOUT_TERM)]
    (notice,) = notices_of(done.fallbacks, ES)
    assert notice.reason is NoticeReason.TERM_LOST


@pytest.mark.parametrize("beam_size", [1, 2, 10])
@pytest.mark.parametrize("route", [ES, ("es", "en", "de")])
def test_no_more_is_asked_of_a_beam_than_it_holds(beam_size: int, route: tuple[str, ...]) -> None:
    class Curious(FakeTranslator):
        """Remembers how it was asked; loops until nothing else is tried."""

        searches: set[Search] = set()  # noqa: RUF012 - a class of this test alone

        def translate(
            self,
            texts: Sequence[str],
            route: tuple[str, ...],
            search: Search = BEST,
            *,
            cancel: CancelToken,
        ) -> list[Hypotheses]:
            self.searches.add(search)
            return [(Hypothesis(LOOP, 0.0),) for _ in texts]

    translator = Curious()
    done = translate(translator, "The river runs.", wishes=Wishes(beam_size=beam_size), route=route)
    assert rungs(done) == [(Objection.LOOP, Rung.KEPT_SOURCE)]
    assert {search.beam_size for search in translator.searches} == {beam_size}
    assert max(search.hypotheses for search in translator.searches) == min(4, beam_size)
