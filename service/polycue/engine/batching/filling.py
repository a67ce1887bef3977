"""What the next batch is made of: lanes, turns and kinds put together. No threads, no clock."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Generic, TypeVar

from polycue.domain.caller import Caller, Urgency
from polycue.engine.batching.fairness import Shares
from polycue.engine.batching.ready import Group, Ready, group_of
from polycue.engine.batching.slots import LONGEST_ROW, Lane, Slot, State
from polycue.engine.batching.turns import Turns

S = TypeVar("S", bound=Slot)

_LINGER_S = 0.02
_WORTH_IT_S = 0.001  # to sleep for
_LIVE_FOR_S = 10.0  # a live caller is expected back within
_SAVED_BATCHES = 2  # what one may save up that could not join the batches of others


class Queue(Generic[S]):
    """The rows of all callers that have not ended. Not for several threads at once.

    ``max_rows`` is the most that a batch has. Times are seconds of any clock that goes forward.
    """

    def __init__(self, max_rows: int) -> None:
        self._ready: Ready[S] = Ready()
        self._turns = Turns()
        self._shares = Shares(_SAVED_BATCHES * max_rows * LONGEST_ROW)
        self._making: Counter[Caller] = Counter()
        self._making_again = 0
        self._batches = 0
        self._live = 0  # rows of live callers that have not ended
        self._live_until_s = -math.inf

    def __repr__(self) -> str:
        return f"Queue({len(self._ready)} ready, {self._making.total()} making)"

    def __len__(self) -> int:
        """How many rows no batch has taken."""
        return len(self._ready) + self._making.total()

    @property
    def ready(self) -> int:
        return len(self._ready)

    @property
    def waiting(self) -> dict[Urgency, int]:
        """How many rows of each class no batch has taken."""
        found = dict.fromkeys(Urgency, 0)
        for (lane, _), count in self._ready.count.items():
            found[Urgency.LIVE if lane is Lane.LIVE else Urgency.BATCH] += count
        for caller, count in self._making.items():
            found[caller.urgency] += count
        return found

    @property
    def again(self) -> int:
        """How many of them were decoded before."""
        return self._making_again + self._ready.again

    def oldest_s(self, now_s: float) -> float:
        """For how long the oldest that is ready has been; 0 where none is."""
        oldest = self._ready.oldest
        return now_s - oldest.ready_s if oldest else 0.0

    def add(self, slot: S, now_s: float) -> None:
        """A row was asked for; its sound is being made."""
        self._count_making(slot, 1)
        if slot.order.lane is Lane.LIVE:
            self._live += 1
            self._live_until_s = now_s + _LIVE_FOR_S

    def made(self, slot: S, now_s: float) -> None:
        """Its sound is there."""
        self._count_making(slot, -1)
        slot.ready_s = now_s
        self._to_ready(slot)

    def put_back(self, slot: S) -> None:
        """Its batch was too much for the memory: it takes its place again."""
        self._to_ready(slot)
        caller = slot.order.caller
        self._shares.charge(caller.tenant, caller.request, -slot.order.work)  # it got nothing

    def end(self, slot: S, now_s: float) -> bool:
        """It was recognised, failed or taken back; False where it had ended before."""
        if slot.state is State.DONE:
            return False
        if slot.state is State.MAKING:
            self._count_making(slot, -1)
        elif slot.state is State.READY:
            self._leave(slot)
        slot.become(State.DONE)
        if slot.order.lane is Lane.LIVE:
            self._live -= 1
            self._live_until_s = now_s + _LIVE_FOR_S
        return True

    def settle(self, slot: S, tokens: int) -> None:
        """It had so many tokens: its caller pays for those, not for what was expected."""
        caller, order = slot.order.caller, slot.order
        self._shares.charge(caller.tenant, caller.request, order.work_with(tokens) - order.work)

    def pause_s(self, rows: int, *, idle: int, now_s: float) -> float:
        """How long an idle worker waits for a fuller batch; 0 where it takes what is there.

        Only what nobody waits for, only while its callers are making more of it, and not where
        another idle worker would share it anyway.
        """
        waiting = self._ready.in_lane(Lane.BATCH)
        full = waiting >= self._room(Lane.BATCH, rows, now_s)
        if idle > 1 or not waiting or full or waiting < len(self._ready):
            return 0.0
        oldest = self._ready.oldest
        if oldest is None or not any(slot.order.caller in self._making for slot in self._ready):
            return 0.0
        left_s = oldest.ready_s + _LINGER_S - now_s
        return left_s if left_s > _WORTH_IT_S else 0.0

    def take(self, rows: int, *, idle: int, busy: int = 0, now_s: float) -> list[S]:
        """The next batch for a worker that can hold so many rows, all of them reserved for it.

        Empty where nothing is ready. ``idle`` workers, this one among them, share what there is.
        Who comes from a batch says how many are ``busy`` with theirs: what nobody waits for is left
        for them too, so that the last rows of a film end on all workers at once.
        """
        batches = self._next_batches(rows, now_s)
        if not batches:
            return []
        lane = self._turns.next(batches)
        lead = self._lead(lane)
        group = group_of(lead)
        sharing = max(1, idle if lane is Lane.LIVE else idle + busy)
        room = min(self._room(lane, rows, now_s), math.ceil(self._ready.count[group] / sharing))
        self._batches += 1
        taken = [lead]
        self._reserve(lead)
        self._fill(taken, group, room)
        owed = self._turns.owes_more(lane, sum(s.order.work for s in taken), batches[lane])
        if idle <= 1 and not owed:
            self._top_up(taken, group, rows, now_s)
        got = dict.fromkeys(Lane, 0)
        for slot in taken:
            got[slot.order.lane] += slot.order.work
        self._turns.took(got, batches)
        return taken

    def _next_batches(self, rows: int, now_s: float) -> Mapping[Lane, int]:
        """The work in a batch of each lane that has something ready."""
        found: dict[Lane, int] = {}
        for lane in Lane:
            if count := self._ready.in_lane(lane):
                share = min(1.0, self._room(lane, rows, now_s) / count)
                found[lane] = math.ceil(self._ready.work[lane] * share)
        return found

    def _room(self, lane: Lane, rows: int, now_s: float) -> int:
        """Half a batch while live callers are around, who would have to wait for a whole one."""
        around = self._live > 0 or now_s < self._live_until_s
        return rows if lane is Lane.LIVE or not around else max(1, rows // 2)

    def _lead(self, lane: Lane) -> S:
        ready = self._ready
        whose = self._shares.next(
            lambda tenant: ready.tenant_in(tenant, lane),
            lambda tenant, request: ready.request_in(tenant, request, lane),
        )
        if whose is None:
            raise AssertionError(f"nobody waits in {lane.name}, though something is ready there")
        return ready.first(*whose, lane)

    def _fill(self, taken: list[S], group: Group, room: int, longest: float = math.inf) -> None:
        """Add rows of the group, each of the caller whose turn it is, up to ``room`` in all."""
        ready, work = self._ready, taken[0].order.work
        while len(taken) < room and ready.count[group]:
            whose = self._shares.next(
                lambda tenant: ready.tenant_has(tenant, group),
                lambda tenant, request: ready.request_has(tenant, request, group),
            )
            if whose is None:
                return
            slot = ready.like(*whose, group, work, batch=self._batches)
            if slot.order.work > longest:
                return
            ready.pass_over(slot, self._batches)
            self._reserve(slot)
            taken.append(slot)

    def _top_up(self, taken: list[S], group: Group, rows: int, now_s: float) -> None:
        """Let rows of other lanes ride along where there is room.

        A batch ends with its longest row, so with live ones rides only what is no longer.
        """
        lane, kind = group
        longest = math.inf
        if lane is Lane.LIVE:
            longest = max(slot.order.work for slot in taken)
        for other in Lane:
            if other is not lane:
                self._fill(taken, (other, kind), self._room(other, rows, now_s), longest)

    def _reserve(self, slot: S) -> None:
        caller = slot.order.caller
        self._shares.charge(caller.tenant, caller.request, slot.order.work)
        self._leave(slot)
        slot.become(State.RESERVED)

    def _to_ready(self, slot: S) -> None:
        slot.become(State.READY)
        self._ready.add(slot)
        self._shares.enter(slot.order.caller.tenant, slot.order.caller.request)

    def _leave(self, slot: S) -> None:
        caller = slot.order.caller
        self._ready.remove(slot)
        if not self._ready.has_request(caller.tenant, caller.request):
            last = not self._ready.has_tenant(caller.tenant)
            self._shares.leave(caller.tenant, caller.request, last=last)

    def _count_making(self, slot: S, change: int) -> None:
        caller = slot.order.caller
        self._making[caller] += change
        if not self._making[caller]:
            del self._making[caller]
        self._making_again += change * slot.order.again
