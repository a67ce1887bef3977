"""Ways to find the time of a translation's words, for ``translation_timing.py``."""

import time
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import ctranslate2

import fragments
from aligned import Language
from polycue.cues.breaks import break_costs
from polycue.cues.traits import BEFORE_PHRASE
from polycue.domain.transcript import Sentence, Word, text_of
from polycue.translation.anchors import Hint
from polycue.translation.argos import SentencePieces
from polycue.translation.packages import Package
from polycue.translation.retime import retime
from polycue.translation.tokens import pieces

LEAST_PART = 2  # words
SURE = 0.5  # of a word's attention on one source word, from which it is a hint
Timed = dict[str, list[Word]]


class Model:
    """A demo package with what polycue does not ask of it: attention. Remembers what it said."""

    def __init__(self, package: Package) -> None:
        self._translator = ctranslate2.Translator(
            str(package.path / "model"), compute_type="auto", intra_threads=1
        )
        self._pieces = SentencePieces(package.path / "sentencepiece.model")
        self._known: dict[str, Any] = {}
        self.seconds = 0.0

    def translate(self, texts: Sequence[str]) -> list[str]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        tokens = [self._pieces.encode(text) for text in new]
        began = time.perf_counter()
        results = self._translator.translate_batch(
            tokens,
            max_batch_size=1,  # more mix up whose attention is whose (CTranslate2 4.8.5)
            beam_size=4,
            length_penalty=0.2,
            max_decoding_length=64,
            return_attention=True,
        )
        self.seconds += time.perf_counter() - began
        self._known.update(zip(new, zip(tokens, results, strict=True), strict=True))
        return [self._pieces.decode(self._known[text][1].hypotheses[0]).strip() for text in texts]

    def hints(self, text: str) -> list[Hint]:
        """The source word that each word of the translation looked at most, where it is sure."""
        tokens, result = self._known[text]
        here, there = _word_of(tokens), _word_of(result.hypotheses[0])
        looks = [[0.0] * (here[-1] + 1) for _ in range(there[-1] + 1)]
        counts = [there.count(word) for word in range(there[-1] + 1)]
        for row, word in zip(result.attention[0], there, strict=False):
            for share, source in zip(row, here, strict=False):
                looks[word][source] += share / counts[word]
        return [
            Hint(source, target, shares[source])
            for target, shares in enumerate(looks)
            if target and shares[source := shares.index(max(shares))] >= SURE and source
        ]


def _word_of(tokens: Sequence[str]) -> list[int]:
    """For each piece the number of its word."""
    return [number - 1 for number in accumulate(token.startswith("\u2581") for token in tokens)]


def proportional(sentence: Sentence, text: str, language: str) -> list[Word]:
    found = [piece for piece, _ in pieces(text, language)]
    length_ms = sentence.end_ms - sentence.start_ms
    done = list(accumulate(map(len, found), initial=0))
    at = [sentence.start_ms + length_ms * letters // done[-1] for letters in done]
    return [Word(piece, *times) for piece, times in zip(found, pairwise(at), strict=True)]


def parts_of(sentence: Sentence) -> list[int]:
    """How many words each part has that may be translated alone: clauses and phrases."""
    parts, words = [], 0
    costs = break_costs(sentence.words, "en")
    for index, cost in enumerate(costs[:-1]):
        words += 1
        left = len(costs) - index - 1
        if cost <= BEFORE_PHRASE and words >= LEAST_PART <= left:
            parts.append(words)
            words = 0
    return [*parts, words + 1]


def texts_of(sentence: Sentence, parts: Sequence[int]) -> list[str]:
    ends = list(accumulate(parts, initial=0))
    return [text_of(sentence.words[first:after]) for first, after in pairwise(ends)]


def perfect(
    there: Sequence[str], meanings: Sequence[tuple[int, ...]], parts: Sequence[int]
) -> list[str]:
    """The words of the translation that mean each part."""
    return [
        " ".join(
            word.strip(",.")
            for word, meant in zip(there, meanings, strict=True)
            if meant and first <= meant[0] < after
        )
        for first, after in pairwise(accumulate(parts, initial=0))
    ]


def whole(
    sentence: Sentence, text: str, language: Language, parts: list[str], hints: list[Hint] | None
) -> Timed:
    """The words of the translation on their time, system by system."""
    sizes = parts_of(sentence)
    found = [piece for piece, _ in pieces(text, language)]
    cut = fragments.hints(sizes, parts, found)
    timed = {
        "proportional": proportional(sentence, text, language),
        "anchored": [*retime(sentence, text, language)],
        "fragment anchors": [*retime(sentence, text, language, cut)],
    }
    if hints is not None:
        timed["attention"] = [*retime(sentence, text, language, hints)]
    return timed
