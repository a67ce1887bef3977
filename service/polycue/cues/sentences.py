"""Sentences, which are translated as one, found across the cues they were cut into."""

from collections.abc import Sequence

from polycue.cues.breaks import break_costs, sentence_ends
from polycue.cues.islands import parted
from polycue.domain.transcript import Sentence, Word

PAUSE_MS = 800
# Translation models are trained on single sentences and lose words of longer texts.
MAX_WORDS = 60
# Where a run without any mark is cut, both parts get at least this many words.
_MIN_WORDS = 10


def sentences(words: Sequence[Word], language: str) -> list[Sentence]:
    """The sentences of the words, every word once and in order.

    One ends with its punctuation, at a pause of 0.8 s, where the speaker changes, and after 60
    words at the latest.
    """
    ends = sentence_ends(words, language)
    costs = break_costs(words, language)
    found: list[Sentence] = []
    begin = 0
    for index, word in enumerate(words):
        last = index == len(words) - 1
        if last or ends[index] or parted(word, words[index + 1], PAUSE_MS):
            cuts = _cuts(costs, begin, index + 1)
            found += [
                Sentence(tuple(words[first:after]))
                for first, after in zip([begin, *cuts], [*cuts, index + 1], strict=True)
            ]
            begin = index + 1
    return found


def _cuts(costs: Sequence[float], begin: int, after: int) -> list[int]:
    """Where to cut a run so that no part has more than ``MAX_WORDS``: at the best breaks."""
    cuts = []
    while after - begin > MAX_WORDS:
        last = min(begin + MAX_WORDS, after - _MIN_WORDS)
        # The later of two equal breaks: fewer parts.
        begin = min(range(begin + _MIN_WORDS, last + 1), key=lambda cut: (costs[cut - 1], -cut))
        cuts.append(begin)
    return cuts
