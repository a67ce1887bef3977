"""A server of which only the claims are left: ``python claimer.py URL OWNER`` works off a queue.

It takes one job after another, keeps two chunks of each and ends it, and prints what it did: the
id of the job, and under which epoch. It begins when it is told to, by a line on standard input.
"""

import sys
from dataclasses import replace

from polycue.jobs.job import Job, JobState, move
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.postgres import PostgresDatabase


def done(job: Job) -> Job:
    return replace(move(job, JobState.FAILED, now_ms=1), language="done")  # its chunks stay


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(url: str, owner: str) -> None:
    database = PostgresDatabase(url)
    jobs = SqlJobs(database)
    tell("ready")
    sys.stdin.readline()
    while claimed := jobs.claim(owner, lease_ms=60_000, max_attempts=5):
        job, lease = claimed
        for index in range(2):
            jobs.put_chunk(lease, "transcribe", index, owner.encode())
        jobs.end(lease, done)
        tell(f"{job.id} {lease.epoch}")
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
