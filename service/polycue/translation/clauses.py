"""A sentence in the parts that can be translated by themselves."""

from polycue.domain.transcript import Sentence, Word

_MARKS = tuple(",;:—–、，；：؛،" + ".!?…。！？")
_CLOSING = "\"'”’»)]）」』"
_LEAST_WORDS = 2  # "Well," says nothing by itself


def clauses(sentence: Sentence) -> list[Sentence]:
    """The sentence cut behind its marks, each part with words enough to be translated alone."""
    parts: list[list[Word]] = [[]]
    for index, word in enumerate(sentence.words):
        parts[-1].append(word)
        left = len(sentence.words) - index - 1
        ends = word.text.rstrip(_CLOSING).endswith(_MARKS)
        if ends and len(parts[-1]) >= _LEAST_WORDS and left >= _LEAST_WORDS:
            parts.append([])
    return [Sentence(tuple(part)) for part in parts]
