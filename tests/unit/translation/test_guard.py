import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.translation import Objection
from polycue.translation.guard import objection


@pytest.mark.parametrize(
    ("source", "translated", "language"),
    [
        ("The old river runs to the sea.", "El viejo río corre hacia el mar.", "es"),
        ("Yes.", "Por supuesto que sí.", "es"),
        ("Leonardo da Vinci", "Leonardo da Vinci", "es"),
        ("Apollo 11, 1969.", "Apollo 11, 1969.", "es"),
        ("Taxi!", "Taxi!", "es"),
        ("NASA", "NASA", "ru"),
        ("...", "...", "es"),
        ("No, no, no, no, no!", "Nein, nein, nein, nein, nein!", "de"),
        ("Ha ha ha ha ha ha!", "Ja ja ja ja ja ja ja!", "es"),
        ("It is very, very, very far.", "Está muy, muy, muy lejos.", "es"),
        (
            "The museum at the edge of the city is closed on Mondays.",
            "城市边缘的博物馆星期一不开放。",
            "zh",
        ),
        ("東京", "東京", "zh"),
        ("We use FFmpeg here.", "Мы используем FFmpeg.", "ru"),
        ("The river", "река", "ru"),
        ("The river", "reka", "sr"),  # Serbian is written both ways
        ("The river", "река", "sr"),
        ("The river", "reka", "sr-Latn"),
        ("A word nobody knows.", "слово", "und"),
        ("The computer", "コンピューター", "ja"),
        ("The 1,969 wolves", "Los 1.969 lobos", "es"),
        ("It costs 1.5 billion.", "Cuesta 1500 millones.", "es"),
        ("All 3 wolves", "Los tres lobos", "es"),
        ("After 20 years", "Después de veinte años", "es"),
        ("In the 19th century", "En el siglo XIX", "es"),
        ("In 1969.", "В ١٩٦٩ году", "ru"),
        ("About 1969 it was built.", "約1969年に建てられた。", "ja"),
        ("The 1,969 wolves", "Les 1 969 loups", "fr"),
        ("In 2020 100 people came.", "En 2020 vinieron 100 personas.", "es"),
        ("Flight B52", "Vuelo B52", "es"),
        ("At 8:30", "A las 20:30", "es"),
        ("She met Ada Lovelace there.", "Allí conoció a Ada Lovelace.", "es"),
        ("She met Ada Lovelace there.", "Там она встретила Аду Лавлейс.", "ru"),
        ("She met Ada Lovelace there.", "彼女はそこでエイダ・ラブレスに会った。", "ja"),
        ("He lives in the White House.", "Vive en la Casa Blanca.", "es"),
        ("THE OLD RIVER RUNS", "el viejo río corre", "es"),
    ],
)
def test_an_honest_translation_passes(source: str, translated: str, language: str) -> None:
    assert objection(source, translated, "en", language) is None


@pytest.mark.parametrize(
    ("source", "translated", "expected"),
    [
        ("Look closely.", "", Objection.EMPTY),
        ("Look closely.", " \n", Objection.EMPTY),
        ("Look closely.", "...", Objection.EMPTY),
        ("...", "", Objection.EMPTY),
        ("The house of the river.", "la casa de " * 6, Objection.LOOP),
        ("The house.", "la la la la la la la la", Objection.LOOP),
        ("I am here.", "私は、" * 6, Objection.LOOP),
        ("No, no, no!", "no " * 40, Objection.LOOP),
        ("The old river runs.", "The old river runs.", Objection.UNTRANSLATED),
        ("The old river runs.", "the old river runs", Objection.UNTRANSLATED),
        ("THE OLD RIVER RUNS.", "THE OLD RIVER RUNS.", Objection.UNTRANSLATED),
        ("这是一个我们要翻译的句子。", "这是一个我们要翻译的句子。", Objection.UNTRANSLATED),
        ("I will be right back, my old friend.", "Ya.", Objection.TOO_SHORT),
        ("Nobody.", "El viejo río corre hacia el mar por el valle.", Objection.TOO_LONG),
        ("The old river runs.", "Старая река течёт.", Objection.WRONG_SCRIPT),
        ("The old river runs.", "古い川が流れる。", Objection.WRONG_SCRIPT),
        ("In 1969 we went there.", "Fuimos allí en ese año.", Objection.NUMBER_LOST),
        ("In 1969 we went there.", "Fuimos allí en 1996.", Objection.NUMBER_LOST),
        ("It is 4,711 metres high.", "Mide 471 metros.", Objection.NUMBER_LOST),
        ("There she met Ada Lovelace.", "Allí conoció a una mujer.", Objection.NAME_LOST),
    ],
)
def test_an_unusable_translation_is_named(
    source: str, translated: str, expected: Objection
) -> None:
    assert objection(source, translated, "en", "es") is expected


@pytest.mark.parametrize(
    ("source", "language"), [("the old river runs", "ru"), ("wait for me", "ja"), ("run", "el")]
)
def test_a_copy_is_no_translation_into_another_script(source: str, language: str) -> None:
    assert objection(source, source + ".", "en", language) in {
        Objection.UNTRANSLATED,
        Objection.WRONG_SCRIPT,
    }


def test_nouns_of_german_are_not_taken_for_names() -> None:
    assert objection("Da war ein Alter Mann.", "There was somebody.", "de", "en") is None


@given(st.text(), st.text(), st.sampled_from(["es", "ja", "sr", "und", "de", "ar", "zh-Hant"]))
def test_any_two_texts_are_judged(source: str, translated: str, language: str) -> None:
    problem = objection(source, translated, "en", language)
    assert problem is None or problem.message


@given(st.text())
def test_nothing_never_passes_for_something(source: str) -> None:
    expected = Objection.EMPTY if source.strip() else None
    assert objection(source, "", "en", "es") is expected
