"""Running text of a subtitle file into the pieces that lines and cues are made of."""

import re
from dataclasses import dataclass
from itertools import groupby

from polycue.cues.scripts import syllables
from polycue.domain.scripts import has_unspaced, is_unspaced, runs_on

# White space at which a line may end; French has no-break spaces before its question marks.
_SPACE = re.compile(r"[^\S\u00a0\u2007\u202f]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece that is never broken. ``joined``: no space stands before it."""

    text: str
    joined: bool


def tokens(text: str) -> list[Token]:
    """The pieces of the text in order: words, or syllables of scripts without spaces."""
    found: list[Token] = []
    for line in text.splitlines():
        for number, chunk in enumerate(_SPACE.split(line.strip())):
            for place, piece in enumerate(_pieces(chunk)):
                joined = place > 0 or (number == 0 and _runs_on(found, piece))
                found.append(Token(piece, joined))
    return found


def single_spaced(text: str) -> str:
    """The text as it can stand on a line: white space that breaks becomes one space."""
    return text if text.isprintable() else " ".join(_SPACE.split(text))


def _runs_on(found: list[Token], piece: str) -> bool:
    return bool(found) and runs_on(found[-1].text, piece)


def _pieces(chunk: str) -> list[str]:
    if not has_unspaced(chunk):
        return [chunk.strip()] if chunk.strip() else []
    pieces: list[str] = []
    for single, group in groupby(syllables(chunk), lambda syllable: is_unspaced(syllable[0])):
        together = list(group)
        pieces += together if single else ["".join(together)]
    return [piece.strip() for piece in pieces if piece.strip()]
