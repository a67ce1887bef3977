"""In which language chunks are: named, found on the first of them, or followed through the film.

A chunk whose language is not decided yet is asked about all the same, in its own likeliest one, so
that no worker waits for a decision. What is decided depends on the chunks alone, never on what is
ready when: the same film has the same languages each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from polycue.domain.chunk import Belief, Recognised
from polycue.speech.languages import follow, likeliest
from polycue.speech.rows import Shares

DECIDED_TOGETHER = 4
"""Chunks at most; a film of unknown language is at least so much ahead of its results."""

# Of speech. Whisper's own detection is made on one window of 30 s with all its pauses.
_DETECTION_MS = 20_000


@dataclass(frozen=True, slots=True)
class Undecided:
    """A chunk; ``shares`` is None until somebody has listened to it."""

    speech_ms: int
    shares: Shares | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A chunk's language; ``belief`` is what is known behind it, None where it is not the last."""

    language: str
    probability: float
    belief: Belief | None


class Deciding(Protocol):
    """How one film's chunks come to their languages, in order."""

    @property
    def language(self) -> str:
        """What to ask for in the next chunk; "" where that is open."""
        ...

    @property
    def belief(self) -> Belief | None:
        """What is believed for now where it is open."""
        ...

    def decide(self, undecided: Sequence[Undecided], *, all_there: bool) -> list[Decision]:
        """Those of the first that can be told now; ``all_there`` says that no more will come."""
        ...


class Named:
    """All in the language that somebody has named."""

    belief = None

    def __init__(self, language: str, probability: float = 1.0) -> None:
        self.language = language
        self._decision = Decision(language, probability, Belief(language, {language: 0.0}))

    def decide(self, undecided: Sequence[Undecided], *, all_there: bool) -> list[Decision]:
        return [self._decision] * len(undecided)


class Detected:
    """All in the one language that the first speech is in; ``after`` is what was heard before."""

    belief = None

    def __init__(self, after: Recognised | None) -> None:
        self._found = Named(after.facts.language, after.language_probability) if after else None

    @property
    def language(self) -> str:
        return self._found.language if self._found else ""

    def decide(self, undecided: Sequence[Undecided], *, all_there: bool) -> list[Decision]:
        if self._found:
            return self._found.decide(undecided, all_there=all_there)
        opening = _heard(undecided, _opening(undecided, all_there=all_there))
        if not opening:
            return []
        language, probability = likeliest(opening)
        self._found = Named(language, probability)
        *others, last = self._found.decide(undecided[: len(opening)], all_there=all_there)
        return [*(Decision(one.language, one.probability, None) for one in others), last]


class Followed:
    """Each in its own language; so many as are decided together, one group after the other.

    ``belief`` is what is known before the film.
    """

    language = ""

    def __init__(self, belief: Belief, after: Recognised | None) -> None:
        self.belief = (after and after.belief) or belief
        self._begun = after is not None

    def decide(self, undecided: Sequence[Undecided], *, all_there: bool) -> list[Decision]:
        decisions: list[Decision] = []
        while group := self._group(undecided[len(decisions) :], all_there=all_there):
            self._begun = True
            languages, self.belief = follow(self.belief, group)
            decisions += [
                Decision(language, shares[language], None)
                for language, (shares, _) in zip(languages, group, strict=True)
            ]
            last = decisions.pop()
            decisions.append(Decision(last.language, last.probability, self.belief))
        return decisions

    def _group(
        self, undecided: Sequence[Undecided], *, all_there: bool
    ) -> list[tuple[Shares, int]]:
        if not self._begun:
            return _heard(undecided, _opening(undecided, all_there=all_there))
        whole = all_there or len(undecided) >= DECIDED_TOGETHER
        return _heard(undecided, min(len(undecided), DECIDED_TOGETHER) if whole else 0)


def _opening(undecided: Sequence[Undecided], *, all_there: bool) -> int:
    """How many of the first chunks have enough speech to tell its language; 0 if not there yet."""
    speech_ms = 0
    for count, chunk in enumerate(undecided[:DECIDED_TOGETHER], start=1):
        speech_ms += chunk.speech_ms
        if speech_ms >= _DETECTION_MS or count == DECIDED_TOGETHER:
            return count
    return len(undecided) if all_there else 0


def _heard(undecided: Sequence[Undecided], count: int) -> list[tuple[Shares, int]]:
    """The first so many, once somebody has listened to all of them; empty before."""
    heard = [(one.shares, one.speech_ms) for one in undecided[:count] if one.shares is not None]
    return heard if len(heard) == count else []
