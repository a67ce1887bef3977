"""Translations that were made, kept with what was asked: nothing is translated twice."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from functools import partial
from typing import Any

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import TranslationFailed
from polycue.domain.progress import Stage
from polycue.domain.translation import Hypotheses, Hypothesis, Search
from polycue.pipeline.own_thread import OwnThread
from polycue.pipeline.ports import Checkpoints, Translator
from polycue.pipeline.resuming.envelope import Envelope
from polycue.pipeline.timing import StageTimes

_MOST_TEXTS = 512  # that are asked for at once, and so lost at once: some seconds of work
_KEPT_TOGETHER = 16  # texts; fewer are sooner translated again than stored for good

_ENVELOPE = Envelope(Hypothesis, Search)
Entry = tuple[str, str, Hypotheses]
"""Which models were asked in which way, the text, and its translations."""


def pack(entries: Iterable[Entry]) -> bytes:
    return _ENVELOPE.seal([(key, text, list(map(astuple, found))) for key, text, found in entries])


def unpack(data: bytes) -> list[Entry]:
    """What was packed; nothing where that was by another version, or is damaged."""
    try:
        return [(key, text, _hypotheses(found)) for key, text, found in _ENVELOPE.open(data)]
    except (ValueError, TypeError):
        return []


class ResumedTranslator:
    """Answers from the checkpoints of one task, asks the translator for the rest, and keeps that.

    An answer is kept under what was asked of which models, so neither the order of the questions
    matters nor which of them come together. Any thread may ask, one at a time; what was found is
    kept in the job's.
    """

    def __init__(
        self,
        translator: Translator,
        checkpoints: Checkpoints,
        own_thread: OwnThread,
        times: StageTimes,
    ) -> None:
        self._translator, self._checkpoints, self._times = translator, checkpoints, times
        self._own_thread = own_thread
        self._fingerprints: dict[tuple[str, ...], str] = {}
        self._known: dict[str, dict[str, Hypotheses]] = defaultdict(dict)
        self._rows = 0
        self._unsaved: list[Entry] = []

    def __repr__(self) -> str:
        count = sum(map(len, self._known.values()))
        return f"ResumedTranslator({count} answers of {self._translator!r})"

    def begin(self) -> None:
        """Find what earlier runs have kept; in the job's thread, before anything is asked."""
        stored = self._checkpoints.load(Stage.TRANSLATE.value)
        self._rows = max(stored, default=-1) + 1
        for data in stored.values():
            for key, text, found in unpack(data):
                self._known[key][text] = found

    def route(self, source: str, target: str) -> tuple[str, ...]:
        return self._translator.route(source, target)

    def routes(self, source: str, target: str) -> tuple[tuple[str, ...], ...]:
        return self._translator.routes(source, target)

    def fingerprint(self, route: tuple[str, ...]) -> str:
        if route not in self._fingerprints:  # it reads files
            self._fingerprints[route] = self._translator.fingerprint(route)
        return self._fingerprints[route]

    def translate(
        self, texts: Sequence[str], route: tuple[str, ...], search: Search, *, cancel: CancelToken
    ) -> list[Hypotheses]:
        """As the port says; many texts in several calls."""
        key = self._key(route, search)
        known = self._known[key]
        asked = sorted({text for text in texts if text not in known}, key=_by_length)
        for first in range(0, len(asked), _MOST_TEXTS):
            portion = asked[first : first + _MOST_TEXTS]
            with self._times.part_of("translate"):
                found = self._translator.translate(portion, route, search, cancel=cancel)
            if len(found) != len(portion):
                problem = f"{len(found)} answers to {len(portion)} texts"
                raise TranslationFailed(route[0], route[-1], problem)
            answers = dict(zip(portion, found, strict=True))
            known.update(answers)
            self._keep(key, answers)
        return [known[text] for text in texts]

    def _key(self, route: tuple[str, ...], search: Search) -> str:
        asked = [self.fingerprint(route), route, astuple(search)]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()

    def _keep(self, key: str, answers: Mapping[str, Hypotheses]) -> None:
        self._unsaved += [(key, text, found) for text, found in answers.items()]
        while len(self._unsaved) >= _KEPT_TOGETHER:
            row, self._unsaved = self._unsaved[:_KEPT_TOGETHER], self._unsaved[_KEPT_TOGETHER:]
            self._own_thread.do(partial(self._save, row), saves=True)

    def _save(self, row: Sequence[Entry]) -> None:
        self._checkpoints.save(Stage.TRANSLATE.value, self._rows, pack(row))
        self._rows += 1


def _by_length(text: str) -> tuple[int, str]:
    return len(text), text


def _hypotheses(found: list[list[Any]]) -> Hypotheses:
    return tuple(Hypothesis(text, score, tuple(links)) for text, score, links in found)
