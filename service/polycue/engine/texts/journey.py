"""Texts along a route: what has done one leg goes on to the next while others are still on it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from queue import SimpleQueue

from polycue.domain.cancel import CancelToken
from polycue.domain.translation import Hypotheses, Hypothesis, Search
from polycue.engine.texts.batcher import Arrival, Arrived, TextBatcher, TextCall
from polycue.translation.tokens import has_letters

Answers = dict[str, Hypotheses]


class Journey:
    """All texts of one caller. Used once: make it, call ``answers``.

    ``legs`` are the batchers on the way, in order.
    """

    def __init__(self, legs: Sequence[TextBatcher], search: Search, *, cancel: CancelToken) -> None:
        self._legs, self._search, self._cancel = legs, search, cancel
        self._arrivals: SimpleQueue[tuple[int, Arrival] | None] = SimpleQueue()  # None: look up
        self._found: list[Answers] = [{} for _ in legs]
        self._asked: list[set[str]] = [set() for _ in legs]
        self._calls: list[TextCall] = []
        self._open = 0  # texts that are asked for and not answered

    def answers(self, texts: Iterable[str]) -> list[Answers]:
        """For each leg what becomes of every text that comes to it.

        Raises:
            Cancelled: the token was set; what is asked for is taken back.
            Exception: what the batchers have to tell.
        """
        forget = self._cancel.on_cancel(lambda: self._arrivals.put(None))
        try:
            for number, leg in enumerate(self._legs):
                self._calls.append(leg.open(self._search, self._arrival(number)))
            self._go(0, set(texts))
            while self._open:
                self._take(self._arrivals.get())
        finally:
            forget()
            for call in self._calls:
                call.close()
        return self._found

    def _arrival(self, number: int) -> Arrived:
        return lambda arrival: self._arrivals.put((number, arrival))

    def _take(self, arrived: tuple[int, Arrival] | None) -> None:
        self._cancel.check()
        if arrived is None:
            return
        number, answers = arrived
        if isinstance(answers, Exception):
            raise answers
        self._open -= len(answers)
        self._pass_on(number, answers)

    def _pass_on(self, number: int, answers: Mapping[str, Hypotheses]) -> None:
        self._found[number].update(answers)
        self._go(number + 1, {one.text for found in answers.values() for one in found})

    def _go(self, number: int, texts: Collection[str]) -> None:
        """On to this leg with those that were not there yet; what has no letters passes it."""
        if number == len(self._legs):
            return
        new = set(texts) - self._asked[number]
        self._asked[number] |= new
        asked = {text for text in new if has_letters(text)}
        if new - asked:
            self._pass_on(number, {text: (Hypothesis(text.strip(), 0.0),) for text in new - asked})
        if asked:
            self._open += len(asked)
            self._calls[number].ask(asked)
