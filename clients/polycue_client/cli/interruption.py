"""Ctrl-C and its like as a request to stop, not as an exception at whatever line is running.

An exception that a signal handler raises inside grpc can leave one of grpc's locks taken, and the
process hangs when it tidies up (seen with grpcio 1.85.1: SIGTERM just as a stream began).
"""

import os
import signal
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from polycue_client.cli.exits import ExitCode

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Listens for signals for the length of a ``with`` block; only for the main thread.

    ``times`` counts the signals. The third ends the process where it stands, as none were caught.
    """

    def __init__(self) -> None:
        self.times = 0
        self._number = 0
        self._callbacks: list[Callable[[int], None]] = []

    def __repr__(self) -> str:
        return f"Interruption({self.times} times)"

    @property
    def exit_code(self) -> int:
        """What a shell expects of a command that a signal ended."""
        return ExitCode.INTERRUPTED if self._number == signal.SIGINT else 128 + self._number

    def on_signal(self, callback: Callable[[int], None]) -> None:
        """Call ``callback`` with ``times``, from a thread, whenever a signal comes.

        At once if one has come already; it may be called twice for the same.
        """
        self._callbacks.append(callback)
        if self.times:
            callback(self.times)

    def __enter__(self) -> Self:
        self._from_handler, self._to_thread = os.pipe()
        self._before = {number: signal.signal(number, self._signalled) for number in _SIGNALS}
        self._thread = threading.Thread(target=self._listen, name="interruption")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._to_thread)  # the thread reads the end of the pipe and goes
        self._thread.join()
        os.close(self._from_handler)

    def _signalled(self, number: int, frame: object) -> None:
        # Runs between any two instructions of the main thread, so it takes no lock.
        self.times, self._number = self.times + 1, number
        if self.times > 1:
            signal.signal(number, signal.SIG_DFL)
        os.write(self._to_thread, b"!")

    def _listen(self) -> None:
        while os.read(self._from_handler, 1):
            for callback in tuple(self._callbacks):
                callback(self.times)
