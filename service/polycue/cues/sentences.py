"""Sentences, which are translated as one, found across the cues they were cut into."""

from collections.abc import Sequence

from polycue.cues.breaks import break_costs, sentence_ends
from polycue.cues.islands import parted
from polycue.domain.transcript import Sentence, Word

PAUSE_MS = 800
# Translation models are trained on single sentences and lose words of longer texts.
MAX_WORDS = 60
_PIECES_A_WORD = 2  # of scripts without spaces, whose characters come one by one
# Where a run without any mark is cut, both parts get at least this many words.
_MIN_WORDS = 10


def sentences(words: Sequence[Word], language: str) -> list[Sentence]:
    """The sentences of the words, every word once and in order.

    One ends with its punctuation, at a pause of 0.8 s, where the speaker changes, and after 60
    words at the latest, or 120 characters of a script without spaces.
    """
    ends = sentence_ends(words, language)
    costs = break_costs(words, language)
    found: list[Sentence] = []
    begin = 0
    for index, word in enumerate(words):
        last = index == len(words) - 1
        if last or ends[index] or parted(word, words[index + 1], PAUSE_MS):
            most = _most_words(words[begin : index + 1])
            cuts = _cuts(costs, begin, index + 1, most)
            found += [
                Sentence(tuple(words[first:after]))
                for first, after in zip([begin, *cuts], [*cuts, index + 1], strict=True)
            ]
            begin = index + 1
    return found


def _most_words(run: Sequence[Word]) -> int:
    mostly_joined = 2 * sum(word.joined for word in run) > len(run)
    return MAX_WORDS * _PIECES_A_WORD if mostly_joined else MAX_WORDS


def _cuts(costs: Sequence[float], begin: int, after: int, most: int) -> list[int]:
    """Where to cut a run so that no part has more than ``most`` words: at the best breaks."""
    cuts = []
    while after - begin > most:
        last = min(begin + most, after - _MIN_WORDS)
        # The later of two equal breaks: fewer parts.
        begin = min(range(begin + _MIN_WORDS, last + 1), key=lambda cut: (costs[cut - 1], -cut))
        cuts.append(begin)
    return cuts
