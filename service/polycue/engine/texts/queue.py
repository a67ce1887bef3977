"""Which texts make the next call to a model: full, of like length, and fair to all who ask."""

import math
import time
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum, auto

from polycue.domain.translation import Search
from polycue.engine.origin import NOWHERE, Origin
from polycue.translation.lengths import STEPS, step_of

_LEAST_CALL_TOKENS = 128  # smaller calls cost a core a third more (benchmarks/translation.py)


class State(Enum):
    WAITING = auto()
    RUNNING = auto()  # in a call to the model
    SETTLED = auto()  # answered, or wanted by nobody any more


@dataclass(eq=False, slots=True)
class Asked:
    """One text and how to look for its translations, for however many want them.

    ``since_s`` is when it was asked for first, by the monotonic clock.
    """

    text: str
    tokens: int
    search: Search
    wanted_by: list["Call"] = field(default_factory=list)
    state: State = State.WAITING
    since_s: float = field(default_factory=time.monotonic)


@dataclass(eq=False, slots=True)
class Call:
    """What one caller asks; it may grow. ``waiting`` may hold what others have had taken."""

    search: Search
    origin: Origin = NOWHERE
    waiting: list[Asked] = field(default_factory=list)  # the longest last
    wants: dict[Asked, None] = field(default_factory=dict)  # that is not answered yet

    def __repr__(self) -> str:
        return f"Call({len(self.waiting)} waiting)"

    def longest(self) -> Asked | None:
        while self.waiting and self.waiting[-1].state is not State.WAITING:
            self.waiting.pop()
        return self.waiting[-1] if self.waiting else None

    def take(self, most: int, tokens: int) -> list[Asked]:
        """Up to so many texts of the step of ``tokens``, none longer than that, the longest first.

        They run from now on.
        """
        step = step_of(tokens)
        first = bisect_right(self.waiting, STEPS[step - 1], key=_tokens) if step else 0
        at = bisect_right(self.waiting, tokens, key=_tokens)
        taken: list[Asked] = []
        while at > first and len(taken) < most:
            at -= 1
            asked = self.waiting.pop(at)
            if asked.state is State.WAITING:
                asked.state = State.RUNNING
                taken.append(asked)
        return taken

    def next_longer(self, tokens: int) -> Asked | None:
        """The shortest of the step of ``tokens`` that is longer than that."""
        at = bisect_right(self.waiting, tokens, key=_tokens)
        while at < len(self.waiting) and step_of(self.waiting[at].tokens) == step_of(tokens):
            if self.waiting[at].state is State.WAITING:
                return self.waiting[at]
            del self.waiting[at]
        return None


class TextQueue:
    """The texts that wait for one model. Not safe between threads: whoever has it holds a lock.

    ``call_tokens`` is what one call to the model holds at most, padding included; a text longer
    than that goes alone. What waits for less than a full call of each of the ``workers`` is divided
    among them.
    """

    def __init__(self, call_tokens: int, workers: int = 1) -> None:
        self._call_tokens, self._workers = call_tokens, workers
        self._turns: deque[Call] = deque()  # of those in progress; the first is next
        self._asked: dict[tuple[Search, str], Asked] = {}  # that wait or run
        self.waiting_tokens = 0  # of those that no call has taken

    def __repr__(self) -> str:
        return f"TextQueue({len(self._asked)} texts of {len(self._turns)} calls)"

    def begin(self, call: Call) -> None:
        self._turns.append(call)

    def put(self, call: Call, text: str, tokens: int) -> None:
        """Ask for one text more; what is asked for already is not asked for twice."""
        asked = self._asked.get((call.search, text))
        if asked is None:
            asked = self._asked[call.search, text] = Asked(text, tokens, call.search)
            self.waiting_tokens += tokens
        if asked in call.wants:
            return
        asked.wanted_by.append(call)
        call.wants[asked] = None
        if asked.state is State.WAITING:
            insort(call.waiting, asked, key=_tokens)

    def take(self) -> list[Asked]:
        """The texts of the next call, all of one search and step, the longest first.

        Calls in progress have turns. Whose turn it is says, with its longest text, how long the
        texts may be; it and all that ask in the same way get equal shares of the room, and what
        one of them does not need the others have. If there still is room, longer texts come too.
        """
        for first in self._turns:
            if longest := first.longest():
                self._turns.remove(first)
                self._turns.append(first)
                batch = self._shared(first, longest.tokens)
                self.waiting_tokens -= sum(asked.tokens for asked in batch)
                return batch
        return []

    def _shared(self, first: Call, tokens: int) -> list[Asked]:
        others = (c for c in self._turns if c.search == first.search and c is not first)
        sharing = [first, *(call for call in others if call.longest())]
        most_tokens = self._tokens_now()
        room = max(1, most_tokens // max(1, tokens))
        batch: list[Asked] = []
        for share in (max(1, room // len(sharing)), room):
            for call in sharing:
                batch += call.take(min(share, room - len(batch)), tokens)
        while longer := [one.tokens for call in sharing if (one := call.next_longer(tokens))]:
            tokens = min(longer)
            for call in sharing:
                batch += call.take(most_tokens // tokens - len(batch), tokens)
        return sorted(batch, key=_tokens, reverse=True)

    def _tokens_now(self) -> int:
        each = max(_LEAST_CALL_TOKENS, math.ceil(self.waiting_tokens / self._workers))
        return min(self._call_tokens, each)

    def settle(self, asked: Asked) -> list[Call]:
        """It is answered; those who want to know."""
        if asked.state is State.WAITING:
            self.waiting_tokens -= asked.tokens
        asked.state = State.SETTLED
        self._asked.pop((asked.search, asked.text), None)
        for call in asked.wanted_by:
            call.wants.pop(asked, None)
        return asked.wanted_by

    def end(self, call: Call) -> None:
        """Take back all that it still asks for, but what others want too."""
        if call not in self._turns:
            return
        self._turns.remove(call)
        for asked in call.wants:
            asked.wanted_by.remove(call)
            if not asked.wanted_by and asked.state is State.WAITING:
                self.settle(asked)
        call.wants.clear()
        call.waiting.clear()

    def calls(self) -> Collection[Call]:
        return tuple(self._turns)


def _tokens(asked: Asked) -> int:
    return asked.tokens
