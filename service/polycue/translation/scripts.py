"""Which letters a language is written with, and whether a text is written with them."""

import functools
from collections.abc import Iterable

import regex  # type: ignore[import-untyped]

from polycue.domain import language

# Written with more than the script that is likeliest for them (ISO 15924).
_ALSO = {
    "ja": {"Hani", "Hira", "Kana"},
    "ko": {"Hang", "Hani"},
    "sr": {"Cyrl", "Latn"},
    "bs": {"Cyrl", "Latn"},
    "uz": {"Cyrl", "Latn"},
    "az": {"Cyrl", "Latn"},
    "kk": {"Cyrl", "Latn"},
    "ku": {"Arab", "Latn"},
    "mn": {"Cyrl", "Mong"},
    "pa": {"Arab", "Guru"},
}
_COMPOUND = {"Jpan": {"Hani", "Hira", "Kana"}, "Hans": {"Hani"}, "Hant": {"Hani"}}
_COMPOUND["Kore"] = {"Hang", "Hani"}
_CASED = {"Latn", "Cyrl", "Grek", "Armn", "Geor"}


def in_script(text: str, tag: str) -> int:
    """How many letters of ``text`` are of a script that the language is written with."""
    found = _letters(tag)
    return len(found.findall(text)) if found else sum(map(str.isalpha, text))


def has_case(tag: str) -> bool:
    """Whether the language has capital letters to write names with."""
    return not scripts(tag).isdisjoint(_CASED)


@functools.lru_cache(maxsize=256)  # callers choose the tag
def scripts(tag: str) -> frozenset[str]:
    """ISO 15924 codes of single scripts; empty for a language that nothing is known of."""
    likely = language.script(tag)
    also = _ALSO.get(language.primary(tag), ()) if likely not in tag.split("-") else ()
    return frozenset((*_COMPOUND.get(likely, {likely} if likely else ()), *also))


@functools.lru_cache(maxsize=256)
def _letters(tag: str) -> "regex.Pattern[str] | None":
    return _pattern(sorted(scripts(tag)))


def _pattern(codes: Iterable[str]) -> "regex.Pattern[str] | None":
    try:
        # scx: the long vowel mark of kana, and marks that scripts share, count for each of them.
        each = [f"[\\p{{L}}&&\\p{{scx={code}}}]" for code in codes]
        return regex.compile("|".join(each), regex.V1) if each else None
    except regex.error:  # a script that the library's Unicode does not have yet
        return None
