import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from polycue.domain.errors import LeaseLost, QueueFull
from polycue.jobs.job import JobState
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.postgres import PostgresDatabase
from polycue.jobs.store.protocol import Lease
from polycue.jobs.store.session import Database
from support import claimer
from support.postgres import Cluster
from support.stores import claim, make, to, try_claim

WORKERS, JOBS = 6, 30


def test_threads_share_a_queue_without_taking_anything_twice(
    jobs: SqlJobs, database: Database
) -> None:
    made = {make(jobs, tenant=f"tenant {number % 3}").id for number in range(JOBS)}

    def work(number: int) -> list[str]:
        done = []
        while claimed := try_claim(jobs, f"worker {number}"):
            job, lease = claimed
            jobs.put_chunk(lease, "transcribe", 0, b"x")
            jobs.end(lease, to(JobState.FAILED))
            done.append(job.id)
        return done

    with ThreadPoolExecutor(WORKERS) as pool:
        taken = [job for done in pool.map(work, range(WORKERS)) for job in done]
    assert Counter(taken) == Counter(made)
    rows = database.transact(lambda db: db.rows("SELECT epoch, attempts, state FROM job"))
    assert {(row["epoch"], row["attempts"], row["state"]) for row in rows} == {(1, 1, "failed")}


def test_of_two_who_finish_one_job_the_later_owner_alone_is_heard(jobs: SqlJobs) -> None:
    def finish(lease: Lease) -> bool:
        try:
            for index in range(3):
                jobs.put_chunk(lease, "transcribe", index, lease.owner.encode())
            jobs.end(lease, to(JobState.FAILED))
        except LeaseLost:
            return False
        return True

    for _ in range(10):
        make(jobs)
        _, late = claim(jobs, "late", lease_ms=0)
        _, now = claim(jobs, "now")

        with ThreadPoolExecutor(2) as pool:
            finished = list(pool.map(finish, (late, now)))
        assert finished == [False, True]
        assert set(jobs.chunks(now.job_id, "transcribe").values()) == {b"now"}


def test_a_full_queue_takes_no_more_from_many_at_once(jobs: SqlJobs) -> None:
    def ask(_: int) -> bool:
        try:
            make(jobs, max_queued=5)
        except QueueFull:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(20))) == 5


def test_processes_share_a_queue_without_taking_anything_twice(postgres: Cluster) -> None:
    url = postgres.new_database()
    database = PostgresDatabase(url)
    jobs = SqlJobs(database)
    made = {make(jobs, tenant=f"tenant {number % 3}").id for number in range(JOBS)}
    script = Path(claimer.__file__)
    workers = [
        subprocess.Popen(
            [sys.executable, script, url, f"server {number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    done = []
    with ThreadPoolExecutor(2) as pool:
        for out, _ in pool.map(lambda worker: worker.communicate("go\n", timeout=60), workers):
            done.append([line.split() for line in out.splitlines()])
    assert all(worker.returncode == 0 for worker in workers)
    assert Counter(job for part in done for job, _ in part) == Counter(made)
    assert {epoch for part in done for _, epoch in part} == {"1"}
    rows = database.transact(lambda db: db.rows("SELECT job, number, data FROM chunk"))
    assert len(rows) == len({(row["job"], row["number"]) for row in rows}) == 2 * JOBS
    database.close()
