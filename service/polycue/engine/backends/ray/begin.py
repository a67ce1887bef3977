"""How supervisors begin actors: by way of one bridge, which is there while it is needed."""

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait

from polycue import telemetry
from polycue.domain.errors import ClusterUnavailable, Draining, EngineDied
from polycue.engine.backends.processes.process import ChildProcess
from polycue.engine.backends.ray.asked import Begin, Begun, Finish, Hello, Join, Needs
from polycue.engine.backends.ray.child import ActorChild
from polycue.engine.backends.supervised.backoff import Backoff
from polycue.engine.backends.supervised.child import Cause, Child, End

PROGRAM = ("-m", "polycue.engine.backends.ray.bridge")

_JOIN_S = 30  # for Ray to load and to reach a cluster; a second or two
_ANSWER_S = 30  # beyond the time that a place may take, for an actor to start Python
_CLOSE_S = 5
_CLUSTER = "cluster"

log = telemetry.logger(__name__)


class Actors:
    """Begins actors of one cluster. Safe to use from any thread; ``close`` must be called."""

    def __init__(
        self,
        address: str,
        needs: Needs,
        hello: Hello,
        *,
        place_s: float,
        environment: Mapping[str, str],
        program: Sequence[str] = PROGRAM,
        answer_s: float = _ANSWER_S,
    ) -> None:
        """``place_s`` is how long an actor may wait for a place; Ray is told by ``environment``.

        After ``answer_s`` more, whoever should say that there is none does not answer.
        """
        self._address, self._needs, self._hello, self._place_s = address, needs, hello, place_s
        self._environment, self._program, self._answer_s = environment, program, answer_s
        self._backoff = Backoff()
        self._joining = threading.Lock()
        self._judging = threading.Lock()  # of whether the bridge is of use to others
        self._numbers = itertools.count()
        self._bridge: Child | None = None
        self._children: list[ActorChild] = []  # some of which may have ended
        self._closed = False

    def __repr__(self) -> str:
        return f"Actors({self._address}, {self._bridge})"

    def begin(self, on_end: Callable[[Cause], None]) -> ActorChild:
        """Start an actor; ``on_end`` as a ``Child``'s.

        Raises:
            ClusterUnavailable: there is no cluster, or no place in it.
            Draining: it is closed.
            OSError: this machine starts no more processes.
        """
        try:
            return self._begun(on_end)
        except EngineDied as error:
            if self._closed:
                raise Draining from error
            log.warning("another driver is tried", problem=error.cause)
        try:
            return self._begun(on_end)
        except EngineDied as error:
            raise ClusterUnavailable(f"it was lost: {error.cause}") from error

    def close(self) -> None:
        """End the bridge, and with it all actors; who waits for one to begin is told at once."""
        self._closed = True
        self._end()  # whoever joins a cluster holds the lock until this
        with self._joining:
            self._end()

    def _end(self) -> None:
        bridge = self._bridge
        if bridge is not None:
            bridge.end(Cause(End.CLOSED, "the engine was closed"))
            bridge.wait(_CLOSE_S)

    def _begun(self, on_end: Callable[[Cause], None]) -> ActorChild:
        """As ``begin``; EngineDied where the bridge was of no more use, and is gone."""
        bridge, number = self._joined(), next(self._numbers)
        try:
            begun = self._answer(bridge, number)
        except EngineDied as error:
            self._give_up(bridge, error)
            raise
        child = ActorChild(bridge, number, begun, on_end=on_end)
        with self._judging:
            self._children = [*self._living(), child]
        return child

    def _answer(self, bridge: Child, number: int) -> Begun:
        within_s = self._place_s + self._answer_s
        answer = bridge.ask(Begin(number, self._needs, self._hello, self._place_s))
        if not wait((answer,), within_s).done:
            bridge.ask(Finish(number))  # should it come to be after all
            raise EngineDied("the Ray cluster", f"no answer within {within_s:g} s")
        begun: Begun = answer.result()
        return begun

    def _give_up(self, bridge: Child, error: EngineDied) -> None:
        """End a bridge that begins no more actors.

        Raises:
            ClusterUnavailable: others of it live, and would end with it: they go on.
        """
        with self._judging:
            if not bridge.alive or not self._living():
                bridge.end(Cause(End.LOST, error.cause))
                return
        raise ClusterUnavailable(f"no further actor begins: {error.cause}") from error

    def _living(self) -> list[ActorChild]:
        return [child for child in self._children if child.alive]

    def _joined(self) -> Child:
        with self._joining:
            if self._closed:
                raise Draining
            if self._bridge is not None and self._bridge.alive:
                return self._bridge
            self._backoff.check(_CLUSTER)
            self._bridge = bridge = ChildProcess(self._program, self._environment, on_end=_told)
            try:
                bridge.do(Join(self._address), within_s=_JOIN_S)
            except Exception as error:
                if self._closed:
                    raise Draining from error
                bridge.end(Cause(End.CLOSED, "it has joined no cluster"))
                raise self._backoff.failed(_CLUSTER, _unavailable(error)) from error
            self._backoff.worked(_CLUSTER)
            log.info("a Ray cluster was joined", address=self._address, pid=bridge.pid)
            return bridge


def _unavailable(error: Exception) -> ClusterUnavailable:
    if isinstance(error, ClusterUnavailable):
        return error
    return ClusterUnavailable(getattr(error, "cause", str(error)))


def _told(cause: Cause) -> None:
    if cause.end is not End.CLOSED:
        log.error("the Ray cluster was lost", cause=cause.text)
