import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.translation.guard import objection


@pytest.mark.parametrize(
    ("source", "translated"),
    [
        ("The old river runs to the sea.", "El viejo río corre hacia el mar."),
        ("Yes.", "Por supuesto que sí."),
        ("Leonardo da Vinci", "Leonardo da Vinci"),
        ("Apollo 11, 1969.", "Apollo 11, 1969."),
        ("Taxi!", "Taxi!"),
        ("NASA", "NASA"),
        ("...", "..."),
        ("No, no, no, no, no!", "Nein, nein, nein, nein, nein!"),
        ("Ha ha ha ha ha ha!", "Ja ja ja ja ja ja ja!"),
        ("It is very, very, very far.", "Está muy, muy, muy lejos."),
        (
            "The museum at the edge of the city is closed on Mondays.",
            "城市边缘的博物馆星期一不开放。",
        ),
        ("東京", "東京"),
        ("The number is 1000000000000.", "El número es 1000000000000."),
    ],
)
def test_an_honest_translation_passes(source: str, translated: str) -> None:
    assert objection(source, translated) is None


@pytest.mark.parametrize(
    ("source", "translated", "expected"),
    [
        ("Look closely.", "", "it is empty"),
        ("Look closely.", " \n", "it is empty"),
        ("Look closely.", "...", "it is empty"),
        ("...", "", "it is empty"),
        ("The house of the river.", "la casa de " * 6, "it repeats itself"),
        ("The house.", "la la la la la la la la", "it repeats itself"),
        ("I am here.", "私は、" * 6, "it repeats itself"),
        ("No, no, no!", "no " * 40, "it repeats itself"),
        ("The old river runs.", "The old river runs.", "it was not translated"),
        ("The old river runs.", "the old river runs", "it was not translated"),
        ("THE OLD RIVER RUNS.", "THE OLD RIVER RUNS.", "it was not translated"),
        ("这是一个我们要翻译的句子。", "这是一个我们要翻译的句子。", "it was not translated"),
        ("I will be right back, my old friend.", "Ya.", "it is far too short"),
        ("Nobody.", "El viejo río corre hacia el mar por el valle.", "it is far too long"),
    ],
)
def test_an_unusable_translation_is_named(source: str, translated: str, expected: str) -> None:
    assert objection(source, translated) == expected


@given(st.text(), st.text())
def test_any_two_texts_are_judged(source: str, translated: str) -> None:
    problem = objection(source, translated)
    assert problem is None or problem.startswith("it ")


@given(st.text())
def test_nothing_never_passes_for_something(source: str) -> None:
    assert objection(source, "") == ("it is empty" if source.strip() else None)
