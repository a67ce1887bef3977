"""A row's place in the queue, from when it is asked for until it has ended."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from polycue.domain.caller import Caller, Urgency
from polycue.engine.origin import NOWHERE, Origin

# In tokens: what one step of the decoder takes for one row at beam 5. The encoder's pass is 66 of
# them and somebody who speaks makes 4 in a second (small, int8; reference: performance, 3.4).
_ENCODER_TOKENS = 64
_TOKENS_A_SECOND = 4

LONGEST_ROW = _ENCODER_TOKENS + _TOKENS_A_SECOND * 30
"""The work in a row that somebody speaks in all the time."""


class Lane(IntEnum):
    """What goes before what: the first that waits is next, unless a later one is owed its turn."""

    LIVE = 0
    BATCH = 1
    AGAIN = 2  # doubtful rows of the batch class: they gather until they are worth a batch


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of the batcher, but for the sound itself, which may still be made.

    Rows with equal keys may share a batch. ``bytes`` is what the sound takes while it waits.
    ``again`` says that the row is in doubt and was decoded before. ``origin`` is for logs and
    traces.
    """

    caller: Caller
    key: Hashable
    audio_ms: int
    speech_ms: int
    bytes: int
    again: bool = False
    origin: Origin = NOWHERE

    @property
    def lane(self) -> Lane:
        if self.caller.urgency is Urgency.LIVE:
            return Lane.LIVE
        return Lane.AGAIN if self.again else Lane.BATCH

    @property
    def kind(self) -> Hashable:
        """What must be equal in a batch: nobody waits for another's second try."""
        return (self.again, self.key)

    @property
    def work(self) -> int:
        """Expected work, in tokens: every row pays for the encoder, and for what is said in it."""
        return _ENCODER_TOKENS + _TOKENS_A_SECOND * self.speech_ms // 1000

    def work_with(self, tokens: int) -> int:
        """The work that it was, with as many tokens as it had."""
        return _ENCODER_TOKENS + tokens


class State(Enum):
    MAKING = "making"  # its sound is; it holds its place meanwhile
    READY = "ready"
    RESERVED = "reserved"  # taken into a batch that has not begun
    RUNNING = "running"
    DONE = "done"


_NEXT = {
    State.MAKING: {State.READY, State.DONE},
    State.READY: {State.RESERVED, State.DONE},
    State.RESERVED: {State.RUNNING, State.DONE},
    State.RUNNING: {State.READY, State.DONE},  # ready again where memory did not hold its batch
    State.DONE: set[State](),
}


@dataclass(eq=False, slots=True)
class Slot:
    """One row. ``number`` is its place in order of asking, times are of the batcher's clock.

    ``passed_in`` is the last batch that took a later row of the same request instead, 0 before.
    """

    number: int
    order: Order
    asked_s: float
    ready_s: float = field(default=0.0, init=False)
    passed_in: int = field(default=0, init=False)
    state: State = field(default=State.MAKING, init=False)

    def become(self, state: State) -> None:
        """Go on to another state; ValueError where none leads there."""
        if state not in _NEXT[self.state]:
            raise ValueError(f"a {self.state.value} row cannot become {state.value}")
        self.state = state
