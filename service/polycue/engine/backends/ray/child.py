"""One actor as the server sees it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from polycue import telemetry
from polycue.domain.errors import EngineDied
from polycue.engine.backends.ray.asked import Ask, Begun, Finish, Watch
from polycue.engine.backends.supervised.child import Cause, Child, End
from polycue.engine.backends.supervised.work import Answer, Call, Work


class ActorChild(Child):
    """Reached by way of the bridge, with which it ends."""

    def __init__(
        self, bridge: Child, number: int, begun: Begun, *, on_end: Callable[[Cause], None]
    ) -> None:
        super().__init__(on_end=on_end)
        self._bridge, self._number = bridge, number
        self.node, self.pid = begun.node, begun.pid
        self._gone = threading.Event()
        bridge.ask(Watch(number)).add_done_callback(self._ended)

    @property
    def name(self) -> str:
        return f"actor {self._number}, process {self.pid} on {self.node}"

    def wait(self, timeout_s: float) -> None:
        self._gone.wait(timeout_s)

    def _send(self, number: int, work: Work[Any]) -> None:
        asked = self._bridge.ask(Ask(self._number, Call(number, work, telemetry.facts())))
        asked.add_done_callback(lambda answer: self._take(number, answer))

    def _take(self, number: int, answer: Future[Answer]) -> None:
        error = answer.exception()
        if error is None:
            self._answered(replace(answer.result(), number=number))
        elif isinstance(error, EngineDied):
            self.end(Cause(End.LOST, error.cause if self._bridge.alive else _way_lost(error)))
        else:
            self._answered(Answer(number, error=error))

    def _kill(self) -> None:
        self._bridge.ask(Finish(self._number))

    def _ended(self, told: Future[str]) -> None:
        error = told.exception()
        self._gone.set()
        self.end(Cause(End.LOST, _way_lost(error) if error else told.result()))


def _way_lost(error: BaseException) -> str:
    return f"the bridge to the Ray cluster ended: {getattr(error, 'cause', error)}"
