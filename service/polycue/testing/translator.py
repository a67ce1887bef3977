"""A translator that answers from a table and keeps the promises of the real one."""

import itertools
from collections.abc import Collection, Mapping, Sequence

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import PairNotInstalled
from polycue.domain.translation import Hypotheses, Hypothesis, Search
from polycue.translation.routes import all_routes, best_route, routes

BEST = Search()


class FakeTranslator:
    """``table`` gives the text of a language for a text of another: ``{("Yes.", "es"): "Sí."}``.

    Several in a tuple are as many hypotheses, a score of 1 apart. What it does not hold comes back
    with the target's tag in front: ``es: Yes.`` Each leg that was asked for is kept in ``calls`` as
    (source, target, texts).
    """

    def __init__(
        self,
        pairs: Collection[tuple[str, str]] = (("en", "es"), ("en", "de"), ("es", "en")),
        table: Mapping[tuple[str, str], str | tuple[str, ...]] | None = None,
    ) -> None:
        self._pairs, self._table = frozenset(pairs), table or {}
        self.calls: list[tuple[str, str, tuple[str, ...]]] = []

    def route(self, source: str, target: str) -> tuple[str, ...]:
        found = best_route(self._pairs, source, target)
        if found is None:
            raise PairNotInstalled(source, target, f"polycue models pull {source}:{target}")
        return found

    def routes(self, source: str, target: str) -> tuple[tuple[str, ...], ...]:
        return routes(self._pairs, source, target)

    def pairs(self) -> tuple[tuple[str, ...], ...]:
        return all_routes(self._pairs)

    def fingerprint(self, route: tuple[str, ...]) -> str:
        return f"a table for {'>'.join(route)}"

    def translate(
        self,
        texts: Sequence[str],
        route: tuple[str, ...],
        search: Search = BEST,
        *,
        cancel: CancelToken,
    ) -> list[Hypotheses]:
        found: list[Hypotheses] = [(Hypothesis(text, 0.0),) for text in texts]
        for source, target in itertools.pairwise(route):
            cancel.check()
            if (source, target) not in self._pairs:
                raise PairNotInstalled(source, target, f"polycue models pull {source}:{target}")
            self.calls.append((source, target, tuple(h[0].text if h else "" for h in found)))
            found = [
                tuple(after for one in before for after in self._answers(one, target))
                for before in found
            ]
        return [hypotheses[: search.hypotheses] for hypotheses in found]

    def _answers(self, one: Hypothesis, target: str) -> Hypotheses:
        answer: str | tuple[str, ...] = one.text.strip()
        if any(map(str.isalpha, one.text)):
            answer = self._table.get((one.text, target), f"{target}: {one.text}")
        texts = (answer,) if isinstance(answer, str) else answer
        return tuple(Hypothesis(t, one.score - rank) for rank, t in enumerate(texts) if t)
