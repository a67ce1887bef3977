"""Scripts that are written without spaces between words."""

import regex  # type: ignore[import-untyped]

# Han and kana, with the punctuation that is theirs: a line may end after almost any character.
_SQUARE = regex.compile(r"[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]")
# Words are not parted by spaces here either, but a line may end only between words.
_UNSPACED = regex.compile(
    r"[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}"
    r"\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]"
)


def breaks_anywhere(character: str) -> bool:
    return _SQUARE.match(character) is not None


def has_square(text: str) -> bool:
    """Whether any of its characters is of those that lines may end after."""
    return not text.isascii() and _SQUARE.search(text) is not None


def is_unspaced(character: str) -> bool:
    return _UNSPACED.match(character) is not None
