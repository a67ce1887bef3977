"""Deficit round robin: equal shares of the work for whoever waits, however much it asks for."""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from polycue.engine.batching.slots import LONGEST_ROW

T = TypeVar("T", bound=Hashable)

_QUANTUM = LONGEST_ROW  # what a round gives to each; about one row, so that batches are mixed


class Ring(Generic[T]):
    """Members in the order of their turns, each with the work it may still have in this round.

    Differs from the textbook in one point: who is alone in what a batch can take may overdraw, and
    waits until the rounds have paid for it, since an empty row of a batch serves nobody. Nobody
    saves up more than ``savings``: that is for those that could not have joined the batches gone.
    """

    def __init__(self, savings: float) -> None:
        self._savings = savings
        self._balances: OrderedDict[T, float] = OrderedDict()
        self._waiting: set[T] = set()

    def __repr__(self) -> str:
        return f"Ring({', '.join(f'{m}: {b:.0f}' for m, b in self._balances.items())})"

    def __len__(self) -> int:
        """How many are remembered: those that wait, and those that are in debt."""
        return len(self._balances)

    def enter(self, member: T) -> None:
        """It has something waiting from now on."""
        self._waiting.add(member)
        self._balances.setdefault(member, 0.0)

    def leave(self, member: T) -> None:
        """It has nothing waiting any more: what it saved is gone, what it owes is not."""
        self._waiting.discard(member)
        if self._balances.get(member, 0.0) >= 0:
            self._balances.pop(member, None)

    def next(self, can: Callable[[T], bool]) -> T | None:
        """Whose turn it is among those that wait and ``can``; None where nobody does."""
        able = [m for m in self._balances if m in self._waiting and can(m)]
        if not able:
            return None
        richest = max(self._balances[m] for m in able)
        if richest <= 0:
            self._go_round(math.floor(-richest / _QUANTUM) + 1)
        return next(m for m in able if self._balances[m] > 0)

    def charge(self, member: T, work: float) -> None:
        """Take off what it got, or give back what it did not need; in debt it goes to the end."""
        balance = self._balances.get(member, 0.0) - work
        if balance >= 0 and member not in self._waiting:
            self._balances.pop(member, None)
            return
        self._balances[member] = min(balance, self._savings)
        if balance <= 0:
            self._balances.move_to_end(member)

    def _go_round(self, rounds: int) -> None:
        for member, balance in list(self._balances.items()):
            paid = balance + rounds * _QUANTUM
            if paid >= 0 and member not in self._waiting:
                del self._balances[member]
            else:
                self._balances[member] = min(paid, self._savings)


class Shares:
    """Turns among tenants, and among the requests of each."""

    def __init__(self, savings: float) -> None:
        self._savings = savings
        self._tenants: Ring[str] = Ring(savings)
        self._requests: dict[str, Ring[str]] = {}

    def __repr__(self) -> str:
        return f"Shares({self._tenants}, {self._requests})"

    def enter(self, tenant: str, request: str) -> None:
        self._tenants.enter(tenant)
        self._of(tenant).enter(request)

    def leave(self, tenant: str, request: str, *, last: bool) -> None:
        """The request has nothing waiting; ``last`` says that its tenant has not, either."""
        self._of(tenant).leave(request)
        if last:
            self._tenants.leave(tenant)
            # What the requests of one tenant owe one another matters only while they compete.
            self._requests.pop(tenant, None)

    def next(
        self, can_tenant: Callable[[str], bool], can: Callable[[str, str], bool]
    ) -> tuple[str, str] | None:
        tenant = self._tenants.next(can_tenant)
        if tenant is None:
            return None
        request = self._of(tenant).next(lambda r: can(tenant, r))
        return None if request is None else (tenant, request)

    def charge(self, tenant: str, request: str, work: float) -> None:
        self._tenants.charge(tenant, work)
        if tenant in self._requests:
            self._of(tenant).charge(request, work)

    def _of(self, tenant: str) -> Ring[str]:
        if tenant not in self._requests:
            self._requests[tenant] = Ring(self._savings)
        return self._requests[tenant]
