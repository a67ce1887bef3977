"""Servers that end where they stand, and are started again."""

import random
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from polycue_client import errors
from support.aftermath import Aftermath
from support.fleet import Fleet, Server, intact
from support.stepped_server import PLAN, Film
from support.steps import DIE, Director

KILLS = 25
RUNNING = 2
# Between two kills. A job whose server dies five times before it gets any further is given up, and
# the few steps of its end are passed in less than the least of these.
LEAST_STEPS, MOST_STEPS = 25, 60


@pytest.mark.short
def test_a_job_goes_on_where_its_server_was_killed(
    fleet: Fleet, director: Director, aftermath: Aftermath
) -> None:
    server = fleet.server().start()
    with server.client() as polycue:
        half_way = director.hold("chunk", index=3)
        aftermath.create(polycue, Film("a", 6))
        half_way.wait()
        server.kill()
        half_way.let_go()
        server.start()
        aftermath.check(server)
    assert director.count("chunk", "a") == {0: 1, 1: 1, 2: 1, 3: 2, 4: 1, 5: 1}


def test_many_kills_lose_no_job_and_cost_no_more_than_what_was_in_hand(
    fleet: Fleet, director: Director, aftermath: Aftermath
) -> None:
    chance = random.Random(45)
    server = fleet.server(f"--max-running-jobs={RUNNING}").start()
    with server.client() as polycue:
        all_there = director.hold("begin", times=RUNNING)
        for name in "abcdef":
            aftermath.create(polycue, Film(name, 100))
        all_there.let_go()
        for _ in range(KILLS):
            director.wait_until(len(director.steps) + chance.randint(LEAST_STEPS, MOST_STEPS))
            server.kill()
            server.start()
        aftermath.check(server)
    assert aftermath.redone() <= KILLS * RUNNING


def test_whoever_watches_notices_a_pause_and_is_told_each_cue_once(
    fleet: Fleet, director: Director, aftermath: Aftermath
) -> None:
    server = fleet.server().start()
    told: list[int] = []
    with server.client() as polycue:
        half_way = director.hold("chunk", "a", 4)
        job = aftermath.create(polycue, Film("a", 9))

        def follow() -> None:
            with server.client() as watcher:
                for event in watcher.watch(job, include_cues=True):
                    told.extend(cue.index for cue in event.cues.cues)

        watching = threading.Thread(target=follow)
        watching.start()
        half_way.wait()
        server.kill()
        half_way.let_go()
        server.start()
        aftermath.check(server)
        watching.join()
    assert told == list(range(1, 10))


@pytest.mark.parametrize("step", ["begin", "saved", "writing"])
def test_a_kill_at_any_step_is_made_good(
    fleet: Fleet, director: Director, aftermath: Aftermath, step: str
) -> None:
    server = fleet.server().start()
    director.answer(DIE, step, "a")
    with server.client() as polycue:
        aftermath.create(polycue, Film("a", 3))
        assert server.wait() != 0
        server.start()
        aftermath.check(server)


@pytest.mark.parametrize("instant", ["move", "moved"])
def test_a_kill_around_the_instant_a_result_appears_leaves_it_whole(
    fleet: Fleet, director: Director, aftermath: Aftermath, instant: str
) -> None:
    server = fleet.server().start()
    director.answer(DIE, instant, "a.en.srt")
    with server.client() as polycue:
        aftermath.create(polycue, Film("a", 3))
        assert server.wait() != 0
        server.start()
        aftermath.check(server)
    assert set(director.count("chunk", "a").values()) == {1}


