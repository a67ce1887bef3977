"""Scripts that are written without spaces between words."""

import regex  # type: ignore[import-untyped]

# With the punctuation that is theirs.
_UNSPACED = regex.compile(
    r"[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}"
    r"\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]"
)
_FIRST_UNSPACED = "\u0e00"  # Thai; asked of every letter of a film


def is_unspaced(character: str) -> bool:
    return character >= _FIRST_UNSPACED and _UNSPACED.match(character) is not None


def has_unspaced(text: str) -> bool:
    return not text.isascii() and _UNSPACED.search(text) is not None


def runs_on(before: str, after: str) -> bool:
    """Whether text that was broken between the two, of which none is empty, needs no space."""
    return is_unspaced(before[-1]) and is_unspaced(after[0])
