"""Ray's driver, in the bridge."""

import logging
import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import ray
from ray.exceptions import ActorDiedError, RayActorError, RayTaskError

from polycue.domain.errors import ClusterUnavailable, EngineDied
from polycue.engine.backends.processes.arena import ArenaView
from polycue.engine.backends.ray import actor
from polycue.engine.backends.ray.asked import Begun, Hello, Needs
from polycue.engine.backends.ray.held import LOG, Held
from polycue.engine.backends.ray.parcel import Parcel
from polycue.engine.backends.ray.place import no_place
from polycue.engine.backends.supervised.child import Cause, End

# Calls at a time, more than there are: one that waited would lose of its deadline. Ray starts as
# many threads, beside one for the log.
_MOST_AT_ONCE = 128
_AUTO = "auto"
_REACH_S = 5
_PROCESS_DIED = "its worker process has died"
_WHY = "The actor is dead because"
_TOLD = 250  # characters of what Ray says, which goes on for pages


class Driver:
    """Holds the handles of this server's actors; with the process all of them end."""

    def __init__(self, arena: ArenaView | None, engine: type[actor.Engine] = actor.Engine) -> None:
        """Arrays come by way of the ``arena``; ``engine`` is what actors are made of."""
        self._arena, self._engine = arena, engine
        self._near: set[int] = set()  # who sees the arena
        self._held = Held(_kill, _cause)

    def join(self, address: str) -> None:
        logging.getLogger("ray").setLevel(logging.ERROR)  # below that it speaks of itself
        try:
            _reach(address)
            ray.init(
                address=address,
                namespace="polycue",
                log_to_driver=False,
                configure_logging=False,
                logging_level=logging.WARNING,
            )
        except Exception as error:  # of many kinds: what they say is all that can be told
            raise ClusterUnavailable(f"{address}: {_why(error)}") from error

    def begin(self, number: int, needs: Needs, hello: Hello, within_s: float) -> Begun:
        try:
            return self._begun(number, needs, hello, within_s)
        except ClusterUnavailable:
            raise
        except Exception as error:  # a driver of a head that went does not get over it
            raise EngineDied("the Ray cluster", _told(error)) from error

    def _begun(self, number: int, needs: Needs, hello: Hello, within_s: float) -> Begun:
        with self._held.beginning(number):
            _reach_head()
            if self._arena is not None:
                hello = replace(hello, arena=self._arena.location)
            handle = _remote(self._engine, needs).remote()
            self._held.add(number, handle)
            try:
                begun = _greeted(handle, needs, hello, within_s)
            except ClusterUnavailable:
                self._held.end(number)
                _reach_head()
                _stay()
                raise
            if begun.near:
                self._near.add(number)
            self._held.listen(number, begun.node)
            return begun

    def ask(self, number: int, call: Parcel) -> Future[Parcel]:
        handle = self._held.get(number)
        if handle is None:
            raise EngineDied("its work", "its actor was ended")
        if self._arena is not None and number in self._near:
            call = call.placed(self._arena)
        return _answer(handle.do.remote(call))

    def watch(self, number: int) -> Future[Cause]:
        return self._held.watch(number)

    def end(self, number: int) -> None:
        self._near.discard(number)
        self._held.end(number)


def _reach(address: str) -> None:
    """See that somebody is there: Ray itself tries for longer than a minute.

    Raises:
        OSError: nobody is.
    """
    if address != _AUTO:
        host, _, port = address.rpartition(":")
        socket.create_connection((host.strip("[]"), int(port)), _REACH_S).close()


def _why(error: BaseException) -> str:
    """Why a cluster is not joined, of which Ray's last word says nothing where it is the token."""
    cause: BaseException | None = error
    while cause is not None:
        if "AuthenticationError" in f"{type(cause).__name__} {cause}":
            return "it does not know this server's token: see RAY_AUTH_MODE, RAY_AUTH_TOKEN_PATH"
        cause = cause.__cause__
    return _told(error)


def _remote(engine: type[actor.Engine], needs: Needs) -> Any:
    made: Any = ray.remote  # its types know no groups
    return made(concurrency_groups={LOG: 1})(engine).options(
        num_gpus=needs.gpus,
        num_cpus=needs.cpus,
        max_restarts=0,  # its supervisor begins another, and loads again what was loaded
        max_task_retries=0,
        max_concurrency=_MOST_AT_ONCE,
        scheduling_strategy="SPREAD",
    )


def _greeted(handle: Any, needs: Needs, hello: Hello, within_s: float) -> Begun:
    """Wait for a place, and for the actor to be there and like us."""
    said = handle.hello.remote(hello)
    until_s = time.monotonic() + within_s
    while not ray.wait([said], timeout=min(_REACH_S, within_s))[0]:
        _reach_head()
        if time.monotonic() >= until_s:
            raise ClusterUnavailable(_no_place(needs, within_s))
    try:
        begun: Begun = ray.get(said)
    except (RayActorError, RayTaskError) as error:
        raise ClusterUnavailable(f"an actor did not start: {_told(error)}") from error
    ours = version("polycue")
    if begun.version != ours:
        raise ClusterUnavailable(
            f"the Ray node {begun.node} has polycue {begun.version}, and this server {ours}:"
            " install the same on both"
        )
    return begun


def _reach_head() -> None:
    """See that the head is there, without which Ray answers nothing for a minute.

    Actors that run may have work to do for as long: nothing else is ended for it.
    """
    context: Any = ray.get_runtime_context()
    try:
        _reach(context.gcs_address)
    except OSError as error:
        problem = f"its head at {context.gcs_address} does not answer: {error}"
        raise ClusterUnavailable(problem) from error


def _stay() -> None:
    """See that we still belong to the cluster: one whose head was replaced knows us no more.

    Raises:
        ConnectionError: we do not.
    """
    ours = ray.get_runtime_context().get_node_id()
    if not any(node["NodeID"] == ours for node in _nodes()):
        raise ConnectionError("the node that this server is on does not belong to it any more")


def _nodes() -> list[Any]:
    cluster: Any = ray  # without types of its own
    return [node for node in cluster.nodes() if node["Alive"]]


def _kill(handle: Any) -> None:
    with suppress(Exception):  # the cluster may be gone, and it with it
        ray.kill(handle)


def _answer(said: Any) -> Future[Parcel]:
    """What an actor answers; whatever Ray has to say instead is the end of it."""
    answer: Future[Parcel] = Future()

    def settle(done: Future[Any]) -> None:
        error = done.exception()
        if error is None:
            answer.set_result(done.result())
        elif isinstance(error, RayTaskError):  # it could not read the call, or write the answer
            answer.set_exception(error)
        else:
            answer.set_exception(_cause(error).died())

    said.future().add_done_callback(settle)
    return answer


def _cause(error: BaseException) -> Cause:
    """What Ray's error means: the process of an actor ended, or all that it was part of."""
    told = _told(error)
    ended = isinstance(error, ActorDiedError) and _PROCESS_DIED in told
    return Cause(End.EXITED if ended else End.LOST, told)


def _no_place(needs: Needs, waited_s: float) -> str:
    cluster: Any = ray  # without types of its own
    nodes = [node["Resources"] for node in _nodes()]
    return no_place(needs.resources, nodes, cluster.available_resources(), waited_s)


def _told(error: BaseException) -> str:
    """What Ray says of it, on one line and not without end; where it says why, only that."""
    words = " ".join(str(error).split())
    words = words[max(0, words.find(_WHY)) :]
    return words if len(words) <= _TOLD else f"{words[:_TOLD]}..."
