"""Callers that share a translator: nobody waits for, pays for or changes what another asked."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, Draining, EngineDied, ModelDamaged, TranslationFailed
from polycue.domain.translation import Search
from polycue.engine.texts.memory import TextMemory
from polycue.engine.texts.translator import Translator
from polycue.testing.texts import ShoutingTexts
from polycue.translation.packages import Package

PATIENCE_S = 60.0
ES, PIVOT = ("en", "es"), ("en", "es", "fr")


class Packages:
    """One for every pair."""

    def find(self, source: str, target: str) -> Package:
        return Package(source, target, "1.0", Path(f"{source}_{target}"))


class Held:
    """Stops the calls to a model that hold a text until it is let."""

    def __init__(self, text: str = "hold") -> None:
        self._text = text
        self.reached, self.may_go = threading.Event(), threading.Event()

    def __call__(self, texts: Sequence[str]) -> None:
        if self._text in texts:
            self.reached.set()
            assert self.may_go.wait(PATIENCE_S)


class Asking:
    """Asks in threads of its own."""

    def __init__(self, translator: Translator, pool: ThreadPoolExecutor) -> None:
        self._translator, self._pool = translator, pool

    def __call__(
        self,
        *texts: str,
        route: tuple[str, ...] = ES,
        search: Search = Search(),  # noqa: B008 - it is frozen
        cancel: CancelToken | None = None,
    ) -> "Future[list[str]]":
        def ask() -> list[str]:
            found = self._translator.translate(texts, route, search, cancel=cancel or CancelToken())
            return [hypotheses[0].text for hypotheses in found]

        return self._pool.submit(ask)


@contextmanager
def asking(models: ShoutingTexts, *, memory_bytes: int = 2**20) -> Iterator[Asking]:
    translator = Translator(cast(Any, Packages()), models, TextMemory(memory_bytes))
    with ThreadPoolExecutor(8) as pool:
        try:
            yield Asking(translator, pool)
        finally:
            translator.close()
    assert models.closed


def test_a_cancelled_caller_does_not_wait_for_its_call_and_closing_does() -> None:
    held, cancel = Held(), CancelToken()
    with asking(ShoutingTexts(before=held)) as ask:
        given_up = ask("hold", cancel=cancel)
        assert held.reached.wait(PATIENCE_S)
        cancel.cancel()
        with pytest.raises(Cancelled):
            given_up.result(PATIENCE_S)
        held.may_go.set()
        assert ask("hold").result(PATIENCE_S) == ["es:HOLD"]


def test_what_waits_when_it_is_closed_has_draining_and_what_runs_ends() -> None:
    held = Held()
    models = ShoutingTexts(before=held)
    translator = Translator(cast(Any, Packages()), models)
    with ThreadPoolExecutor(2) as pool:
        asked = Asking(translator, pool)("hold")
        assert held.reached.wait(PATIENCE_S)
        closing = pool.submit(translator.close)
        with pytest.raises(Draining):
            asked.result(PATIENCE_S)
        assert not models.closed
        held.may_go.set()
        closing.result(PATIENCE_S)
    assert models.closed
    with pytest.raises(Draining):
        translator.translate(["yes"], ES, cancel=CancelToken())


def test_what_has_done_the_first_leg_goes_on_to_the_second() -> None:
    held, second = Held("hold"), Held("es:YES")
    second.may_go.set()

    def before(texts: Sequence[str]) -> None:
        held(texts)
        second(texts)

    with asking(ShoutingTexts(workers=2, call_tokens=1, before=before)) as ask:
        both = ask("hold", "yes", "1969", route=PIVOT)
        assert held.reached.wait(PATIENCE_S)
        assert second.reached.wait(PATIENCE_S)
        held.may_go.set()
        assert both.result(PATIENCE_S) == ["fr:ES:HOLD", "fr:ES:YES", "1969"]


def test_what_was_translated_before_is_remembered_for_all() -> None:
    models = ShoutingTexts()
    with asking(models) as ask:
        assert ask("yes", "no", "yes").result(PATIENCE_S) == ["es:YES", "es:NO", "es:YES"]
        assert ask("no").result(PATIENCE_S) == ["es:NO"]
        ask("no", search=Search(beam_size=1)).result(PATIENCE_S)
        ask("no", route=("en", "de")).result(PATIENCE_S)
    assert [sorted(texts) for texts in models.calls] == [["no", "yes"], ["no"], ["no"]]


def test_nothing_is_remembered_where_there_is_no_room_for_it() -> None:
    models = ShoutingTexts()
    with asking(models, memory_bytes=0) as ask:
        for _ in range(2):
            ask("yes").result(PATIENCE_S)
    assert models.calls == [("yes",), ("yes",)]


@pytest.mark.parametrize(("text", "error"), [("poison", TranslationFailed), ("fatal", EngineDied)])
def test_who_fails_alone_has_the_error(text: str, error: type[Exception]) -> None:
    with asking(ShoutingTexts(workers=2)) as ask:
        with pytest.raises(error):
            ask("yes", text, "no").result(PATIENCE_S)
        assert ask("yes", "no").result(PATIENCE_S) == ["es:YES", "es:NO"]


def test_a_package_that_does_not_load_is_told() -> None:
    class Damaged(ShoutingTexts):
        def measure(self, package: Package, texts: Sequence[str]) -> list[int]:
            raise ModelDamaged("en_es", "model.bin is missing")

    with asking(Damaged()) as ask, pytest.raises(ModelDamaged):
        ask("yes").result(PATIENCE_S)


def test_packages_that_come_and_go_leave_nothing_for_ever() -> None:
    translator = Translator(cast(Any, Packages()), ShoutingTexts(), TextMemory(0))
    for number in range(200):
        translator.translate(["yes"], ("en", str(number)), cancel=CancelToken())
    assert "64 packages" in repr(translator)
    translator.close()


def test_many_callers_of_many_texts_each_have_their_own_answers() -> None:
    with asking(ShoutingTexts(workers=2, call_tokens=20)) as ask:
        asked = {
            caller: [f"{'word ' * (n % 7)}{caller if n % 3 else 'all'} {n}" for n in range(60)]
            for caller in "abcdef"
        }
        answers = {caller: ask(*texts, route=PIVOT) for caller, texts in asked.items()}
        for caller, texts in asked.items():
            expected = [f"fr:ES:{text.upper()}" for text in texts]
            assert answers[caller].result(PATIENCE_S) == expected
