"""What is asked while the model is busy is one call, and each caller has but their own of it."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from polycue import metrics
from polycue.domain.errors import DeviceUnavailable, EngineDied, TranslationFailed
from polycue.domain.translation import Search
from polycue.engine.texts.batcher import Arrival, TextBatcher, TextCall
from polycue.engine.texts.memory import TextMemory
from polycue.testing.texts import ShoutingTexts
from polycue.translation.packages import Package

ES = Package("en", "es", "1.0", Path("en_es"))


class Later(Executor):
    """Does what it is given when it is told to, in order."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], object]] = deque()

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self._waiting.append(lambda: work(*args, **kwargs))

    def work(self, most: int = 1_000) -> None:
        while self._waiting and most:
            self._waiting.popleft()()
            most -= 1


class Callers:
    """Callers of one batcher, and what has arrived for each."""

    def __init__(self, models: ShoutingTexts) -> None:
        self.pool = Later()
        self.batcher = TextBatcher(ES, models, TextMemory(10**6), self.pool)
        self.arrived: dict[str, dict[str, str]] = {}
        self.failed: dict[str, Exception] = {}

    def ask(self, name: str, *texts: str, search: Search = Search()) -> TextCall:  # noqa: B008
        self.arrived[name] = {}
        call = self.batcher.open(search, lambda arrival: self._arrive(name, arrival))
        call.ask(texts)
        return call

    def _arrive(self, name: str, arrival: Arrival) -> None:
        if isinstance(arrival, Exception):
            self.failed[name] = arrival
        else:
            self.arrived[name].update((text, h[0].text) for text, h in arrival.items())


def test_texts_of_all_callers_are_one_call_and_those_of_other_searches_another() -> None:
    models = ShoutingTexts()
    callers = Callers(models)
    callers.ask("a", "yes", "no")
    callers.ask("b", "no", "perhaps so")
    callers.ask("c", "no", search=Search(beam_size=1))
    callers.pool.work()
    assert [sorted(texts) for texts in models.calls] == [["no", "perhaps so", "yes"], ["no"]]
    assert callers.arrived == {
        "a": {"yes": "es:YES", "no": "es:NO"},
        "b": {"no": "es:NO", "perhaps so": "es:PERHAPS SO"},
        "c": {"no": "es:NO"},
    }


def test_calls_and_their_texts_are_counted_and_so_are_those_that_were_known() -> None:
    def counted(name: str, **labels: str) -> float:
        return metrics.REGISTRY.get_sample_value(f"polycue_text{name}", labels) or 0.0

    def all_counted() -> tuple[float, ...]:
        return (
            counted("s_total", by="model"),
            counted("s_total", by="memory"),
            counted("_tokens_total"),
            counted("_wait_seconds_count"),
            counted("_batches_total", outcome="done"),
            counted("_batches_total", outcome="failed"),
        )

    callers, before = Callers(ShoutingTexts()), all_counted()
    callers.ask("a", "yes", "no", "a poison")
    callers.pool.work()
    callers.ask("b", "no")
    callers.pool.work()
    grown = tuple(now - then for now, then in zip(all_counted(), before, strict=True))
    # A call of all three fails, then that of the longest alone; the one of the others is done.
    assert grown == (2, 1, 2, 3 + 1 + 2, 1, 2)


def test_a_call_that_fails_costs_nobody_else_an_answer() -> None:
    callers = Callers(ShoutingTexts())
    callers.ask("a", "yes", "no", "never")
    callers.ask("b", "a poison", "well")
    callers.pool.work()
    assert callers.arrived["a"] == {"yes": "es:YES", "no": "es:NO", "never": "es:NEVER"}
    assert callers.arrived["b"] == {"well": "es:WELL"}
    assert isinstance(callers.failed["b"], TranslationFailed)
    assert set(callers.failed) == {"b"}


def test_texts_that_end_the_engine_together_are_tried_one_by_one() -> None:
    models = ShoutingTexts()
    callers = Callers(models)
    callers.ask("a", "yes", "no")
    callers.ask("b", "fatal")
    callers.pool.work()
    assert sorted(models.alone) == ["fatal", "no", "yes"]
    assert callers.arrived["a"] == {"yes": "es:YES", "no": "es:NO"}
    assert isinstance(callers.failed["b"], EngineDied)
    assert set(callers.failed) == {"b"}


def test_a_model_that_is_not_there_is_tried_once_for_all() -> None:
    def gone(_: object) -> None:
        raise DeviceUnavailable("cuda", "it fell off the bus")

    models = ShoutingTexts(before=gone)
    callers = Callers(models)
    callers.ask("a", "yes", "no")
    callers.ask("b", "well")
    callers.pool.work()
    assert set(callers.failed) == {"a", "b"}
    assert len(models.calls) == 1


def test_who_leaves_takes_their_texts_back_wherever_they_are() -> None:
    models = ShoutingTexts()
    callers = Callers(models)
    callers.ask("a", "yes").close()  # not measured yet
    waiting = callers.ask("b", "no", "well")
    callers.ask("c", "well")
    callers.pool.work(3)  # they are measured, and wait
    waiting.close()
    callers.pool.work()
    assert models.calls == [("well",)]
    assert callers.arrived == {"a": {}, "b": {}, "c": {"well": "es:WELL"}}
    assert callers.batcher.idle is False


@pytest.mark.parametrize("leaves", ["during", "before"])
def test_texts_of_a_failed_call_that_nobody_wants_any_more_are_not_tried_again(leaves: str) -> None:
    calls: dict[str, TextCall] = {}

    def before(_: object) -> None:
        if leaves == "during":
            calls["a"].close()

    models = ShoutingTexts(before=before)
    callers = Callers(models)
    calls["a"] = callers.ask("a", "one poison", "two poison")
    callers.ask("b", "well")
    if leaves == "before":
        calls["a"].close()
    callers.pool.work()
    assert callers.arrived["b"] == {"well": "es:WELL"}
    assert len(models.calls) == (2 if leaves == "during" else 1)
    assert callers.failed == {}
