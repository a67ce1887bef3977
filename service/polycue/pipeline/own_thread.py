"""What only a job's own thread may do, such as to report, asked for by threads that work for it."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

Action = Callable[[], None]


class OwnThread:
    """Has things done in the thread that made it, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._owner = threading.get_ident()
        self._asked: SimpleQueue[Action] = SimpleQueue()

    def __repr__(self) -> str:
        return f"OwnThread({self._asked.qsize()} to be done)"

    def do(self, action: Action) -> None:
        """At once where it is asked for in that thread; else soon, and the caller does not wait."""
        if threading.get_ident() == self._owner:
            action()
        else:
            self._asked.put(action)

    def catch_up(self) -> None:
        """Do what was asked for by now; raises what that raises."""
        while True:
            try:
                action = self._asked.get_nowait()
            except Empty:
                return
            action()

    def work_until(self, done: Callable[[], bool]) -> None:
        """Do what is asked for until that has made it so; raises what that raises."""
        while not done():
            self._asked.get()()
