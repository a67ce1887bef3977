"""Phrases of text without spaces, by BudouX: the only module that imports it.

BudouX is a linear model over the characters around a border, trained on where people end phrases
(Japanese) and words (Chinese, Thai). It knows these three and looks at no more than three
characters to either side, so its time grows with the text alone.
"""

import functools
from itertools import accumulate
from typing import Protocol

import regex  # type: ignore[import-untyped]

from polycue.domain.language import primary

_THAI = regex.compile(r"\p{Thai}")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})


class _Parser(Protocol):
    def parse(self, sentence: str) -> list[str]: ...


def phrase_ends(text: str, language: str) -> frozenset[int] | None:
    """How many characters of ``text`` lie before each border of two phrases; none at its ends.

    ``language`` is BCP-47; where it is none of BudouX's, the text's own script decides. None means
    that nothing is known of such text.
    """
    name = _model_of(language) or _model_for(text)
    if name is None:
        return None
    lengths = accumulate(len(phrase) for phrase in _parser(name).parse(text))
    return frozenset(lengths) - {len(text)}


def _model_of(language: str) -> str | None:
    first = primary(language)
    if first in ("ja", "th"):
        return first
    if first == "yue":
        return "zh-hant"
    if first == "zh":
        subtags = language.lower().split("-")
        return "zh-hans" if "hans" in subtags or not _TRADITIONAL & set(subtags) else "zh-hant"
    return None


def _model_for(text: str) -> str | None:
    """Thai and kana name their language; Han alone may be Chinese of either kind or Japanese."""
    if _KANA.search(text):
        return "ja"
    return "th" if _THAI.search(text) else None


@functools.cache
def _parser(name: str) -> _Parser:
    import budoux  # on first use: most tracks never need it

    load = {
        "ja": budoux.load_default_japanese_parser,
        "th": budoux.load_default_thai_parser,
        "zh-hans": budoux.load_default_simplified_chinese_parser,
        "zh-hant": budoux.load_default_traditional_chinese_parser,
    }[name]
    parser: _Parser = load()
    return parser
