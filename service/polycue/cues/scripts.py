"""What may be parted in scripts written without spaces between words, and what never."""

import functools
import unicodedata

import regex  # type: ignore[import-untyped]

# A grapheme cluster with the vowels before its consonant (Thai, Lao), the consonant stacked below
# it (Khmer, Burmese) and marks behind it: Unicode counts these as clusters of their own.
_SYLLABLE = regex.compile(r"[\u0e40-\u0e44\u0ec0-\u0ec4]*\X(?:(?<=[\u17d2\u1039])\X|(?=\p{M})\X)*")
_JOINERS = "\u200d\u17d2\u1039"
_LONGEST_SYLLABLE = 16  # characters; joined emoji have up to ten

# No line begins with these (JIS X 4051): small kana, the long vowel, marks of repetition, the
# middle dot, wave dashes and units. Then Thai's mark of repetition and its abbreviation.
_NEVER_FIRST = frozenset(
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿｧｨｩｪｫｬｭｮｯ"
    "ーｰ々〻ゝゞヽヾﾞﾟ・･゠〜～%％‰℃°"
    "ๆฯ"
)
# Nor does one end with what stands before an amount.
_NEVER_LAST = frozenset("￥¥＄$￡£€€№＃#＠@")
# Dots and dashes that stand twice are one mark.
_DOUBLED = frozenset("…‥—―─・")


def syllables(text: str) -> list[str]:
    """The text in the smallest pieces that can be written apart."""
    found: list[str] = _SYLLABLE.findall(text)
    return found


def are_one(before: str, after: str) -> bool:
    """Whether a letter would be torn between the two texts: a base and its marks, or a syllable."""
    if before[-1] in _JOINERS:
        return True
    if after.isascii() or _always_apart(before[-1], after[0]):
        return False
    last = syllables(before[-_LONGEST_SYLLABLE:] + after[0])[-1]
    return len(last) > 1


@functools.lru_cache(maxsize=4096)  # asked of every two letters of a film
def _always_apart(last: str, first: str) -> bool:
    """Whether the two letters are never one, whatever is before them."""
    return len(syllables(last + first)) == 2 and unicodedata.category(last)[0] not in "MC"


def holds_together(before: str, after: str) -> bool:
    """Whether by the rules of type setting no line ends between the two texts (kinsoku)."""
    first, last = after[0], before[-1]
    if first in _NEVER_FIRST or last in _NEVER_LAST:
        return True
    return first == last and first in _DOUBLED
