"""Translations that were made, kept with what was asked: nothing is translated twice."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from typing import Any

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import TranslationFailed
from polycue.domain.progress import Stage
from polycue.domain.translation import Hypotheses, Hypothesis, Search
from polycue.pipeline.ports import Checkpoints, Translator
from polycue.pipeline.resuming.envelope import Envelope

_MOST_TEXTS = 64  # that are asked for at once, and so lost at once
_WORTH_KEEPING = 16  # texts; fewer are sooner translated again than stored for good

_ENVELOPE = Envelope(Hypothesis, Search)
Entry = tuple[str, Sequence[Hypotheses]]


def pack(entries: Sequence[Entry]) -> bytes:
    return _ENVELOPE.seal([(key, [list(map(astuple, h)) for h in found]) for key, found in entries])


def unpack(data: bytes) -> list[Entry]:
    """What was packed; nothing where that was by another version, or is damaged."""
    try:
        return [(key, list(map(_hypotheses, found))) for key, found in _ENVELOPE.open(data)]
    except (ValueError, TypeError):
        return []


class ResumedTranslator:
    """Answers from the checkpoints of one task, asks the translator for the rest, and keeps that.

    An answer is kept under what was asked of which models, so the order of the questions does not
    matter, nor what they are for.
    """

    def __init__(self, translator: Translator, checkpoints: Checkpoints) -> None:
        self._translator, self._checkpoints = translator, checkpoints
        self._fingerprints: dict[tuple[str, ...], str] = {}
        self._known: dict[str, Sequence[Hypotheses]] | None = None  # not before it is begun
        self._rows = 0
        self._unsaved: list[Entry] = []

    def __repr__(self) -> str:
        return f"ResumedTranslator({len(self._known or ())} answers of {self._translator!r})"

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
        """As the port says; many texts in several calls, always the same."""
        answers: dict[str, Hypotheses] = {}
        for portion in _portions(texts):
            found = self._answers(portion, route, search, cancel)
            if len(found) != len(portion):
                problem = f"{len(found)} answers to {len(portion)} texts"
                raise TranslationFailed(route[0], route[-1], problem)
            answers.update(zip(portion, found, strict=True))
        return [answers[text] for text in texts]

    def _answers(
        self, texts: Sequence[str], route: tuple[str, ...], search: Search, cancel: CancelToken
    ) -> Sequence[Hypotheses]:
        if self._known is None:
            self._known = self._load()
        asked = [self.fingerprint(route), route, astuple(search), texts]
        key = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
        if key not in self._known:
            found = self._translator.translate(texts, route, search, cancel=cancel)
            self._known[key] = found
            self._keep((key, found))
        return self._known[key]

    def _load(self) -> dict[str, Sequence[Hypotheses]]:
        stored = self._checkpoints.load(Stage.TRANSLATE.value)
        self._rows = max(stored, default=-1) + 1
        return dict(entry for data in stored.values() for entry in unpack(data))

    def _keep(self, entry: Entry) -> None:
        self._unsaved.append(entry)
        if sum(len(found) for _, found in self._unsaved) >= _WORTH_KEEPING:
            self._checkpoints.save(Stage.TRANSLATE.value, self._rows, pack(self._unsaved))
            self._rows += 1
            self._unsaved = []


def _portions(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """A few texts as they are; many in portions of like length, as translators like them."""
    if len(texts) <= _MOST_TEXTS:
        yield texts
        return
    unique = sorted(set(texts), key=lambda text: (len(text), text))
    for start in range(0, len(unique), _MOST_TEXTS):
        yield unique[start : start + _MOST_TEXTS]


def _hypotheses(found: list[list[Any]]) -> Hypotheses:
    return tuple(Hypothesis(text, score, tuple(links)) for text, score, links in found)
