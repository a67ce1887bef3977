"""Texts along a route of translation models, in as few and as full batches as may be."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from polycue.domain.cancel import CancelToken
from polycue.domain.translation import Hypotheses, Hypothesis, Search
from polycue.engine.backends.backend import TextBackend
from polycue.engine.waiting import outcome
from polycue.speech.weights import fingerprint
from polycue.translation.links import onward
from polycue.translation.packages import Package, Packages
from polycue.translation.tokens import has_letters

_CALL_CHARS = 8192  # padded; about one of CTranslate2's batches
_MOST_CALLS = 32  # at once; more than callers there are
_WEIGHTS = ("model/model.bin", "sentencepiece.model", "bpe.model")
BEST = Search()


class Translator:
    """The installed packages as one translator, safe to share between threads.

    ``models`` runs them; ``close`` closes it.
    """

    def __init__(self, packages: Packages, models: TextBackend) -> None:
        self._packages, self._models = packages, models
        # Where calls end whose callers were cancelled; all others wait for theirs.
        self._calls = ThreadPoolExecutor(_MOST_CALLS, thread_name_prefix="translate")

    def __repr__(self) -> str:
        return f"Translator({self._packages!r} in {self._models!r})"

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
        that occurs twice is translated once, and a pivot translates all texts on one leg before the
        next begins, with as many hypotheses on each as together make those asked for.

        Raises:
            PairNotInstalled: a leg's package has gone since the route was found.
            ModelDamaged, DeviceUnavailable: a model does not load.
            TranslationFailed, EngineDied: a model gave up; nothing is translated.
            Cancelled: the token was set; the call at work, of some seconds, ends for nobody.
        """
        legs = len(route) - 1
        found: list[Hypotheses] = [(Hypothesis(text, 0.0),) for text in texts]
        each = replace(search, hypotheses=_each_leg(search.hypotheses, legs))
        for source, target in itertools.pairwise(route):
            cancel.check()
            package = self._packages.find(source, target)
            texts_here = {h.text for hypotheses in found for h in hypotheses}
            answers = self._leg(package, texts_here, each, cancel)
            found = [_onward(hypotheses, answers) for hypotheses in found]
        return found

    def close(self) -> None:
        """Let all models go; those at work end their call first."""
        self._calls.shutdown()
        self._models.close()

    def _leg(
        self, package: Package, texts: set[str], search: Search, cancel: CancelToken
    ) -> dict[str, Hypotheses]:
        """The translations of each text; what has no letters stays."""
        found: dict[str, Hypotheses] = {
            text: (Hypothesis(text.strip(), 0.0),) for text in texts if not has_letters(text)
        }
        for call in _calls(texts - found.keys()):
            asked = self._calls.submit(self._models.translate, package, call, search)
            answers = outcome(asked, cancel)
            found.update(zip(call, answers, strict=True))
        return found


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


def _calls(texts: set[str]) -> Iterator[list[str]]:
    """Texts of like length together: what pads a batch, or runs on, costs the whole of it."""
    call: list[str] = []
    for text in sorted(texts, key=lambda t: (len(t), t)):
        if call and (len(call) + 1) * len(text) > _CALL_CHARS:
            yield call
            call = []
        call.append(text)
    if call:
        yield call
