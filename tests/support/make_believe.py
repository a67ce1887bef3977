"""A bridge without Ray: its cluster is this very program, and does as files in a folder say.

``absent``, ``full`` and ``lost`` are told to who joins, and to who begins an actor; what an actor
holds is ``fragile``'s. Where ``waits`` is a FIFO, an actor waits for its place until that ends. One
that is asked for ``Vanish`` is lost with its node.
"""

import os
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polycue.domain.errors import ClusterUnavailable, EngineDied
from polycue.engine.backends.processes.serve import called, serve
from polycue.engine.backends.ray.asked import Begun, Hello, Needs
from polycue.engine.backends.ray.parcel import Parcel
from polycue.engine.backends.supervised.answering import answered
from polycue.engine.backends.supervised.child import Cause, End
from polycue.engine.backends.supervised.work import Call, Recognise, Work
from support.fragile import FragileModels, passage

PROGRAM = (__file__,)
POISON = passage(666)  # ends the process of the actor that is given it


@dataclass(frozen=True)
class Vanish:
    """Work that is the last of its node; or of the actor's process alone."""

    end: End = End.LOST

    def do(self, models: Any) -> None: ...


@dataclass(frozen=True)
class Mumble:
    """Work whose result nobody can read."""

    def do(self, models: Any) -> object:
        return _Unreadable()


class _Unreadable:
    def __reduce__(self) -> tuple[type[int], tuple[str]]:
        return int, ("what?",)


def _end_of(work: Work[Any]) -> End | None:
    """How the actor ends that is asked for this."""
    if isinstance(work, Vanish):
        return work.end
    if isinstance(work, Recognise) and work.batch[0].end_ms == POISON.end_ms:
        return End.EXITED
    return None


class Cluster:
    """Actors by number, each with models of its own."""

    def __init__(self) -> None:
        self._actors: dict[int, Any] = {}
        self._ended: dict[int, Future[Cause]] = {}

    def join(self, address: str) -> None:
        self._folder = Path(address)
        if (self._folder / "absent").exists():
            raise ClusterUnavailable("nobody answers")

    def begin(self, number: int, needs: Needs, hello: Hello, within_s: float) -> Begun:
        if (self._folder / "full").exists():
            raise ClusterUnavailable("no node had the 1 CPU of an actor free")
        if (self._folder / "lost").exists():
            raise EngineDied("the Ray cluster", "its head went")
        if (self._folder / "waits").exists():
            (self._folder / "waits").read_text()
        self._actors[number], self._ended[number] = FragileModels(), Future()
        return Begun("10.0.0.9", os.getpid())

    def ask(self, number: int, call: Parcel) -> Future[Parcel]:
        answer: Future[Parcel] = Future()
        threading.Thread(target=self._do, args=(number, call.opened(), answer), daemon=True).start()
        return answer

    def watch(self, number: int) -> Future[Cause]:
        return self._ended[number]

    def end(self, number: int) -> None:
        if self._actors.pop(number, None) is not None:
            self._ended[number].set_result(Cause(End.CLOSED, "it was ended"))

    def _do(self, number: int, call: Call, answer: Future[Parcel]) -> None:
        if end := _end_of(call.work):
            cause = Cause(end, "it went")
            self._actors.pop(number)
            answer.set_exception(cause.died())
            self._ended[number].set_result(cause)
        else:
            answer.set_result(Parcel.of(answered(call, self._actors[number])))


if __name__ == "__main__":
    from support import make_believe  # what it is asked for is of that module

    serve(called(), make_believe.Cluster())
