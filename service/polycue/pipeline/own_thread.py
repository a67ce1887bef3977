"""What only a job's own thread may do, such as to report, asked for by threads that work for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue

Action = Callable[[], None]


class OwnThread:
    """Has things done in the thread that made it, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._owner = threading.get_ident()
        self._asked: SimpleQueue[tuple[Action, bool]] = SimpleQueue()
        self._stirred: Action = _nothing

    def __repr__(self) -> str:
        return f"OwnThread({self._asked.qsize()} to be done)"

    def do(self, action: Action, *, saves: bool = False) -> None:
        """At once where it is asked for in that thread; else soon, and the caller does not wait.

        ``saves`` says that work is kept, which is worth doing though all else has failed.
        """
        if threading.get_ident() == self._owner:
            action()
        else:
            self._asked.put((action, saves))
            self._stirred()

    def on_asked(self, stirred: Action) -> None:
        """Have ``stirred`` called, in any thread, whenever there is something to be done."""
        self._stirred = stirred

    def catch_up(self) -> None:
        """Do what was asked for by now; raises what that raises."""
        for action, _ in self._waiting():
            action()

    def save_rest(self) -> None:
        """Of what was asked for by now, do only what saves; raises what that raises."""
        for action, saves in self._waiting():
            if saves:
                action()

    def work_until(self, done: Callable[[], bool]) -> None:
        """Do what is asked for until that has made it so; raises what that raises."""
        while not done():
            action, _ = self._asked.get()
            action()

    def _waiting(self) -> Iterator[tuple[Action, bool]]:
        with suppress(Empty):
            while True:
                yield self._asked.get_nowait()


def _nothing() -> None:
    pass
