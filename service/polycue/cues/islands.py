"""Runs of words that can be laid out apart from each other."""

from collections.abc import Iterable, Sequence

from polycue.domain.transcript import Word

# From here on little of one side shows on the other. With the numbers of most presets nothing does:
# text that lingers and the gap that must follow it take 1.5 s at most.
ISLAND_PAUSE_MS = 2000


def parted(word: Word, following: Word, pause_ms: int) -> bool:
    """Whether a pause of ``pause_ms``, or a change of speaker or language, lies between two words.

    Two unknown speakers, or a known and an unknown one, are taken to be the same.
    """
    speakers = {word.speaker, following.speaker} - {None}
    changes = len(speakers) == 2 or word.language != following.language
    return changes or _paused(word, following, pause_ms)


def _paused(word: Word, following: Word, pause_ms: int) -> bool:
    return following.start_ms - word.end_ms >= pause_ms


class IslandSplitter:
    """Takes the words of a film as they come and gives what lies between pauses as it is complete.

    Laid out one after another, these give the same cues as the whole film. A change of speaker or
    language alone does not end one: what comes right after it must be known to lay it out.
    """

    def __init__(self) -> None:
        self._words: list[Word] = []

    def __repr__(self) -> str:
        return f"IslandSplitter({len(self._words)} words waiting)"

    @property
    def begins_ms(self) -> int | None:
        """When the island begins that is unfinished, None where no word waits."""
        return self._words[0].start_ms if self._words else None

    def feed(self, words: Iterable[Word]) -> list[tuple[Word, ...]]:
        """Take more words; the islands that are complete now, none of them empty."""
        islands = []
        for word in words:
            if self._words and _paused(self._words[-1], word, ISLAND_PAUSE_MS):
                islands += self.finish()
            self._words.append(word)
        return islands

    def finish(self) -> list[tuple[Word, ...]]:
        """The island that was unfinished, if any; no word is left."""
        words, self._words = self._words, []
        return [tuple(words)] if words else []


def islands(words: Sequence[Word]) -> list[tuple[Word, ...]]:
    """Runs of words without a pause, a change of speaker or a change of language."""
    found: list[list[Word]] = []
    for word in words:
        if not found or parted(found[-1][-1], word, ISLAND_PAUSE_MS):
            found.append([])
        found[-1].append(word)
    return [tuple(run) for run in found]
