"""What is ready, found by whose it is and what it may share a batch with."""

from collections import Counter
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from polycue.engine.batching.slots import Lane, Slot

S = TypeVar("S", bound=Slot)

Group = tuple[Lane, Hashable]
"""A lane, and the kind of its rows: what a batch is filled from."""

_CHOICE = 8  # rows of a request, of which the one that is as long as the batch's others is taken


class Ready(Generic[S]):
    """The rows of all requests that are ready, each request's in order. Not for several threads."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, dict[Group, list[S]]]] = {}
        self._by_tenant: dict[str, Counter[Group]] = {}
        self._in_order: dict[S, None] = {}  # as they became ready
        self.count: Counter[Group] = Counter()
        self.work = dict.fromkeys(Lane, 0)
        self.again = 0

    def __len__(self) -> int:
        return len(self._in_order)

    def __iter__(self) -> Iterator[S]:
        """As they became ready."""
        return iter(self._in_order)

    @property
    def oldest(self) -> S | None:
        return next(iter(self._in_order), None)

    def in_lane(self, lane: Lane) -> int:
        return sum(n for (own, _), n in self.count.items() if own is lane)

    def has_tenant(self, tenant: str) -> bool:
        return tenant in self._rows

    def has_request(self, tenant: str, request: str) -> bool:
        return request in self._rows.get(tenant, {})

    def add(self, slot: S) -> None:
        caller, group = slot.order.caller, group_of(slot)
        requests = self._rows.setdefault(caller.tenant, {})
        rows = requests.setdefault(caller.request, {}).setdefault(group, [])
        at = len(rows)
        while at and rows[at - 1].number > slot.number:
            at -= 1
        rows.insert(at, slot)
        self._by_tenant.setdefault(caller.tenant, Counter())[group] += 1
        self._in_order[slot] = None
        self.count[group] += 1
        self.work[group[0]] += slot.order.work
        self.again += slot.order.again

    def remove(self, slot: S) -> None:
        caller, group = slot.order.caller, group_of(slot)
        requests = self._rows[caller.tenant]
        groups = requests[caller.request]
        groups[group].remove(slot)
        if not groups[group]:
            del groups[group]
        if not groups:
            del requests[caller.request]
        if not requests:
            del self._rows[caller.tenant]
        del self._in_order[slot]
        self.work[group[0]] -= slot.order.work
        self.again -= slot.order.again
        for counter in (self.count, self._by_tenant[caller.tenant]):
            counter[group] -= 1
            if not counter[group]:
                del counter[group]
        if not self._by_tenant[caller.tenant]:
            del self._by_tenant[caller.tenant]

    def tenant_has(self, tenant: str, group: Group) -> bool:
        return group in self._by_tenant.get(tenant, ())

    def tenant_in(self, tenant: str, lane: Lane) -> bool:
        return any(own is lane for own, _ in self._by_tenant.get(tenant, ()))

    def request_has(self, tenant: str, request: str, group: Group) -> bool:
        return group in self._rows.get(tenant, {}).get(request, ())

    def request_in(self, tenant: str, request: str, lane: Lane) -> bool:
        return any(own is lane for own, _ in self._rows.get(tenant, {}).get(request, ()))

    def first(self, tenant: str, request: str, lane: Lane) -> S:
        """The request's first row in the lane."""
        groups = self._rows[tenant][request]
        return min(
            (rows[0] for (own, _), rows in groups.items() if own is lane), key=lambda s: s.number
        )

    def like(self, tenant: str, request: str, group: Group, work: int, *, batch: int) -> S:
        """Of the request's next rows in the group the one that is most like ``work``.

        A batch on a GPU takes as long as its longest row, so rows of one length make the best ones.
        Only one batch passes over a row: its film is read in order. ``batch`` is that batch's
        number, from 1.
        """
        rows = self._rows[tenant][request][group]
        first = rows[0]
        if group[0] is Lane.LIVE or first.passed_in not in {0, batch}:
            return first
        return min(rows[:_CHOICE], key=lambda s: (abs(s.order.work - work), s.number))

    def pass_over(self, chosen: S, batch: int) -> None:
        """Mark those of the request that wait in front of the one that this batch takes."""
        caller, group = chosen.order.caller, group_of(chosen)
        rows = self._rows[caller.tenant][caller.request][group]
        for slot in rows[: rows.index(chosen)]:
            slot.passed_in = batch


def group_of(slot: Slot) -> Group:
    return slot.order.lane, slot.order.kind
