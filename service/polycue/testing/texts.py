"""Translation models that shout, and keep the promises of the real ones."""

import threading
from collections.abc import Callable, Sequence

from polycue.domain.errors import EngineDied, TranslationFailed
from polycue.domain.translation import Hypotheses, Hypothesis, Search
from polycue.translation.packages import Package

Before = Callable[[Sequence[str]], None]


class ShoutingTexts:
    """A ``TextBackend`` whose translations are capitals with the target before them: ``es:YES``.

    A token is a word. ``before`` is called with the texts of each call first, in its thread, and
    may wait or raise. A text with "poison" fails every call that it is in; one with "fatal" ends
    the process. The texts of each call are kept in ``calls``, of those alone in ``alone``.
    """

    def __init__(
        self, *, workers: int = 1, call_tokens: int = 100, before: Before = lambda texts: None
    ) -> None:
        self.workers, self.call_tokens, self._before = workers, call_tokens, before
        self.calls: list[tuple[str, ...]] = []
        self.alone: list[str] = []
        self.closed = False
        self._lock = threading.Lock()

    def measure(self, package: Package, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def translate(self, package: Package, texts: Sequence[str], search: Search) -> list[Hypotheses]:
        with self._lock:
            self.calls.append(tuple(texts))
        self._before(texts)
        if any("fatal" in text for text in texts):
            raise EngineDied("its work", "SIGSEGV")
        if any("poison" in text for text in texts):
            raise TranslationFailed(package.source, package.target, "poison")
        return [(Hypothesis(f"{package.target}:{text.upper()}", 0.0),) for text in texts]

    def translate_alone(self, package: Package, text: str, search: Search) -> Hypotheses:
        self.alone.append(text)
        (found,) = self.translate(package, [text], search)
        return found

    def close(self) -> None:
        self.closed = True
