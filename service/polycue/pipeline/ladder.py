"""What is tried, in turn, for sentences whose translation is not fit to be shown."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from polycue import telemetry
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import EngineError, ModelError, TranslationFailed
from polycue.domain.translation import MOST_HYPOTHESES, Hypotheses, Hypothesis, Rung, Search
from polycue.pipeline.attempts import Attempt, Route
from polycue.pipeline.ports import Translator
from polycue.translation.clauses import clauses
from polycue.translation.guard import objection
from polycue.translation.terms import DISGUISES, around, disguised, in_place, joined, revealed
from polycue.translation.tokens import cleaned, has_letters, is_unspaced

log = telemetry.logger(__name__)

_OTHER_ROUTES = 2  # a third one would be tried for sentences that no model knows what to do with

Rungs = Sequence[Callable[[Sequence[Attempt]], None]]


class Ladder:
    """All sentences of one route; each rung asks for all that are still open in one call."""

    def __init__(
        self, translator: Translator, route: Route, beam_size: int, cancel: CancelToken
    ) -> None:
        self._translator, self._route, self._cancel = translator, route, cancel
        self._best = Search(beam_size=beam_size)
        self._many = replace(self._best, hypotheses=min(MOST_HYPOTHESES, beam_size))
        self._linked = replace(self._best, with_links=True)
        # As much as CTranslate2's own documentation shows, and a phrase of three pieces but once.
        self._no_repeats = replace(self._many, repetition_penalty=1.2, no_repeat_ngram=3)

    def climb(self, attempts: Sequence[Attempt]) -> None:
        """Leave each attempt with a text to show, or given up."""
        self._begin(attempts)
        rungs: Rungs = (
            self._placeholders,
            self._in_place,
            self._around_terms,
            self._clauses,
            self._others,
            self._without_repeats,
            self._other_routes,
        )
        for rung in rungs:
            still_open = [attempt for attempt in attempts if attempt.open]
            if still_open:
                rung(still_open)
        for attempt in attempts:
            if attempt.open:
                attempt.give_up()
            _tell(attempt)

    def _begin(self, attempts: Sequence[Attempt]) -> None:
        """All hypotheses of a single leg cost nothing; those of a pivot are asked for when due."""
        direct = len(self._route) == 2
        self._ask_first(attempts, self._many if direct else self._best)
        if not direct:
            due = [attempt for attempt in attempts if attempt.open or attempt.too_long]
            self._ask_first(due, self._many)

    def _ask_first(self, attempts: Sequence[Attempt], search: Search) -> None:
        answers = self._ask([attempt.source for attempt in attempts], search)
        for attempt, answer in zip(attempts, answers, strict=True):
            if attempt.open or answer:
                attempt.begin(answer)

    def _placeholders(self, attempts: Sequence[Attempt]) -> None:
        for disguises in DISGUISES:
            texts = [(a, disguised(a.source, a.terms, disguises)) for a in attempts if a.open]
            asked = [(attempt, text) for attempt, text in texts if attempt.terms and text]
            answers = self._ask([text for _, text in asked], self._many)
            for (attempt, _), answer in zip(asked, answers, strict=True):
                shown = ((revealed(h.text, attempt.terms, disguises), h) for h in answer or ())
                found = [Hypothesis(text, h.score) for text, h in shown if text]
                attempt.offer(found, Rung.PLACEHOLDER, self._route)

    def _in_place(self, attempts: Sequence[Attempt]) -> None:
        asked = [attempt for attempt in attempts if attempt.terms]
        answers = self._ask([attempt.source for attempt in asked], self._linked)
        for attempt, answer in zip(asked, answers, strict=True):
            for each in answer or ():
                text = in_place(attempt.source, each.text, each.links, attempt.terms)
                if text and attempt.open:
                    found = [Hypothesis(text, each.score)]
                    attempt.offer(found, Rung.IN_ITS_PLACE, self._route)

    def _around_terms(self, attempts: Sequence[Attempt]) -> None:
        asked = [(a, around(a.source, a.terms)) for a in attempts if a.terms]
        for attempt, parts, texts in self._piecewise(asked):
            text = joined(parts, texts, attempt.terms)
            attempt.offer([Hypothesis(text, 0.0)], Rung.AROUND_TERMS, self._route)

    def _clauses(self, attempts: Sequence[Attempt]) -> None:
        joint = "" if is_unspaced(self._route[-1]) else " "
        split = [(a, [cleaned(c.text) for c in clauses(a.sentence)]) for a in attempts]
        for attempt, _, texts in self._piecewise([(a, p) for a, p in split if len(p) > 1]):
            text = joint.join(texts)
            attempt.offer([Hypothesis(text, 0.0)], Rung.CLAUSES, self._route)

    def _others(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            attempt.offer(attempt.others, Rung.NEXT_HYPOTHESIS, self._route)

    def _without_repeats(self, attempts: Sequence[Attempt]) -> None:
        answers = self._ask([attempt.source for attempt in attempts], self._no_repeats)
        for attempt, answer in zip(attempts, answers, strict=True):
            attempt.offer(answer or (), Rung.NO_REPEATS, self._route)

    def _other_routes(self, attempts: Sequence[Attempt]) -> None:
        routes = self._translator.routes(self._route[0], self._route[-1])
        for route in [route for route in routes if route != self._route][:_OTHER_ROUTES]:
            asked = [attempt for attempt in attempts if attempt.open]
            try:
                answers = self._ask([attempt.source for attempt in asked], self._many, route)
            except (ModelError, EngineError):  # a way that nobody asked for may be broken
                continue
            for attempt, answer in zip(asked, answers, strict=True):
                attempt.offer(answer or (), Rung.OTHER_ROUTE, route)

    def _piecewise(
        self, asked: Sequence[tuple[Attempt, list[str]]]
    ) -> list[tuple[Attempt, list[str], list[str]]]:
        """Each with its parts translated, of those whose parts all came back fit to be shown."""
        answers = iter(
            self._ask([part.strip() for _, parts in asked for part in parts], self._best)
        )
        found = []
        for attempt, parts in asked:
            texts = [self._fit(part, next(answers)) for part in parts]
            whole = [text for text in texts if text is not None]
            if len(whole) == len(parts):
                found.append((attempt, parts, whole))
        return found

    def _fit(self, part: str, answer: Hypotheses | None) -> str | None:
        """The translation of a part; None where it is not fit to be shown."""
        if not has_letters(part):
            return part.strip()
        text = cleaned(answer[0].text) if answer else ""
        return text if objection(part, text, self._route[0], self._route[-1]) is None else None

    def _ask(
        self, texts: Sequence[str], search: Search, route: Route | None = None
    ) -> list[Hypotheses | None]:
        """The translator's answers; None where it fails on a text even by itself.

        A batch that fails is asked for in halves: one text may be at fault, or there was not
        enough memory for all.
        """
        if not texts:
            return []
        try:
            found = self._translator.translate(
                texts, route or self._route, search, cancel=self._cancel
            )
            if len(found) == len(texts):
                return list(found)
        except TranslationFailed:
            pass
        if len(texts) == 1:
            return [None]
        middle = len(texts) // 2
        return self._ask(texts[:middle], search, route) + self._ask(texts[middle:], search, route)


def _tell(attempt: Attempt) -> None:
    """Of a sentence whose first translation was not fit to be shown, for who looks into it."""
    if attempt.problem is not None:
        log.debug(
            "a translation was not fit",
            problem=attempt.problem.value,
            instead=attempt.rung.value if attempt.rung else "",
            said=telemetry.text(attempt.source),
            shown=telemetry.text(attempt.text or ""),
        )
