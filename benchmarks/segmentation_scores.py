"""Breaks of cues and lines held against those people made, for ``segmentation.py``."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from function_words import function_words, is_function_word
from peers import LINE_CHARS, Breaks, Sentence, breaks_of


@dataclass(frozen=True)
class Scores:
    """F1 and shares in percent; ``after_function_word`` None where no list of them is at hand."""

    any_break_f1: float
    cue_break_f1: float
    typed_f1: float
    after_function_word: float | None
    lines_too_long: float
    cues: int


def read(path: Path) -> tuple[list[Sentence], list[Breaks]]:
    sentences, breaks = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        words: Sentence = []
        ends: Breaks = []
        for token in line.split():
            if token in ("<eol>", "<eob>"):
                ends[-1] = "cue" if token == "<eob>" else "line"  # noqa: S105
            else:
                words.append(token)
                ends.append("")
        if words:
            sentences.append(words)
            breaks.append(ends)
    return sentences, breaks


def score(
    sentences: list[Sentence], people: list[Breaks], found: list[Breaks], language: str
) -> Scores:
    inner = [
        (word, wanted, given)
        for sentence, ours, theirs in zip(sentences, people, found, strict=True)
        for word, wanted, given in zip(sentence[:-1], ours, theirs, strict=False)
    ]
    lines = list(lines_of(sentences, found))
    too_long = sum(len(unicodedata.normalize("NFC", line)) > LINE_CHARS for line in lines)
    return Scores(
        any_break_f1=f1([(wanted != "", given != "", True) for _, wanted, given in inner]),
        cue_break_f1=f1([(wanted == "cue", given == "cue", True) for _, wanted, given in inner]),
        typed_f1=f1([(wanted != "", given != "", wanted == given) for _, wanted, given in inner]),
        after_function_word=share_after_function_words(
            [word for word, _, given in inner if given], language
        ),
        lines_too_long=round(100 * too_long / len(lines), 2),
        cues=sum(breaks.count("cue") for breaks in found),
    )


def f1(boundaries: list[tuple[bool, bool, bool]]) -> float:
    """Of (people break, the system breaks, and both mean the same)."""
    wanted = sum(wanted for wanted, _, _ in boundaries)
    given = sum(given for _, given, _ in boundaries)
    right = sum(wanted and given and same for wanted, given, same in boundaries)
    return round(200 * right / (wanted + given), 2) if wanted + given else 0.0


def share_after_function_words(words: list[str], language: str) -> float | None:
    known = function_words(language)
    if known is None or not words:
        return None
    return round(100 * sum(is_function_word(word, known) for word in words) / len(words), 2)


def lines_of(sentences: list[Sentence], found: list[Breaks]) -> list[str]:
    """The lines as they would be shown; one may go on across sentences."""
    marked = " ".join(
        word + ("\n" if given else "")
        for sentence, breaks in zip(sentences, found, strict=True)
        for word, given in zip(sentence, breaks, strict=True)
    )
    return [line.strip() for line in marked.split("\n") if line.strip()]


def line_breaks_found(
    sentences: list[Sentence], people: list[Breaks], split: Callable[[str], Sequence[str]]
) -> float | None:
    """Of the cues that people set on two lines, percent that ``split`` breaks at their place.

    None where they set none so.
    """
    right = total = 0
    for sentence, breaks in zip(sentences, people, strict=True):
        ends = [index + 1 for index, given in enumerate(breaks) if given == "cue"]
        for first, after in pairwise([0, *ends]):
            lines = split(" ".join(sentence[first:after]))
            cue = breaks_of([[line.split() for line in lines]])
            if breaks[first:after].count("line") == 1:
                total += 1
                right += cue == breaks[first:after]
    return round(100 * right / total, 2) if total else None
