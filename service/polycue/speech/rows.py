"""The rows of a batch, each with its language: named, or the likeliest one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from polycue.domain import language as languages
from polycue.speech.languages import follow
from polycue.speech.passage import Passage

Shares = Mapping[str, float]
"""Probabilities of languages that add up to 1."""


@dataclass(frozen=True, slots=True)
class Row:
    """A passage whose settings name its language.

    ``shares`` are of all languages that came into question, none where it was named from the start.
    """

    passage: Passage
    language_probability: float = 1.0
    shares: Shares = field(default_factory=dict)


def rows_of(batch: Sequence[Passage], heard: Sequence[Shares], known: Sequence[str]) -> list[Row]:
    """One row for each passage, in order.

    ``heard`` has, for each of them, the shares of all languages that the model has ``known``; it is
    empty where all passages name theirs.
    """
    return [
        Row(passage) if passage.settings.language else _in_its_likeliest(passage, heard[n], known)
        for n, passage in enumerate(batch)
    ]


def _in_its_likeliest(passage: Passage, heard: Shares, known: Sequence[str]) -> Row:
    shares = _among(passage.settings.candidates or known, heard, known)
    if passage.belief is None:
        tag = max(shares, key=lambda tag: shares[tag])
    else:
        (tag,), _ = follow(passage.belief, [(shares, passage.speech_ms)])
    settings = replace(passage.settings, language=tag)
    return Row(replace(passage, settings=settings), shares[tag], shares)


def _among(wanted: Sequence[str], heard: Shares, known: Sequence[str]) -> Shares:
    """The shares of the languages that come into question."""
    own = {languages.whisper_code(tag): tag for tag in known}
    kept = {tag: heard[own[languages.whisper_code(tag)]] for tag in wanted}
    total = sum(kept.values())
    return {tag: p / total if total else 1 / len(kept) for tag, p in kept.items()}
