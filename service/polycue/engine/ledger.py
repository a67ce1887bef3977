"""What the engine does for each piece of work, written down batch by batch."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from polycue.domain.usage import EngineUsage
from polycue.engine.batch_done import BatchDone, Served

Clock = Callable[[], float]


class Account:
    """What was done for one piece of work since it was opened. Safe to use from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._began_s = clock()
        self._ended_s: float | None = None
        self._waited_s = self._longest_wait_s = self._device_s = self._engine_s = 0.0
        self._batches = self._filled = self._room = 0
        self._rows = self._again = self._tokens = self._audio_ms = 0

    def __repr__(self) -> str:
        return f"Account({self._rows} rows in {self._batches} batches)"

    def usage(self) -> EngineUsage:
        """As of now, or of when the account was closed."""
        with self._lock:
            until_s = self._clock() if self._ended_s is None else self._ended_s
            return EngineUsage(
                wall_ms=_ms(until_s - self._began_s),
                waited_ms=_ms(self._waited_s),
                longest_wait_ms=_ms(self._longest_wait_s),
                device_ms=_ms(self._device_s),
                engine_ms=_ms(self._engine_s),
                batches=self._batches,
                filled=self._filled,
                room=self._room,
                rows=self._rows,
                rows_again=self._again,
                tokens=self._tokens,
                audio_ms=self._audio_ms,
            )

    def note(self, done: BatchDone, request: str) -> None:
        """Write down a batch, and what ``request``, whose account this is, had in it."""
        own = [row for row in done.rows if row.caller.request == request]
        with self._lock:
            if self._ended_s is not None:
                return
            # No batch can have begun for it before the account was there.
            self._engine_s += min(done.took_s, self._clock() - self._began_s)
            if not own:
                return
            self._batches += 1
            self._filled += len(done.rows)
            self._room += done.max_rows
            self._device_s += done.took_s * len(own) / len(done.rows)
            if not done.failed:  # else its rows come again, one by one
                self._served(own)

    def end(self) -> None:
        with self._lock:
            self._ended_s = self._clock()

    def _served(self, rows: list[Served]) -> None:
        self._rows += len(rows)
        self._again += sum(row.again for row in rows)
        self._tokens += sum(row.tokens for row in rows)
        self._audio_ms += sum(row.audio_ms for row in rows if not row.again)
        self._waited_s += sum(row.waited_s for row in rows)
        self._longest_wait_s = max(self._longest_wait_s, *(row.waited_s for row in rows))


class Ledger:
    """Holds the accounts of what is at work. Safe to use from any thread."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._accounts: dict[Account, str] = {}

    def __repr__(self) -> str:
        return f"Ledger({len(self._accounts)} open)"

    @contextmanager
    def open(self, request: str) -> Iterator[Account]:
        """The account of a piece of work, by the name its caller has, for the length of the block.

        It can be read afterwards too; what comes in later is in no account.
        """
        account = Account(self._clock)
        with self._lock:
            self._accounts[account] = request
        try:
            yield account
        finally:
            account.end()
            with self._lock:
                del self._accounts[account]

    def note(self, done: BatchDone) -> None:
        """Write a batch down. Called before anybody hears of its results."""
        with self._lock:
            accounts = list(self._accounts.items())
        for account, request in accounts:
            account.note(done, request)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
