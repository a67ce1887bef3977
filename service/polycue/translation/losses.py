"""Numbers and names that a translation left out, as far as that can be known without a model.

Both rules would rather miss a loss than see one where a number was written out or a name was
translated: what they object to costs the sentence its translation when nothing better is found.
"""

import re
import unicodedata

from polycue.translation.scripts import has_case

# Digits, with the marks that languages put between thousands and before decimals.
_NUMBER = re.compile(r"\d+(?:[.,'\u2019\u00a0\u202f\u066b\u066c]\d{3}(?!\d)|[.,\u066b]\d+)*")
_SPACED_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")  # "1 969", or "in 2020 100 people"
_SPELT_OUT = 12  # "3 wolves" are "tres lobos", and people write out numbers as far as that
_ROMAN = (("X", 10), ("IX", 9), ("V", 5), ("IV", 4), ("I", 1))
_CENTURIES = range(13, 40)  # "the 19th century" is "el siglo XIX"
# In these every noun has a capital letter, so that capitals tell nothing of names.
_CAPITAL_NOUNS = {"de", "lb", "nds", "gsw"}
_SENTENCE_END = ".!?:…。！？"
_FULL_NAME = 2  # words: single ones are mostly weekdays, peoples and languages, which change
_PREFIX = 3  # letters by which a name is known again: Estados Unidos, États-Unis


def lost_number(source: str, translated: str) -> bool:
    """Whether a number that would hardly be written out in words is missing.

    How it is grouped does not matter (1,969 and 1.969), nor do zeros at its end (1.5 billion are
    1500 millones), nor whether it has become a Roman numeral.
    """
    there = _numbers(translated) | _numbers(_SPACED_THOUSANDS.sub("", translated))
    return any(
        significant not in there and _roman(significant) not in translated
        for significant in _numbers(source)
        if len(significant) > 1 and int(significant) > _SPELT_OUT
    )


def lost_name(source: str, translated: str, spoken: str, language: str) -> bool:
    """Whether a full name, such as "Ada Lovelace", has left no trace: no capital, no like word.

    Nothing is said of languages without capital letters, or in which all nouns have them.
    """
    if spoken.split("-")[0] in _CAPITAL_NOUNS or not (has_case(spoken) and has_case(language)):
        return False
    names = _full_names(source.split())
    if not names or len(_capitals(translated.split())) > 0:
        return False
    kept = {_letters(word)[:_PREFIX] for word in translated.split()}
    return not any(_letters(word)[:_PREFIX] in kept for name in names for word in name)


def _numbers(text: str) -> set[str]:
    """The significant digits of each number."""
    plain = unicodedata.normalize("NFKC", text)
    found = ("".join(_digits(number)) for number in _NUMBER.findall(plain))
    return {digits.strip("0") for digits in found if digits.strip("0")}


def _digits(text: str) -> list[str]:
    return [str(unicodedata.digit(char)) for char in text if char.isdigit()]


def _roman(digits: str) -> str:
    """A century as Roman numerals; a NUL, which no translation has, for any other number."""
    number, written = int(digits), ""
    if number not in _CENTURIES:
        return "\0"
    for letters, worth in _ROMAN:
        written += letters * (number // worth)
        number %= worth
    return written


def _full_names(words: list[str]) -> list[list[str]]:
    """Runs of capitalised words that do not begin a sentence; none where most words are so."""
    capitals = _capitals(words)
    if 2 * len(capitals) > len(words):
        return []
    runs: list[list[str]] = []
    last = -2
    for index in capitals:
        if index == last + 1:
            runs[-1].append(words[index])
        else:
            runs.append([words[index]])
        last = index
    return [run for run in runs if len(run) >= _FULL_NAME]


def _capitals(words: list[str]) -> list[int]:
    """Where words have a capital that is not owed to the beginning of a sentence."""
    return [
        index
        for index, word in enumerate(words)
        if index and words[index - 1][-1] not in _SENTENCE_END and _is_name(word)
    ]


def _is_name(word: str) -> bool:
    letters = "".join(filter(str.isalpha, word))
    return len(letters) > 1 and letters[0].isupper()


def _letters(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(filter(str.isalpha, plain))
