"""A sentence on its way to a translation: what was wrong with the first one, and what was taken."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from polycue.domain.transcript import Sentence
from polycue.domain.translation import (
    USUAL_BEAMS,
    Fallback,
    Hypotheses,
    Hypothesis,
    Objection,
    Rung,
)
from polycue.translation.choice import fits, preferred
from polycue.translation.guard import objection
from polycue.translation.terms import Found, Glossary, kept
from polycue.translation.tokens import cleaned

Route = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a translation is to keep to besides the meaning.

    ``rooms`` holds, for each sentence, how long its translation may be to be read in time, as
    ``length`` measures it; empty for no limit. ``beam_size`` is ``Search``'s.
    """

    glossary: Glossary = field(default_factory=Glossary)
    rooms: tuple[float, ...] = ()
    length: Callable[[str], float] = len
    beam_size: int = USUAL_BEAMS


@dataclass(slots=True)
class Attempt:
    """One sentence. ``text`` is what is to be shown, None until there is something fit for it.

    ``problem`` is what was wrong with the first translation, ``rung`` what was done about it.
    """

    sentence: Sentence
    source: str
    route: Route
    terms: tuple[Found, ...] = ()
    room: float = math.inf
    length: Callable[[str], float] = len
    text: str | None = None
    problem: Objection | None = None
    rung: Rung | None = None
    others: Hypotheses = ()  # of the first attempt
    plain: str | None = None  # a translation in which nothing is wrong but that it lost its terms

    @classmethod
    def at(cls, sentence: Sentence, number: int, route: Route, wishes: Wishes) -> "Attempt":
        source = cleaned(sentence.text)
        room = wishes.rooms[number] if wishes.rooms else math.inf
        return cls(sentence, source, route, wishes.glossary.find(source), room, wishes.length)

    @property
    def open(self) -> bool:
        return self.text is None

    @property
    def too_long(self) -> bool:
        return self.text is not None and not fits(self.text, self.room, self.length)

    def begin(self, answer: Hypotheses | None) -> None:
        """Look at the first translations, best first; None where the translator failed."""
        self.text = self.problem = None
        if answer is None:
            self.problem = Objection.FAILED
            return
        best, *others = _cleaned(answer) or (Hypothesis("", 0.0),)
        self.problem, self.others = self.objection(best.text), tuple(others)
        if self.problem is Objection.TERM_LOST:
            self.plain = best.text
        elif self.problem is None and fits(best.text, self.room, self.length):
            self.text = best.text
        elif self.problem is None:
            fit = [best, *(h for h in others if self.objection(h.text) is None)]
            self.text = preferred(fit, self.room, self.length).text

    def offer(self, answers: Sequence[Hypothesis], rung: Rung, route: Route) -> None:
        """Take the first that nothing is wrong with."""
        for hypothesis in _cleaned(answers):
            problem = self.objection(hypothesis.text)
            if problem is None:
                self.text, self.rung, self.route = hypothesis.text, rung, route
                return
            if problem is Objection.TERM_LOST and self.plain is None:
                self.plain = hypothesis.text

    def give_up(self) -> None:
        """Take the translation that lost its terms alone; without one, the sentence's own words."""
        self.rung = Rung.KEPT_SOURCE
        if self.plain is not None:
            self.text, self.rung = self.plain, Rung.WITHOUT_TERM

    def objection(self, text: str) -> Objection | None:
        found = objection(self.source, text, self.route[0], self.route[-1])
        lost = found is None and not kept(text, self.terms)
        return Objection.TERM_LOST if lost else found

    def fallback(self) -> Fallback | None:
        """What is to be told of it; None where the first translation is shown."""
        if self.rung is None or self.problem is None:
            return None
        route = self.route[:1] if self.rung is Rung.KEPT_SOURCE else self.route
        sentence = self.sentence
        start_ms, end_ms = sentence.start_ms, max(sentence.start_ms, sentence.end_ms)
        return Fallback(start_ms, end_ms, self.source, self.problem, self.rung, route)


def _cleaned(answers: Sequence[Hypothesis]) -> Hypotheses:
    """On one line; a score that is no number, as half precision may give, is the worst."""
    return tuple(
        Hypothesis(cleaned(h.text), h.score if math.isfinite(h.score) else -math.inf)
        for h in answers
    )
