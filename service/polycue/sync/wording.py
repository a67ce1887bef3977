"""Words of cues matched with words that were heard, each pair with its two times."""

from collections.abc import Sequence
from dataclasses import dataclass

from polycue.domain.cue import Cue
from polycue.domain.transcript import Word
from polycue.sync.matching import matches
from polycue.sync.tokens import bare_words

# A cue lingers after its last word. Nobody speaks slower than this for long, so what is beyond it
# is taken for linger.
_SLOWEST_MS_A_CHAR = 90


@dataclass(frozen=True, slots=True)
class Pair:
    """A word of a cue that was heard: when it should be by its cue's time, and when it was.

    ``first`` says that the cue begins with it: the one word of a cue whose own time is known.
    """

    cue: int
    own_ms: int
    heard_ms: int
    first: bool


@dataclass(frozen=True, slots=True)
class Wording:
    """``counts`` has the number of spoken words of each cue, matched or not."""

    pairs: tuple[Pair, ...]
    counts: tuple[int, ...]

    @property
    def count(self) -> int:
        return sum(self.counts)


def compared(cues: Sequence[Cue], heard: Sequence[Word]) -> Wording:
    """All words of the cues that were heard in the same order."""
    own = [(number, at, word) for number, cue in enumerate(cues) for at, word in _timed(cue)]
    said = [(word.start_ms, piece) for word in heard for piece in bare_words(word.text)]
    counts = [0] * len(cues)
    begins: dict[int, int] = {}
    for position, (number, _, _) in enumerate(own):
        counts[number] += 1
        begins.setdefault(number, position)
    found = matches([word for *_, word in own], [word for _, word in said])
    pairs = tuple(
        Pair(own[x][0], own[x][1], said[y][0], first=begins[own[x][0]] == x) for x, y in found
    )
    return Wording(pairs, tuple(counts))


def _timed(cue: Cue) -> list[tuple[int, str]]:
    """The cue's bare words and when each begins, by its share of the characters before it."""
    words = bare_words(cue.text)
    chars = sum(map(len, words)) + len(words)
    spoken_ms = min(cue.duration_ms, chars * _SLOWEST_MS_A_CHAR)
    timed, before = [], 0
    for word in words:
        timed.append((cue.start_ms + spoken_ms * before // chars, word))
        before += len(word) + 1
    return timed