def test_a_chunk_that_always_kills_its_server_fails_its_job_and_no_other(
    fleet: Fleet, director: Director, aftermath: Aftermath
) -> None:
    server = fleet.server("--max-running-jobs=1").start()
    director.answer(DIE, "chunk", "poison", 2, times=100)
    with server.client() as polycue:
        other = aftermath.create(polycue, Film("a", 3))
        poison = aftermath.create(polycue, Film("poison", 4))
        for _ in range(5):
            assert server.wait() != 0
            server.start()
        with pytest.raises(errors.PolycueClientError) as failure:
            polycue.wait(poison)
        assert failure.value.reason == "POISON_JOB"
        polycue.wait(other)
        aftermath.check(server, failed={poison.name: "POISON_JOB"})


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_copy_of_the_store_at_any_instant_opens_and_lacks_no_commit(
    fleet: Fleet, director: Director, aftermath: Aftermath, tmp_path: Path
) -> None:
    server = fleet.server("--max-running-jobs=1").start()
    copies: list[tuple[Path, int]] = []
    with server.client() as polycue:
        aftermath.create(polycue, Film("a", 60))
        for number in range(10):
            director.wait_until(len(director.steps) + 7)
            server.freeze()
            saved = len(director.count("saved", "a"))
            copy = tmp_path / f"copy-{number}"
            copy.mkdir()
            for part in fleet.data.glob("jobs.sqlite*"):
                shutil.copy(part, copy)
            server.thaw()
            if saved < 60:
                copies.append((copy / "jobs.sqlite", saved))
        aftermath.check(server)
    assert len(copies) > 3
    for database, saved in copies:
        assert intact(database)
        with closing(sqlite3.connect(database)) as connection:
            (kept,) = connection.execute("SELECT count(*) FROM chunk").fetchone()
        assert kept >= saved


def test_a_thousand_waiting_jobs_survive_a_kill_in_their_order(
    fleet: Fleet, director: Director, aftermath: Aftermath
) -> None:
    server = fleet.server("--max-running-jobs=1", "--max-queued-jobs=2000").start()
    with server.client() as polycue:
        running = director.hold("chunk", "first", 0)
        aftermath.create(polycue, Film("first", 1))
        running.wait()
        film = Film("many", 1)
        upload = polycue.upload(film.write(fleet.folder))
        waiting = [aftermath.queue(polycue, upload.name, film) for _ in range(1000)]
        server.kill()
        running.let_go()
        server.start()
        order = [job.name for job in polycue.jobs()]
        assert order[:1000] == [job.name for job in reversed(waiting)]
        polycue.wait(waiting[3])
        done = [n for n, job in enumerate(waiting) if polycue.get_job(job.name).artifacts]
        assert done == list(range(len(done)))
        for job in waiting:
            aftermath.delete(polycue, job)
    aftermath.check(server)


def test_another_plan_begins_anew_and_mixes_nothing(
    fleet: Fleet, director: Director, aftermath: Aftermath
) -> None:
    server = fleet.server().start()
    with server.client() as polycue:
        half_way = director.hold("chunk", "a", 3)
        aftermath.create(polycue, Film("a", 5))
        half_way.wait()
        server.kill()
        half_way.let_go()
        server.start(**{PLAN: "another model"})
        aftermath.check(server, plans=2)
    assert director.count("chunk", "a") == {0: 2, 1: 2, 2: 2, 3: 2, 4: 1}


@pytest.fixture
def stopped(fleet: Fleet) -> Server:
    return fleet.server()


def test_a_server_told_to_stop_lets_go_and_the_next_goes_on_at_once(
    stopped: Server, director: Director, aftermath: Aftermath
) -> None:
    server = stopped.start("--drain-s=5", "--max-running-jobs=2")
    told: list[int] = []
    with server.client() as polycue:
        held = [director.hold("chunk", name, 3) for name in "ab"]
        jobs = [aftermath.create(polycue, Film(name, 8)) for name in "abcd"]

        def follow() -> None:
            with server.client() as watcher:
                for event in watcher.watch(jobs[0], include_cues=True):
                    told.extend(cue.index for cue in event.cues.cues)

        watching = threading.Thread(target=follow)
        watching.start()
        for one in held:
            one.wait()
        server.terminate()
        assert server.wait() == 0
        for one in held:
            one.let_go()
        server.start()
        aftermath.check(server)
        watching.join()
    assert told == list(range(1, 9))
    assert aftermath.redone() <= 2
