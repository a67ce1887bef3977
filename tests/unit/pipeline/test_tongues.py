from polycue.domain.cancel import CancelToken
from polycue.domain.notice import NoticeReason
from polycue.domain.transcript import Sentence, Word, text_of
from polycue.domain.translation import Rung
from polycue.pipeline.tongues import Tongues
from polycue.pipeline.translating import Translated
from polycue.testing.translator import FakeTranslator

TABLE = {("Yes.", "es"): "Sí.", ("\u6c49\u5b57", "zh-Hant"): "\u6f22\u5b57"}


def said(text: str, language: str = "", *, at_ms: int = 0, suspect: bool = False) -> Sentence:
    word = Word(text, at_ms, at_ms + 500, 0.9, language=language, suspect=suspect)
    return Sentence((word,))


def translated(target: str, *sentences: Sentence, pairs: list[tuple[str, str]]) -> Translated:
    translator = FakeTranslator(pairs=pairs, table=TABLE)
    return Tongues(translator, "en", target, cancel=CancelToken()).translate(sentences)


def texts(done: Translated) -> list[str]:
    return [text_of(part) for part in done.parts]


def test_each_language_goes_its_own_way_in_one_call_and_the_order_stays() -> None:
    translator = FakeTranslator(pairs=[("en", "es"), ("de", "en")], table=TABLE)
    tongues = Tongues(translator, "en", "es", cancel=CancelToken())
    spoken = [said("Yes."), said("Ja.", "de"), said("Olé.", "es"), said("Yes.")]
    done = tongues.translate(spoken)
    assert texts(done) == ["Sí.", "es: en: Ja.", "Olé.", "Sí."]
    assert [call[:2] for call in translator.calls] == [("en", "es"), ("de", "en"), ("en", "es")]
    assert done.kept == frozenset()
    assert list(tongues.notices()) == []


def test_a_variety_of_the_target_is_at_home_unless_a_pair_says_otherwise() -> None:
    assert texts(translated("es-419", said("Olé.", "es"), pairs=[("en", "es")])) == ["Olé."]
    chinese = said("\u6c49\u5b57", "zh")
    done = translated("zh-Hant", chinese, pairs=[("en", "zh-Hant"), ("zh", "zh-Hant")])
    assert texts(done) == ["\u6f22\u5b57"]


def test_what_cannot_be_translated_stays_is_flagged_and_told_once() -> None:
    translator = FakeTranslator(pairs=[("en", "es")], table=TABLE)
    tongues = Tongues(translator, "en", "es", cancel=CancelToken())
    for at_ms in (0, 1_000):
        done = tongues.translate([said("Ja.", "de", at_ms=at_ms)])
        assert texts(done) == ["Ja."]
        assert set(done.parts[0]) == done.kept
        assert {word.language for word in done.parts[0]} == {"de"}
    (notice,) = tongues.notices()
    assert (notice.reason, notice.facts["count"]) == (NoticeReason.NOT_TRANSLATED, "2")


def test_a_translation_is_as_doubtful_as_what_it_was_made_from() -> None:
    done = translated("es", said("Yes.", suspect=True), said("Yes."), pairs=[("en", "es")])
    assert [[w.suspect for w in part] for part in done.parts] == [[True], [False]]


def test_a_doubtful_sentence_that_keeps_its_words_is_flagged_as_kept_too() -> None:
    # Only one of its words was doubted; marking the other made it another word, not among the kept.
    words = (Word("No", 0, 400, suspect=True), Word("no.", 500, 900))
    table = {("No no.", "es"): ""}
    translator = FakeTranslator(pairs=[("en", "es")], table=table)
    done = Tongues(translator, "en", "es", cancel=CancelToken()).translate([Sentence(words)])
    assert [fallback.rung for fallback in done.fallbacks] == [Rung.KEPT_SOURCE]
    assert [word.suspect for word in done.parts[0]] == [True, True]
    assert set(done.parts[0]) == done.kept
