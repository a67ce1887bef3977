"""A translator that answers from a table and keeps the promises of the real one."""

import itertools
from collections.abc import Collection, Mapping, Sequence

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import PairNotInstalled
from polycue.translation.routes import all_routes, best_route


class FakeTranslator:
    """``table`` gives the text of a language for a text of another: ``{("Yes.", "es"): "Sí."}``.

    What it does not hold comes back with the target's tag in front: ``es: Yes.`` Each leg that was
    asked for is kept in ``calls`` as (source, target, texts).
    """

    def __init__(
        self,
        pairs: Collection[tuple[str, str]] = (("en", "es"), ("en", "de"), ("es", "en")),
        table: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self._pairs, self._table = frozenset(pairs), table or {}
        self.calls: list[tuple[str, str, tuple[str, ...]]] = []

    def route(self, source: str, target: str) -> tuple[str, ...]:
        found = best_route(self._pairs, source, target)
        if found is None:
            raise PairNotInstalled(source, target, f"polycue models pull {source}:{target}")
        return found

    def pairs(self) -> tuple[tuple[str, ...], ...]:
        return all_routes(self._pairs)

    def translate(
        self, texts: Sequence[str], route: tuple[str, ...], *, cancel: CancelToken
    ) -> list[str]:
        translated = list(texts)
        for source, target in itertools.pairwise(route):
            cancel.check()
            if (source, target) not in self._pairs:
                raise PairNotInstalled(source, target, f"polycue models pull {source}:{target}")
            self.calls.append((source, target, tuple(translated)))
            translated = [self._text(text, target) for text in translated]
        return translated

    def _text(self, text: str, target: str) -> str:
        if not any(map(str.isalnum, text)):
            return text.strip()
        return self._table.get((text, target), f"{target}: {text}")
