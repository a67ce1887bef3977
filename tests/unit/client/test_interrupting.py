"""Interrupting the synchronous client from where signals are handled: between any two lines."""

import itertools
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue_client import Retry, connect, errors
from polycue_client.testing import Event, ScriptedServer
from polycue_client.wire import blocking

# Where a client waits, or has a lock while it does not.
WAITING = (blocking.__file__, sys.modules["threading"].__file__)


class Handler:
    """Does something once, before a line of ``WAITING`` is run by this thread."""

    def __init__(self, line: int, handle: Callable[[], None]) -> None:
        self._left, self._handle = line, handle

    @property
    def ran(self) -> bool:
        return self._left <= 0

    def __enter__(self) -> "Handler":
        self._before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, *raised: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, event: str, arg: object) -> Any:
        return self._reached if frame.f_code.co_filename in WAITING and not self.ran else None

    def _reached(self, frame: FrameType, event: str, arg: object) -> Any:
        if event == "line" and not self.ran:
            self._left -= 1
            if self.ran:
                self._handle()
        return self._reached


def steps(spec: jobs_pb2.JobSpec) -> list[Event]:
    states = (jobs_pb2.JOB_STATE_RUNNING, jobs_pb2.JOB_STATE_SUCCEEDED)
    return [Event(job=jobs_pb2.Job(state=state)) for state in states]


def test_a_handler_may_interrupt_a_watch_at_any_line(
    server: ScriptedServer, impatient: Retry
) -> None:
    # Its thread had the lock that interrupt() waits for: the program hung.
    def watched_to_its_end(line: int) -> bool:
        server.scripts.append(steps)
        server.fail("WatchJob", after=1)  # so that it pauses too
        with connect(server.address, retry=impatient) as client:
            job = client.subtitle(media_pb2.MediaSource(uri="file:///film.mp4"))
            with Handler(line, client.interrupt) as handler:
                try:
                    assert len(list(client.watch(job))) == 2
                except errors.CallCancelled:
                    assert handler.ran
            return not handler.ran

    lines = next(line for line in itertools.count(1) if watched_to_its_end(line))
    assert lines > 50
