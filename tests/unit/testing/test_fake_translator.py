import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, PairNotInstalled
from polycue.domain.translation import Search
from polycue.testing.translator import FakeTranslator
from polycue.translation.guard import objection


def test_it_answers_from_its_table_and_marks_the_rest() -> None:
    fake = FakeTranslator(table={("Yes.", "es"): "Sí."})
    found = fake.translate(["Yes.", "No.", "...", ""], ("en", "es"), cancel=CancelToken())
    assert [[h.text for h in one] for one in found] == [["Sí."], ["es: No."], ["..."], []]
    assert fake.calls == [("en", "es", ("Yes.", "No.", "...", ""))]


def test_a_pivot_is_two_legs() -> None:
    fake = FakeTranslator()
    route = fake.route("es", "de")
    assert route == ("es", "en", "de")
    ((one,),) = fake.translate(["Hola."], route, cancel=CancelToken())
    assert one.text == "de: en: Hola."
    assert route in fake.pairs()


def test_it_fails_as_the_real_one_does() -> None:
    fake = FakeTranslator()
    with pytest.raises(PairNotInstalled):
        fake.route("fr", "es")
    with pytest.raises(PairNotInstalled):
        fake.translate(["Oui."], ("fr", "es"), cancel=CancelToken())
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        fake.translate(["Yes."], ("en", "es"), cancel=cancel)


@pytest.mark.parametrize("text", ["Yes.", "The old river runs to the sea."])
def test_what_it_makes_up_passes_the_guard(text: str) -> None:
    ((one,),) = FakeTranslator().translate([text], ("en", "es"), cancel=CancelToken())
    assert objection(text, one.text, "en", "es") is None


def test_several_hypotheses_come_as_the_search_asks_for() -> None:
    fake = FakeTranslator(table={("Yes.", "es"): ("Sí.", "Claro que sí.")})
    one, two = (
        fake.translate(["Yes."], ("en", "es"), Search(hypotheses=n), cancel=CancelToken())[0]
        for n in (1, 2)
    )
    assert [h.text for h in one] == ["Sí."]
    assert [h.text for h in two] == ["Sí.", "Claro que sí."]
    assert two[0].score > two[1].score
