"""Actors by way of a bridge that is a real process; the cluster behind it is make-believe."""

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from polycue.domain.caller import Urgency
from polycue.domain.errors import (
    ClusterUnavailable,
    DeviceUnavailable,
    Draining,
    EngineDied,
    PoisonChunk,
)
from polycue.engine.backends.backend import Backend
from polycue.engine.backends.ray.asked import Hello, Needs
from polycue.engine.backends.ray.begin import Actors
from polycue.engine.backends.supervised.child import End
from polycue.engine.backends.supervised.crew import Crew
from polycue.engine.backends.supervised.elastic import Elastic
from polycue.engine.backends.supervised.fleet import Fleet
from polycue.engine.backends.supervised.host import elastic_host
from polycue.engine.backends.supervised.pace import Pace
from polycue.engine.backends.supervised.several_texts import SeveralTexts
from polycue.engine.backends.supervised.size import Size
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import Choose, Work
from polycue.engine.batch_done import Queued
from polycue.engine.devices import Device
from polycue.tracing.parts import Noted
from support.fragile import Do, Untimely, passage
from support.make_believe import POISON, PROGRAM, Mumble, Vanish

T = TypeVar("T")

PATIENCE_S = 60.0
IDLE_S = 60.0


class Made:
    """A crew of actors, and what a test needs to know of it."""

    def __init__(self, folder: Path, least: int = 1) -> None:
        self.cluster = folder
        self.actors = self.begins(place_s=5)
        self.fleet = Fleet([self.make(number) for number in range(least)], own_models=True)
        self.texts = SeveralTexts()
        self.crew = Crew(self.fleet, self.texts, "int8")

    def begins(self, *, place_s: float, answer_s: float = PATIENCE_S) -> Actors:
        return Actors(
            str(self.cluster),
            Needs(gpus=0, cpus=1),
            Hello(self.cluster, recorded_only=False, log_level=logging.INFO),
            place_s=place_s,
            answer_s=answer_s,
            environment={},
            program=PROGRAM,
        )

    def make(self, number: int) -> Supervisor:
        return Supervisor(
            Choose("cpu", "int8", 0, 1, 1),
            Pace(factor=20, least_s=60),
            begin=self.actors.begin,
            device=Device("cpu", 0, "int8", 1, place=f"ray:{number}"),
        )

    def is_(self, state: str) -> None:
        (self.cluster / state).touch()

    def is_not(self, state: str) -> None:
        (self.cluster / state).unlink()

    def labels(self) -> list[str]:
        return [supervisor.device.label for supervisor in self.fleet.supervisors]

    def vanish(self, end: End) -> None:
        """Have the first actor end, and come back when that is known."""
        child = self.fleet.supervisors[0].child
        assert child
        with pytest.raises(EngineDied):
            child.do(Vanish(end), within_s=PATIENCE_S)
        child.wait(PATIENCE_S)
        assert not child.alive

    def close(self) -> None:
        self.fleet.close()
        self.actors.close()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    (tmp_path / "cluster").mkdir()
    with contextlib.closing(Made(tmp_path / "cluster")) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    return tmp_path / "model"


def starts(backend: Backend, *numbers: int) -> list[int]:
    return [found.facts.start_ms for found in backend.run([passage(n) for n in numbers])]


def as_soon_as_it_may(do: Callable[[], T]) -> T:
    """What comes of it once what failed may be tried again."""
    for _ in range(5):
        try:
            return do()
        except ClusterUnavailable as error:
            threading.Event().wait(error.retry_after_s)
    return do()


def diary(folder: Path) -> list[str]:
    return (folder / "diary").read_text().splitlines()


def test_nothing_is_started_until_it_is_needed_and_then_an_actor_does_the_work(
    made: Made, folder: Path
) -> None:
    assert not made.fleet.up
    assert made.fleet.supervisors[0].child is None
    made.fleet.restore()
    assert made.fleet.up
    (backend,) = made.crew.open(folder, "fragile")
    assert starts(backend, 3, 5) == [3, 5]
    assert diary(folder) == ["load fragile", "run 3 5"]


def test_an_actor_says_what_a_batch_consisted_of_and_the_server_where_that_was(
    made: Made, folder: Path
) -> None:
    (backend,) = made.crew.open(folder, "fragile")
    notes = Noted()
    began_ns = notes.now_ns()
    with notes.here():
        backend.run([passage(1)])
    (part,) = notes.parts
    assert part.name == "obey"
    assert began_ns <= part.began_ns <= part.ended_ns <= notes.now_ns()
    child = made.fleet.supervisors[0].child
    assert child
    assert (part.facts["node"], part.facts["actor"]) == ("10.0.0.9", 0)
    assert part.facts["process.pid"] == child.pid


