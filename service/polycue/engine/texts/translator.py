"""Texts along a route of translation models, batched with those of all other callers."""

import itertools
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Draining
from polycue.domain.translation import Hypotheses, Hypothesis, Search
from polycue.engine.backends.backend import TextBackend
from polycue.engine.texts.batcher import TextBatcher
from polycue.engine.texts.journey import Journey
from polycue.engine.texts.memory import TextMemory
from polycue.speech.weights import fingerprint
from polycue.tracing import spans
from polycue.translation.links import onward
from polycue.translation.packages import Package, Packages

MEMORY_BYTES = 64 * 2**20
_MOST_THREADS = 64  # a worker for each core, times the packages at work at once
_BATCHERS = 64  # that are kept; those of packages that are gone are among them
_WEIGHTS = ("model/model.bin", "sentencepiece.model", "bpe.model")
BEST = Search()


class Translator:
    """The installed packages as one translator, safe to share between threads.

    ``models`` runs them; ``close`` closes it. ``memory`` is what is remembered of what they
    made, where it is not to be one of its own.
    """

    def __init__(
        self, packages: Packages, models: TextBackend, memory: TextMemory | None = None
    ) -> None:
        self._packages, self._models = packages, models
        self._memory = memory or TextMemory(MEMORY_BYTES)
        self._batchers: OrderedDict[Package, TextBatcher] = OrderedDict()
        self._closed = False
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="translate")

    def __repr__(self) -> str:
        known = f"{len(self._batchers)} packages"
        return f"Translator({known} of {self._packages!r} in {self._models!r})"

    def route(self, source: str, target: str) -> tuple[str, ...]:
        """The languages to go through, both ends included.

        Raises:
            PairNotInstalled: the installed packages do not lead there.
        """
        return self._packages.route(source, target)

    def pairs(self) -> tuple[tuple[str, ...], ...]:
        """Every route there is, direct and by way of other languages."""
        return self._packages.pairs()

    def routes(self, source: str, target: str) -> tuple[tuple[str, ...], ...]:
        """Every way there, the best first; empty where there is none."""
        return self._packages.routes(source, target)

    def fingerprint(self, route: tuple[str, ...]) -> str:
        """Of the packages on the way, by their weights; where they run does not count.

        Raises:
            PairNotInstalled: one of them has gone since the route was found.
        """
        legs = (self._packages.find(*leg) for leg in itertools.pairwise(route))
        return " ".join(fingerprint(package.path, _WEIGHTS) for package in legs)

    def translate(
        self,
        texts: Sequence[str],
        route: tuple[str, ...],
        search: Search = BEST,
        *,
        cancel: CancelToken,
    ) -> list[Hypotheses]:
        """Translations of each text, best first; none where the models gave nothing.

        What has no letter, such as "..." or a note of music or a year, comes back as it is. A text
        that occurs twice, here or with another caller, is translated once. On a pivot a text goes
        on to the second leg as soon as it has done the first, with as many hypotheses on each as
        together make those asked for.

        Raises:
            PairNotInstalled: a leg's package has gone since the route was found.
            ModelDamaged, DeviceUnavailable: a model does not load.
            TranslationFailed, EngineDied: a model gave up on one of these texts, asked by itself.
            Cancelled: the token was set; the call at work, of some seconds, ends for nobody.
            Draining: the translator is closed.
        """
        cancel.check()
        legs = [self._packages.find(*leg) for leg in itertools.pairwise(route)]
        each = replace(search, hypotheses=_each_leg(search.hypotheses, len(legs)))
        journey = Journey([self._batcher(leg) for leg in legs], each, cancel=cancel)
        found: list[Hypotheses] = [(Hypothesis(text, 0.0),) for text in texts]
        with spans.span("translate texts", texts=len(texts), route=">".join(route)):
            all_answers = journey.answers(texts)
        for answers in all_answers:
            found = [_onward(hypotheses, answers) for hypotheses in found]
        return found

    def close(self) -> None:
        """Let all models go; those at work end their call first, and who waits has Draining."""
        with self._lock:
            self._closed = True
            batchers = list(self._batchers.values())
        for batcher in batchers:
            batcher.close()
        self._pool.shutdown()
        self._models.close()

    def _batcher(self, package: Package) -> TextBatcher:
        with self._lock:
            if self._closed:
                raise Draining
            batcher = self._batchers.get(package)
            if batcher is None:
                self._make_room()
                batcher = TextBatcher(package, self._models, self._memory, self._pool)
                self._batchers[package] = batcher
            self._batchers.move_to_end(package)
            return batcher

    def _make_room(self) -> None:
        """Forget those that nobody asks, unused for longest, until one more may be kept.

        Who has just been given one goes on with it: it works as well without being known.
        """
        idle = [package for package, batcher in self._batchers.items() if batcher.idle]
        for package in idle[: max(0, len(self._batchers) - _BATCHERS + 1)]:
            del self._batchers[package]


def _each_leg(hypotheses: int, legs: int) -> int:
    """The four of a single leg are two by two on a pivot."""
    return max(1, math.floor(hypotheses ** (1 / legs))) if legs else 1


def _onward(before: Hypotheses, answers: Mapping[str, Hypotheses]) -> Hypotheses:
    """The translations of translations, best first, none twice."""
    best: dict[str, Hypothesis] = {}
    for one in before:
        for after in answers[one.text]:
            way = onward(one.links, after.links) if one.links else after.links
            whole = Hypothesis(after.text, one.score + after.score, way)
            if after.text not in best or best[after.text].score < whole.score:
                best[after.text] = whole
    return tuple(sorted(best.values(), key=lambda hypothesis: -hypothesis.score))
