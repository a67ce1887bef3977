import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, PairNotInstalled
from polycue.testing.translator import FakeTranslator
from polycue.translation.guard import objection


def test_it_answers_from_its_table_and_marks_the_rest() -> None:
    fake = FakeTranslator(table={("Yes.", "es"): "Sí."})
    texts = fake.translate(["Yes.", "No.", "...", ""], ("en", "es"), cancel=CancelToken())
    assert texts == ["Sí.", "es: No.", "...", ""]
    assert fake.calls == [("en", "es", ("Yes.", "No.", "...", ""))]


def test_a_pivot_is_two_legs() -> None:
    fake = FakeTranslator()
    route = fake.route("es", "de")
    assert route == ("es", "en", "de")
    assert fake.translate(["Hola."], route, cancel=CancelToken()) == ["de: en: Hola."]
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
    (translated,) = FakeTranslator().translate([text], ("en", "es"), cancel=CancelToken())
    assert objection(text, translated) is None