@pytest.mark.parametrize(("state", "words"), [("absent", "nobody answers"), ("full", "no node")])
def test_a_cluster_that_cannot_be_used_says_why_and_is_used_when_it_can(
    made: Made, folder: Path, state: str, words: str
) -> None:
    made.is_(state)
    with pytest.raises(ClusterUnavailable, match=words) as refused:
        made.crew.open(folder, "fragile")
    assert refused.value.retry_after_s == 1
    assert not made.fleet.up
    made.is_not(state)
    (backend,) = as_soon_as_it_may(lambda: made.crew.open(folder, "fragile"))
    assert starts(backend, 1) == [1]


def test_another_actor_takes_the_place_of_one_that_is_lost(made: Made, folder: Path) -> None:
    (backend,) = made.crew.open(folder, "fragile")
    made.vanish(End.LOST)
    assert not made.fleet.up
    assert starts(backend, 4) == [4]
    assert made.fleet.up
    assert diary(folder) == ["load fragile", "load fragile", "run 4"]


def test_a_chunk_is_not_to_blame_for_a_bridge_that_ends_beside_it(made: Made, folder: Path) -> None:
    (backend,) = made.crew.open(folder, "fragile")
    with pytest.raises(EngineDied) as lost:
        backend.run([passage(1, Do.ABORT)])
    assert lost.value.lost
    with pytest.raises(ClusterUnavailable, match="the bridge to the Ray cluster ended"):
        backend.run_alone(passage(1, Do.ABORT))
    assert starts(backend, 2) == [2]


def test_a_driver_that_its_cluster_knows_no_more_is_replaced(made: Made, folder: Path) -> None:
    (backend,) = made.crew.open(folder, "fragile")
    before = made.fleet.supervisors[0].child
    made.is_("lost")
    made.vanish(End.EXITED)
    with pytest.raises(ClusterUnavailable, match="its head went"):
        backend.run([passage(1)])
    made.is_not("lost")
    assert as_soon_as_it_may(lambda: starts(backend, 2)) == [2]
    after = made.fleet.supervisors[0].child
    assert before
    assert after
    assert before.pid != after.pid  # the bridge's, here


def test_a_driver_that_begins_no_more_actors_is_kept_for_those_that_work(made: Made) -> None:
    first = made.actors.begin(lambda cause: None)
    made.is_("lost")
    with pytest.raises(ClusterUnavailable, match="its head went"):
        made.actors.begin(lambda cause: None)
    assert first.alive
    made.is_not("lost")
    assert made.actors.begin(lambda cause: None).pid == first.pid  # the bridge's, here


def test_a_head_that_does_not_answer_ends_no_actor(made: Made) -> None:
    impatient = made.begins(place_s=2, answer_s=0)
    with contextlib.closing(impatient):
        first = as_soon_as_it_may(lambda: impatient.begin(lambda cause: None))
        os.mkfifo(made.cluster / "waits")
        with pytest.raises(ClusterUnavailable, match="no answer within 2 s"):
            impatient.begin(lambda cause: None)
        assert first.alive
        with (made.cluster / "waits").open("w"):
            made.is_not("waits")
        second = as_soon_as_it_may(lambda: impatient.begin(lambda cause: None))
        assert second.pid == first.pid


def test_with_the_bridge_all_actors_end(made: Made) -> None:
    made.fleet.restore()
    child = made.fleet.supervisors[0].child
    assert child
    assert child.name == f"actor 0, process {child.pid} on 10.0.0.9"
    os.kill(child.pid, signal.SIGKILL)
    child.wait(PATIENCE_S)
    assert not child.alive


@pytest.mark.parametrize("work", [Mumble(), Untimely()])
def test_an_answer_that_cannot_be_read_ends_its_actor_and_no_other(
    made: Made, work: Work[Any]
) -> None:
    mumbling, other = (made.actors.begin(lambda cause: None) for _ in range(2))
    with Noted().here(), pytest.raises(EngineDied, match="cannot be read"):
        mumbling.do(work, within_s=PATIENCE_S)
    assert not mumbling.alive
    assert other.alive
    assert other.pid == made.actors.begin(lambda cause: None).pid  # the bridge's, here


