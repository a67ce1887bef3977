"""Text cut into the pieces that may stand on screen by themselves."""

import re
import unicodedata

from polycue.domain import language

# Written without spaces between words: here every character is a piece of its own.
_UNSPACED_LANGUAGES = {"zh", "ja", "yue", "th", "lo", "km", "my"}
_UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han, kana
    "\U00020000-\U0003ffff"  # rarer Han
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
)
_BRACKETS = r"(\[{<（［｛「『【《〈〔“‘«"
_PIECE = re.compile(f"[{_UNSPACED}]|[{_BRACKETS}]+|[^{_UNSPACED}{_BRACKETS}]+")
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W{_UNSPACED}]+")
_OPENING = {"Ps", "Pi"}  # stays with what follows; every other mark with what is before it
_HANGING = {"Mn", "Mc", "Me", "Lm", "Pc", "Pd", "Pe", "Pf", "Po"}  # accents, long marks, full stops


def pieces(text: str, tag: str) -> list[tuple[str, bool]]:
    """What a line may break between, in order, and whether it joins what is before it.

    Words, with marks that stand alone ("Bonjour !") kept at theirs; in languages written without
    spaces, characters with their marks. Together they give ``text``, its white space evened out.
    """
    if not is_unspaced(tag):
        return [(word, False) for word in _with_lone_marks(text.split())]
    return [
        (piece, i > 0)
        for part in text.split()
        for i, piece in enumerate(_with_their_marks(_PIECE.findall(part)))
    ]


def is_unspaced(tag: str) -> bool:
    """Whether the language is written without spaces between words."""
    return language.primary(tag) in _UNSPACED_LANGUAGES


def words(text: str) -> list[str]:
    """The words of ``text`` for comparing: no case, no punctuation, wide characters one by one."""
    return _WORD.findall(text.casefold())


def has_letters(text: str) -> bool:
    """Whether there is anything to translate: notes of music, marks and bare numbers have none."""
    return any(map(str.isalpha, text))


def cleaned(text: str) -> str:
    """The text on one line, without control characters and half characters."""
    plain = "".join(" " if char.isspace() else char for char in text if _is_shown(char))
    return " ".join(plain.split())


def _is_shown(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) not in {"Cc", "Cs"}


def _with_lone_marks(parts: list[str]) -> list[str]:
    """Words that a line may begin with: marks on their own go with a neighbour."""
    kept: list[str] = []
    before = ""
    for part in parts:
        if any(char.isalnum() for char in part):
            kept.append(before + part)
            before = ""
        elif kept and not _opens(part[-1]):
            kept[-1] += " " + part
        else:
            before += part + " "
    return kept if not before else [*kept, before.rstrip()]


def _with_their_marks(parts: list[str]) -> list[str]:
    joined: list[str] = []
    for part in parts:
        if joined and (_hangs(part[0]) or _opens(joined[-1][-1])):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def _hangs(char: str) -> bool:
    return unicodedata.category(char) in _HANGING


def _opens(char: str) -> bool:
    return unicodedata.category(char) in _OPENING
