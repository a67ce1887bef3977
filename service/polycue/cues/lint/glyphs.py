"""Characters that no player can show, or that nobody meant."""

import functools
import unicodedata

from polycue.cues.lint.sheet import Checked, Outcome, Sheet
from polycue.domain.report import LintRule, Violation

# Control characters, half characters, private ones, and those that stand for nothing.
_NEVER = frozenset({"Cc", "Cs", "Co", "Cn"})
_REPLACEMENT = "\ufffd"  # what a broken character became on the way
_BYTE_ORDER_MARK = "\ufeff"


def glyph(sheet: Sheet) -> Outcome:
    found = []
    for number, cue in enumerate(sheet.cues, 1):
        for line in cue.lines:
            if not line.isprintable() and (bad := first_bad(line)):
                found.append(Violation(LintRule.GLYPH, number, detail=described(bad)))
                break
            if _REPLACEMENT in line:
                found.append(Violation(LintRule.GLYPH, number, detail=described(_REPLACEMENT)))
                break
    return Checked(found)


def first_bad(text: str) -> str:
    """The first character that cannot be shown, "" where all can."""
    return next((character for character in text if _is_bad(character)), "")


def described(character: str) -> str:
    """``U+0000``, and its name where it has one."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip()


@functools.lru_cache(maxsize=4096)
def _is_bad(character: str) -> bool:
    if character in (_REPLACEMENT, _BYTE_ORDER_MARK):
        return True
    return unicodedata.category(character) in _NEVER