class Rows:
    """Stands for a batcher: rows that wait, and backends that are there for them."""

    closed = False

    def __init__(self) -> None:
        self.waiting = 0
        self.is_draining = False
        self.there: list[Backend] = []
        self.came = threading.Semaphore(0)
        self.done = threading.Event()  # the batches of who is let go
        self.done.set()

    def of(self, made: Made, folder: Path) -> list[Backend]:
        """Stand for the batcher of a recogniser that is opened."""
        backends = made.crew.open(folder, "fragile")
        self.there = list(backends)
        made.crew.staffed(backends, self)
        return self.there[:]

    @property
    def queue(self) -> Queued:
        return Queued({Urgency.BATCH: self.waiting}, again=0, running=0, oldest_s=0, bytes=0)

    def take_in(self, backend: Backend) -> None:
        if self.is_draining:
            raise Draining
        self.there.append(backend)
        self.came.release()

    def let_go(self, backend: Backend) -> None:
        assert self.done.wait(PATIENCE_S)
        self.there.remove(backend)
        backend.close()


@pytest.fixture
def rows() -> Rows:
    return Rows()


class Watched:
    """An elastic crew that looks when it is told to, at a time of its own."""

    def __init__(self, made: Made, most: int) -> None:
        self.now_s = 0.0
        self.elastic = Elastic(
            made.fleet,
            made.crew,
            made.texts,
            Size(1, most, idle_s=IDLE_S),
            made.make,
            clock=lambda: self.now_s,
        )

    def look(self, after_s: float = 1) -> None:
        self.now_s += after_s
        self.elastic.look()


def test_actors_come_while_rows_wait_and_go_when_they_have_been_idle(
    made: Made, folder: Path, rows: Rows
) -> None:
    (first,) = rows.of(made, folder)
    watched = Watched(made, most=3)
    watched.look()
    assert made.labels() == ["ray:0"]
    rows.waiting = 100
    watched.look()
    for _ in range(2):
        assert rows.came.acquire(timeout=PATIENCE_S)
    assert [starts(backend, 7) for backend in rows.there] == [[7], [7], [7]]
    assert watched.elastic.settle(PATIENCE_S)
    rows.waiting = 0
    watched.look()
    assert sorted(made.labels()) == ["ray:0", "ray:1", "ray:2"]
    watched.look(after_s=IDLE_S + 1)
    assert watched.elastic.settle(PATIENCE_S)
    assert made.labels() == ["ray:0"]
    assert rows.there == [first]
    assert starts(first, 8) == [8]


def test_one_that_goes_ends_its_work_and_holds_up_nobody_but_the_end(
    made: Made, folder: Path, rows: Rows
) -> None:
    (first,) = rows.of(made, folder)
    watched = Watched(made, most=2)
    rows.waiting = 100
    watched.look()
    assert rows.came.acquire(timeout=PATIENCE_S)
    assert watched.elastic.settle(PATIENCE_S)
    rows.waiting = 0
    watched.look()
    rows.done.clear()
    watched.look(after_s=IDLE_S + 1)
    rows.waiting = 100
    watched.look()  # which has another, whose number is free
    assert rows.came.acquire(timeout=PATIENCE_S)
    assert made.labels() == ["ray:0", "ray:2"]
    rows.done.set()
    watched.elastic.close()
    assert watched.elastic.settle(0)
    assert len(rows.there) == 2
    assert first in rows.there


def test_who_finds_no_place_is_not_tried_again_at_once(
    made: Made, folder: Path, rows: Rows
) -> None:
    rows.of(made, folder)
    watched = Watched(made, most=2)
    made.is_("full")
    rows.waiting = 100
    watched.look()
    watched.elastic.settle(PATIENCE_S)
    made.is_not("full")
    watched.look()
    watched.elastic.settle(PATIENCE_S)
    assert made.labels() == ["ray:0"]
    watched.look(after_s=10)
    assert rows.came.acquire(timeout=PATIENCE_S)
    assert made.labels() == ["ray:0", "ray:1"]


def test_a_recogniser_that_is_opened_later_is_on_all_of_them_and_others_do_what_one_cannot(
    made: Made, folder: Path, rows: Rows
) -> None:
    rows.of(made, folder)
    watched = Watched(made, most=2)
    rows.waiting = 100
    watched.look()
    assert rows.came.acquire(timeout=PATIENCE_S)
    watched.elastic.settle(PATIENCE_S)
    first, second = made.crew.open(folder, "other")
    made.is_("full")
    made.vanish(End.LOST)
    assert [starts(backend, 1) for backend in (first, second)] == [[1], [1]]


