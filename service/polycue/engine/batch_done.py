"""What is told of each batch when it has ended, and of the queue at any time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polycue.domain.caller import Caller, Urgency
from polycue.engine.origin import NOWHERE, Origin
from polycue.tracing.parts import Part


@dataclass(frozen=True, slots=True)
class Served:
    """One row of a batch that has ended.

    ``waited_s`` is the time from when its sound was ready until its batch began, ``age_s`` from
    when it was asked for until its batch ended. ``tokens`` are those of its result, 0 where it has
    none. ``again`` says that it was in doubt and has been decoded before. ``origin`` is for traces.
    """

    caller: Caller
    waited_s: float
    age_s: float
    tokens: int
    audio_ms: int
    again: bool
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class BatchDone:
    """A batch that one worker of a device has run, or had another device run for it.

    ``max_rows`` is how many it could have had. ``failed`` says that the backend gave up on it as a
    whole; its rows may have been recognised one by one since. For traces there is when it was,
    since the epoch, and in ``parts`` what it consisted of, where that was noted.
    """

    model: str
    device: str
    worker: int
    rows: tuple[Served, ...]
    max_rows: int
    took_s: float
    failed: bool
    began_ns: int = 0
    ended_ns: int = 0
    parts: Sequence[Part] = ()


@dataclass(frozen=True, slots=True)
class Queued:
    """What a batcher holds at one moment.

    ``waiting`` counts rows that no batch has taken, those whose sound is still being made among
    them, and ``again`` those of them that have been decoded before. ``oldest_s`` is for how long
    the oldest of those that are ready has been. ``bytes`` is what all rows take that have not
    ended, ``running`` how many batches are at work.
    """

    waiting: Mapping[Urgency, int]
    again: int
    running: int
    oldest_s: float
    bytes: int
