"""One actor as the server sees it."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from polycue import telemetry
from polycue.domain.errors import EngineDied
from polycue.engine.backends.ray.asked import Ask, Begun, Finish, Watch
from polycue.engine.backends.ray.parcel import Parcel
from polycue.engine.backends.supervised.child import Cause, Child, End
from polycue.engine.backends.supervised.work import Answer, Call, Work
from polycue.tracing.parts import noted
from polycue.tracing.spans import Value


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

    @property
    def whereabouts(self) -> Mapping[str, Value]:
        return {"actor": self._number, "node": self.node}

    def wait(self, timeout_s: float) -> None:
        self._gone.wait(timeout_s)

    def _send(self, number: int, work: Work[Any]) -> None:
        call = Parcel.of(Call(number, work, telemetry.facts(), noted() is not None))
        asked = self._bridge.ask(Ask(self._number, call))
        asked.add_done_callback(lambda answer: self._take(number, answer))

    def _take(self, number: int, answer: Future[Parcel]) -> None:
        error = answer.exception()
        if error is None:
            self._open(answer.result())
        elif isinstance(error, EngineDied):
            self.end(self._cause_of(error))
        else:
            self._answered(Answer(number, error=error))

    def _open(self, parcel: Parcel) -> None:
        try:
            self._answered(parcel.opened())
        except Exception as error:
            self.end(Cause(End.BROKEN, f"its answer cannot be read: {error}"))

    def _cause_of(self, error: EngineDied) -> Cause:
        if not self._bridge.alive:
            return self._with_bridge(error)
        return Cause(End.LOST if error.lost else End.EXITED, error.cause)

    def _with_bridge(self, error: BaseException) -> Cause:
        cause = self._bridge.cause
        if cause is None or cause.end is not End.CLOSED:
            told = cause.text if cause else str(error)
            return Cause(End.LOST, f"the bridge to the Ray cluster ended: {told}")
        return cause

    def _kill(self) -> None:
        self._bridge.ask(Finish(self._number))

    def _ended(self, told: Future[Cause]) -> None:
        error = told.exception()
        self._gone.set()
        if error is None:
            self.end(told.result())
        else:
            self.end(self._with_bridge(error))