def test_one_that_cannot_load_all_that_is_open_is_no_part_of_any(
    made: Made, folder: Path, rows: Rows
) -> None:
    rows.of(made, folder)
    made.crew.open(folder, "too-large@ray:1")
    late = made.make(1)
    with contextlib.closing(late), pytest.raises(DeviceUnavailable):
        made.crew.join(late)
    made.crew.staffed(rows.there, rows)  # which takes in whoever has joined
    assert len(rows.there) == 1
    assert made.labels() == ["ray:0"]


def test_one_that_loads_holds_up_nobody_and_has_at_last_what_was_opened_meanwhile(
    made: Made, folder: Path, rows: Rows
) -> None:
    made.crew.staffed(made.crew.open(folder, "waits@ray:1"), rows)
    for fifo in ("begun", "go"):
        os.mkfifo(folder / fifo)
    with ThreadPoolExecutor(3) as pool:
        slow = pool.submit(made.crew.join, made.make(1))
        (folder / "begun").read_text()  # it loads
        try:
            assert len(pool.submit(made.crew.queues).result(PATIENCE_S)) == 1
            pool.submit(made.crew.join, made.make(2)).result(PATIENCE_S)
            backends = pool.submit(made.crew.open, folder, "other").result(PATIENCE_S)
            assert len(backends) == 2
            made.crew.staffed(backends, later := Rows())
        finally:
            (folder / "go").write_text("")
        slow.result(PATIENCE_S)
    assert made.labels() == ["ray:0", "ray:2", "ray:1"]
    assert [starts(backend, 4) for backend in (*rows.there, *later.there)] == [[4]] * 3


def test_one_that_has_loaded_what_is_open_no_more_does_not_keep_it(
    made: Made, folder: Path, rows: Rows
) -> None:
    made.crew.staffed(made.crew.open(folder, "waits@ray:1"), rows)
    for fifo in ("begun", "go"):
        os.mkfifo(folder / fifo)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(made.crew.join, made.make(1))
        (folder / "begun").read_text()
        rows.closed = True
        (folder / "go").write_text("")
        slow.result(PATIENCE_S)
    assert made.labels() == ["ray:0", "ray:1"]
    assert diary(folder)[-1] == "forget waits@ray:1"


def test_one_that_joins_as_a_recogniser_closes_does_not_keep_it(
    made: Made, folder: Path, rows: Rows
) -> None:
    rows.of(made, folder)
    rows.is_draining = True
    late = made.make(1)
    made.crew.join(late)
    with contextlib.closing(late):
        assert diary(folder)[-1] == "forget fragile"


def test_one_that_stays_lost_goes_while_others_work(made: Made, folder: Path, rows: Rows) -> None:
    rows.of(made, folder)
    watched = Watched(made, most=2)
    rows.waiting = 100
    watched.look()
    assert rows.came.acquire(timeout=PATIENCE_S)
    watched.elastic.settle(PATIENCE_S)
    made.is_("full")
    made.vanish(End.LOST)
    watched.look()
    assert made.labels() == ["ray:0", "ray:1"]
    watched.look(after_s=61)
    watched.elastic.settle(PATIENCE_S)
    assert made.labels() == ["ray:1"]


def test_a_closed_crew_begins_nothing(made: Made) -> None:
    made.close()
    with pytest.raises(Draining):
        made.make(7).restore()


def test_who_waits_for_a_place_does_not_hold_up_the_end(made: Made) -> None:
    host = elastic_host(
        *("ray", made.make, "int8"), least=1, most=1, idle_s=IDLE_S, close=made.actors.close
    )
    os.mkfifo(made.cluster / "waits")
    with ThreadPoolExecutor(1) as pool:
        restored = pool.submit(host.restore)
        with (made.cluster / "waits").open("w"):  # once it is read
            host.close()
            with pytest.raises(Draining):
                restored.result(PATIENCE_S)


def test_actors_end_without_a_word_where_the_engine_is_closed(made: Made) -> None:
    made.fleet.restore()
    child = made.fleet.supervisors[0].child
    made.actors.close()
    assert child
    child.wait(PATIENCE_S)
    assert child.cause
    assert child.cause.end is End.CLOSED


def test_a_chunk_that_ends_its_actors_process_again_and_again_is_poison(
    made: Made, folder: Path
) -> None:
    (backend,) = made.crew.open(folder, "fragile")
    with pytest.raises(PoisonChunk):
        backend.run_alone(POISON)
    assert starts(backend, 1) == [1]
