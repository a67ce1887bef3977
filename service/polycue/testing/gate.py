"""Where work stops until a test lets it go on."""

import threading
from dataclasses import dataclass, field

from polycue.domain.cancel import CancelToken


@dataclass(slots=True)
class Gate:
    """A place where work waits until a test opens it, or until the work is cancelled.

    ``reached`` is set when somebody came to it, ``left`` when they went on or were stopped.
    """

    reached: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)
    _open: threading.Event = field(default_factory=threading.Event, init=False)

    def open(self) -> None:
        self._open.set()

    def pass_through(self, cancel: CancelToken) -> None:
        self.reached.set()
        forget = cancel.on_cancel(self._open.set)
        try:
            self._open.wait()
            cancel.check()
        finally:
            forget()
            self.left.set()
