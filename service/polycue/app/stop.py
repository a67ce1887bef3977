"""How a server is told to stop: once gently, twice at once."""

import asyncio
import os
import signal
import threading
from contextlib import suppress


class Stop:
    """``gently`` lets work end within the time it is given, ``at_once`` does not wait.

    Made and used in one event loop.
    """

    def __init__(self) -> None:
        self.gently = asyncio.Event()
        self.at_once = asyncio.Event()

    def ask(self) -> None:
        """The first time gently, then at once."""
        if self.gently.is_set():
            self.at_once.set()
        self.gently.set()

    def now(self) -> None:
        self.at_once.set()
        self.gently.set()

    def on_signals(self) -> None:
        """Stop on SIGTERM and on Ctrl-C."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.ask)

    def release_signals(self) -> None:
        """Let signals end the process again, for when the loop runs no more."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    def on_end_of(self, descriptor: int) -> None:
        """Stop at once when a pipe ends: whoever held its other end is gone."""
        loop = asyncio.get_running_loop()

        def read_to_the_end() -> None:
            while os.read(descriptor, 4096):
                pass
            with suppress(RuntimeError):  # the loop is closed: the server has stopped by itself
                loop.call_soon_threadsafe(self.now)

        # A thread, since epoll takes neither files nor /dev/null; a daemon, since it may never end.
        threading.Thread(target=read_to_the_end, name="polycue-stdin", daemon=True).start()
