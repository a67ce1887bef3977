"""The rows of a batch, each with its language: named, detected, or followed through the film."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from polycue.domain import language as languages
from polycue.domain.chunk import Belief, Chunk
from polycue.speech.languages import follow
from polycue.speech.passage import DecodeSettings, Passage

Shares = Mapping[str, float]
"""Probabilities of languages that add up to 1."""


@dataclass(frozen=True, slots=True)
class Row:
    """A chunk of a batch, its language known; ``belief`` behind the last one of a passage."""

    chunk: Chunk
    settings: DecodeSettings
    language_probability: float
    belief: Belief | None = None

    @property
    def frames(self) -> int:
        return self.chunk.audio.duration_ms // 10


def rows_of(batch: Sequence[Passage], heard: Sequence[Shares], known: Sequence[str]) -> list[Row]:
    """One row for each chunk of the batch, in order.

    ``heard`` has, for each of them, the shares of all languages that the model has ``known``; it is
    empty where all passages name theirs.
    """
    shares = iter(heard)
    rows = []
    for passage in batch:
        own = [next(shares) for _ in passage.chunks] if heard else []
        if passage.settings.language:
            rows += [Row(chunk, passage.settings, 1.0) for chunk in passage.chunks]
        else:
            rows += _in_their_languages(passage, _among(passage.settings, own, known))
    return rows


def _among(settings: DecodeSettings, heard: Sequence[Shares], known: Sequence[str]) -> list[Shares]:
    """The shares of the languages that come into question."""
    wanted = settings.candidates or known
    own = {languages.whisper_code(tag): tag for tag in known}
    found: list[Shares] = []
    for shares in heard:
        kept = {tag: shares[own[languages.whisper_code(tag)]] for tag in wanted}
        total = sum(kept.values())
        found.append({tag: p / total if total else 1 / len(kept) for tag, p in kept.items()})
    return found


def _in_their_languages(passage: Passage, shares: Sequence[Shares]) -> list[Row]:
    chunks = passage.chunks
    if passage.belief is None:
        tag, probability = _most_likely(chunks, shares)
        settings = replace(passage.settings, language=tag)
        return [Row(chunk, settings, probability) for chunk in chunks]
    heard = [(share, chunk.speech_ms) for share, chunk in zip(shares, chunks, strict=True)]
    tags, belief = follow(passage.belief, heard)
    rows = [
        Row(chunk, replace(passage.settings, language=tag), share[tag])
        for chunk, tag, share in zip(chunks, tags, shares, strict=True)
    ]
    return [*rows[:-1], replace(rows[-1], belief=belief)]


def _most_likely(chunks: Sequence[Chunk], shares: Sequence[Shares]) -> tuple[str, float]:
    """The language with the highest mean probability, each chunk counted by its speech."""
    weights = [chunk.speech_ms + 1 for chunk in chunks]
    mean = {
        tag: sum(w * s[tag] for w, s in zip(weights, shares, strict=True)) / sum(weights)
        for tag in shares[0]
    }
    best = max(mean, key=lambda tag: mean[tag])
    return best, mean[best]
