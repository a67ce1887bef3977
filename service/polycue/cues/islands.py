"""Runs of words that can be laid out apart from each other."""

from collections.abc import Iterable, Sequence

from polycue.domain.transcript import Word

# From here on little of one side shows on the other. With the numbers of most presets nothing does:
# text that lingers and the gap that must follow it take 1.5 s at most.
ISLAND_PAUSE_MS = 2000


def parted(word: Word, following: Word, pause_ms: int) -> bool:
    """Whether a pause of ``pause_ms`` or a change of speaker lies between two words.

    Two unknown speakers, or a known and an unknown one, are taken to be the same.
    """
    speakers = {word.speaker, following.speaker} - {None}
    return len(speakers) == 2 or following.start_ms - word.end_ms >= pause_ms


class IslandSplitter:
    """Takes the words of a film as they come and gives islands as they are complete.

    Laid out one after another, each between its neighbours' times, islands give the same cues as
    the whole film (``layout.layout`` does no other).
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
            if self._words and parted(self._words[-1], word, ISLAND_PAUSE_MS):
                islands += self.finish()
            self._words.append(word)
        return islands

    def finish(self) -> list[tuple[Word, ...]]:
        """The island that was unfinished, if any; no word is left."""
        words, self._words = self._words, []
        return [tuple(words)] if words else []


def islands(words: Sequence[Word]) -> list[tuple[Word, ...]]:
    splitter = IslandSplitter()
    return splitter.feed(words) + splitter.finish()
