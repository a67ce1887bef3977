"""What a bridge makes of what its actors say and of how they end; they are made up here."""

import logging
from concurrent.futures import Future
from typing import Any

import pytest

from polycue.domain.errors import ClusterUnavailable
from polycue.engine.backends.ray.held import Held
from polycue.engine.backends.supervised.child import Cause, End
from polycue.engine.backends.supervised.work import LogLine
from support.told import telling

PATIENCE_S = 60.0
UNTELLABLE = LogLine("no level", "polycue.test", "hm")  # type: ignore[arg-type]


class Handle:
    """An actor as Ray hands it out: its ``lines`` are asked for again and again."""

    def __init__(self, *said: Any) -> None:
        self._said = list(said)
        self.asked: Future[Any] = Future()
        self.killed = 0

    @property
    def lines(self) -> "Handle":
        return self

    def options(self, **_: Any) -> "Handle":
        return self

    def remote(self) -> "Handle":
        return self

    def future(self) -> Future[Any]:
        """What it said; an exception is raised, and at the end the answer waits."""
        said = self._said.pop(0) if self._said else self.asked
        if isinstance(said, Exception):
            raise said
        if said is self.asked:
            return self.asked
        answer: Future[Any] = Future()
        answer.set_result(said)
        return answer


def _kill(handle: Handle) -> None:
    handle.killed += 1


def _cause(error: BaseException) -> Cause:
    return Cause(End.LOST, str(error))


@pytest.fixture
def held() -> Held:
    return Held(_kill, _cause)


def begin(held: Held, handle: Handle) -> None:
    with held.beginning(1):
        held.add(1, handle)
        held.listen(1, "10.0.0.9")


def begin_too_late(held: Held, handle: Handle) -> None:
    with held.beginning(1):
        held.end(1)
        held.add(1, handle)


def begin_in_vain(held: Held, handle: Handle) -> None:
    with held.beginning(1):
        held.add(1, handle)
        raise RuntimeError


def test_a_line_that_cannot_be_told_does_not_hide_how_its_actor_ends(held: Held) -> None:
    handle = Handle([UNTELLABLE], [LogLine(logging.ERROR, "polycue.test", "it broke down")])
    with telling("polycue.test") as told:
        begin(held, handle)
        assert told.wait_for("broke")
    ended = held.watch(1)
    handle.asked.set_exception(RuntimeError("its node went"))
    assert ended.result(PATIENCE_S) == Cause(End.LOST, "its node went")
    assert held.get(1) is None


def test_an_actor_that_cannot_be_listened_to_is_ended_and_that_is_told(held: Held) -> None:
    handle = Handle([], RuntimeError("no driver any more"))
    begin(held, handle)
    assert held.watch(1).result(PATIENCE_S) == Cause(End.LOST, "no driver any more")
    assert held.get(1) is None


def test_what_was_told_or_nobody_asks_for_is_not_kept(held: Held) -> None:
    begin(held, Handle())
    ended = held.watch(1)
    assert not ended.done()
    assert held.watch(1).result(0).end is End.CLOSED  # it is not known twice
    begin(held, Handle())
    held.end(1)
    assert held.watch(1).result(0).end is End.CLOSED


def test_one_that_is_ended_while_it_begins_is_left_nowhere(held: Held) -> None:
    early, late = Handle(), Handle()
    with held.beginning(1):
        held.add(1, early)
        held.end(1)
        held.listen(1, "10.0.0.9")
    with pytest.raises(ClusterUnavailable, match="nobody waits"):
        begin_too_late(held, late)
    assert (early.killed, late.killed) == (1, 1)
    assert held.get(1) is None


def test_one_that_fails_to_begin_is_ended(held: Held) -> None:
    handle = Handle()
    with pytest.raises(RuntimeError):
        begin_in_vain(held, handle)
    assert handle.killed == 1
