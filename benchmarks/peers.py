"""Other systems that make cues of words, re-implemented after what their sources do.

Each takes one sentence's words without times, where Whisper's segments mostly end, and gives its
breaks; only whisper's writer does not stop at segments. ``peers_packages.py`` runs the packages
themselves, and ``segmentation.py --peers`` says whether these do the same.
"""

import math
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise

LINE_CHARS, LINES = 42, 2
_SHORT_CAPITALS = re.compile(r"(?=[A-Z0-9])(?:[.A-Z0-9]*[^.A-Z0-9]){0,2}[.A-Z0-9]*$")

Sentence = list[str]
Breaks = list[str]  # after each word "", "line" or "cue"
Cue = Sequence[Sequence[str]]  # words on lines


def breaks_of(cues: Sequence[Cue]) -> Breaks:
    breaks: Breaks = []
    for lines in cues:
        for line in lines:
            breaks += [""] * (len(line) - 1) + ["line"]
        breaks[-1] = "cue"
    return breaks


# --- whisper ------------------------------------------------------------------------------------


def whisper_writer(sentences: list[Sentence]) -> list[Breaks]:
    """Fills lines greedily and two of them a cue, wherever sentences end."""
    stream = [word for sentence in sentences for word in sentence]
    lines = list(_filled(stream))
    cues = [lines[first : first + LINES] for first in range(0, len(lines), LINES)]
    breaks = iter(breaks_of(cues))
    return [[next(breaks) for _ in sentence] for sentence in sentences]


def _filled(words: Sequence[str]) -> Iterator[list[str]]:
    line: list[str] = []
    for word in words:
        if line and len(" ".join(line)) + 1 + len(word) > LINE_CHARS:
            yield line
            line = []
        line.append(word)
    if line:
        yield line


def wrap(sentences: list[Sentence]) -> list[Breaks]:
    """The same sentence by sentence, as textwrap does it."""
    return [whisper_writer([sentence])[0] for sentence in sentences]


def fill_first_line(text: str) -> Sequence[str]:
    return textwrap.wrap(text, LINE_CHARS)


# --- stable-ts ----------------------------------------------------------------------------------


def even_lines(text: str) -> Sequence[str]:
    if len(text) <= LINE_CHARS:
        return [text]
    space = min(
        (match.start() for match in re.finditer(" ", text)),
        key=lambda place: abs(2 * place - len(text)),
    )
    return text[:space], text[space + 1 :]


def stable_ts(sentence: Sentence) -> Breaks:
    """Its default: at ends of sentences, at commas of 50 characters or more, evenly above 70."""
    pieces = _split([sentence], _sentence_ends)
    pieces = _split(pieces, lambda w: _after_marks(w, ",，") if _length(w) >= 50 else [])
    return breaks_of([[piece] for piece in _split(pieces, lambda words: _even(words, 70))])


def stable_ts_subgen(sentence: Sentence) -> Breaks:
    """As subgen calls it (``cm_sl=84_sl=42++++++1``): even cues, and even lines in them."""
    cues = _split([sentence], lambda words: _even(words, LINE_CHARS * LINES))
    return breaks_of([_split([cue], lambda words: _even(words, LINE_CHARS)) for cue in cues])


def _split(pieces: list[Sentence], ends: Callable[[Sentence], list[int]]) -> list[Sentence]:
    """Each piece cut after the words of these indexes."""
    return [
        piece[first:after]
        for piece in pieces
        for first, after in pairwise([0, *(end + 1 for end in ends(piece)), len(piece)])
        if first < after
    ]


def _sentence_ends(words: Sentence) -> list[int]:
    """Not after short words in capitals, such as "Mr." and "No."."""
    return [
        index
        for index in _after_marks(words, ".。?？")
        if not (words[index].endswith(".") and _SHORT_CAPITALS.match(words[index]))
    ]


def _after_marks(words: Sentence, marks: str) -> list[int]:
    return [index for index, word in enumerate(words[:-1]) if word.endswith(tuple(marks))]


def _even(words: Sentence, most: int) -> list[int]:
    """The words that end nearest to even parts, each counted with a space before it."""
    total = _length(words)
    if total <= most or len(words) < 2:
        return []
    parts = math.ceil(total / most)
    ends = list(accumulate(len(word) + 1 for word in words[:-1]))
    return sorted(
        {
            min(range(len(ends)), key=lambda i, aim=total * part / parts: abs(ends[i] - aim))
            for part in range(1, parts)
        }
    )


def _length(words: Sentence) -> int:
    return sum(len(word) + 1 for word in words)


# --- whisperX -----------------------------------------------------------------------------------

LEAST_CHARS = LINE_CHARS // 2


def whisperx(sentence: Sentence, conjunctions: frozenset[str]) -> Breaks:
    """Its SubtitlesProcessor: at a comma, or before a conjunction, with enough on both sides.

    Else where a line is full, in the middle by the count of words. One line a cue.
    """
    left = sum(map(len, sentence))  # it leaves the spaces out here
    ends: list[int] = []
    first = line = 0
    for index, word in enumerate(sentence):
        before, line, left = line, line + len(word) + 1, left - len(word) - 1
        if line >= LINE_CHARS:
            if before >= LEAST_CHARS:
                ends.append((first + index + 1) // 2)
                first = ends[-1] + 1
                line = sum(map(len, sentence[first : index + 1]))
        elif min(before, left) >= LEAST_CHARS:
            if word.endswith(","):
                ends.append(index)
                first, line = index + 1, 0
            elif word.lower() in conjunctions:
                ends.append(index - 1)
                first, line = index, len(word) + 1
    return breaks_of([[piece] for piece in _split([sentence], lambda _: ends)])
