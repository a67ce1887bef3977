from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from polycue.domain.errors import (
    JobNotResumable,
    LeaseLost,
    NotFound,
    QueueFull,
    RequestIdReused,
)
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.progress import Stage, StageMoved
from polycue.domain.usage import EngineUsage
from polycue.jobs.asked import Asked
from polycue.jobs.job import Artifact, Failure, Job, JobState, new_id
from polycue.jobs.store import statements
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.protocol import JobFilter
from polycue.jobs.store.rows import row_of_job
from polycue.jobs.store.session import Database, Session
from polycue.testing.store import TENANT
from support.stores import claim, make, to

FULL: dict[str, Any] = {
    "labels": {"film": "a 'quoted' \"name\"", "größe": "ü"},
    "inputs": ("uploads/x",),
    "request_id": "r",
    "fingerprint": "f",
    "language": "pt-BR",
    "stages": (StageMoved(Stage.MUX, 1, None, finished=True),),
    "notices": (Notice(NoticeReason.NO_SPEECH, "nobody", {"a": "b"}),),
    "artifacts": (Artifact("a.srt", "a.srt", "x/y", "en", 3, b"\x00\xff"),),
    "failure": Failure(5, "GONE", "it is gone", {"name": "it"}, resumable=True),
    "content_key": "k",
    "media_ms": 5,
    "usage": EngineUsage(wall_ms=4, rows=3, tokens=70),
    "owner": "o",
    "epoch": 3,
    "lease_until_ms": 7,
    "attempts": 2,
    "reached": "transcribe/1",
    "plan_hash": "p",
    "resumed_by": "q",
}


def test_a_job_comes_back_as_it_was_kept(jobs: SqlJobs) -> None:
    kept = make(jobs, **FULL)
    assert kept.number > 0
    assert jobs.get(TENANT, kept.id) == kept
    assert {field: getattr(kept, field) for field in FULL} == FULL


def test_a_job_that_is_not_there_is_not_found(jobs: SqlJobs) -> None:
    with pytest.raises(NotFound, match="jobs/nowhere"):
        jobs.get(TENANT, "nowhere")
    for look in (jobs.delete, jobs.ask_cancel, partial(jobs.resume, max_queued=1)):
        with pytest.raises(NotFound):
            look(TENANT, "nowhere")


def test_the_same_request_twice_makes_one_job(jobs: SqlJobs) -> None:
    first = make(jobs, request_id="r", fingerprint="f")
    assert make(jobs, request_id="r", fingerprint="f") == first
    assert jobs.repeated(TENANT, "r", "f") == first
    assert jobs.repeated(TENANT, "other", "f") is None


def test_a_repeated_request_is_answered_even_where_the_queue_is_full(jobs: SqlJobs) -> None:
    first = make(jobs, request_id="r", max_queued=1)
    assert make(jobs, request_id="r", max_queued=1) == first


def test_a_request_id_with_another_payload_is_refused(jobs: SqlJobs) -> None:
    make(jobs, request_id="r", fingerprint="f")
    with pytest.raises(RequestIdReused):
        make(jobs, request_id="r", fingerprint="g")
    with pytest.raises(RequestIdReused):
        jobs.repeated(TENANT, "r", "g")


def test_fifty_threads_with_one_request_id_make_one_job(jobs: SqlJobs) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make(jobs, request_id="r").id, range(50)))
    assert len(set(made)) == 1
    assert len(jobs.ids()) == 1


def test_jobs_without_a_request_id_are_never_the_same(jobs: SqlJobs) -> None:
    assert make(jobs).id != make(jobs).id


def test_the_queue_has_an_end(jobs: SqlJobs) -> None:
    make(jobs, max_queued=2)
    make(jobs, max_queued=2)
    with pytest.raises(QueueFull) as caught:
        make(jobs, max_queued=2)
    assert caught.value.waiting == 2
    claim(jobs)
    make(jobs, max_queued=2)


def test_pages_are_newest_first_and_go_on_below_a_number(jobs: SqlJobs) -> None:
    made = [make(jobs) for _ in range(5)]
    first = jobs.page(TENANT, JobFilter(), before=None, limit=2)
    rest = jobs.page(TENANT, JobFilter(), before=first[-1].number, limit=10)
    assert [job.id for job in first + rest] == [job.id for job in reversed(made)]


def test_pages_are_filtered_by_state_and_by_all_labels(jobs: SqlJobs) -> None:
    one = make(jobs, labels={"a": "1", "b": "2"})
    claim(jobs)
    make(jobs, labels={"a": "1"})
    queued = make(jobs, labels={"a": "' OR 1 --"})
    assert jobs.page(TENANT, JobFilter(labels={"a": "1", "b": "2"}), before=None, limit=9) == [
        jobs.get(TENANT, one.id)
    ]
    running = JobFilter(frozenset({JobState.RUNNING, JobState.FAILED}))
    assert [job.id for job in jobs.page(TENANT, running, before=None, limit=9)] == [one.id]
    odd = JobFilter(labels={"a": "' OR 1 --"})
    assert [job.id for job in jobs.page(TENANT, odd, before=None, limit=9)] == [queued.id]


def test_a_change_that_raises_changes_nothing(jobs: SqlJobs) -> None:
    make(jobs)
    job, lease = claim(jobs)
    with pytest.raises(ZeroDivisionError):
        jobs.change(lease, lambda job: replace(job, ttl_ms=1 // 0))
    assert jobs.get(TENANT, job.id) == job
    assert jobs.end(lease, to(JobState.FAILED)).ended


def test_a_change_leaves_alone_what_is_the_stores(jobs: SqlJobs) -> None:
    make(jobs)
    job, lease = claim(jobs)
    changed = jobs.change(
        lease,
        lambda job: replace(
            job, number=99, tenant="b", owner="c", epoch=9, lease_until_ms=0, language="de"
        ),
    )
    assert changed == jobs.get(TENANT, job.id) == replace(job, language="de")


def test_only_ended_jobs_expire(jobs: SqlJobs) -> None:
    over, waiting, later = make(jobs), make(jobs), make(jobs, ttl_ms=10**6)
    _, lease = claim(jobs)
    assert jobs.expired() == []
    jobs.end(lease, to(JobState.FAILED, now_ms=2000))  # in 1970
    jobs.ask_cancel(TENANT, later.id)
    assert [job.id for job in jobs.expired()] == [over.id]
    for job in (waiting, later):
        with pytest.raises(NotFound):
            jobs.delete(TENANT, job.id, if_expired=True)
    assert jobs.delete(TENANT, over.id, if_expired=True).id == over.id
    assert jobs.expired() == []
    assert jobs.ids() == {waiting.id, later.id}


def test_what_jobs_read_from_is_in_use_until_they_end(jobs: SqlJobs) -> None:
    make(jobs, inputs=("uploads/a", "jobs/b"))
    over = make(jobs, inputs=("uploads/c",))
    assert jobs.inputs_in_use() == {"uploads/a", "jobs/b", "uploads/c"}
    jobs.ask_cancel(TENANT, over.id)
    assert jobs.inputs_in_use() == {"uploads/a", "jobs/b"}


def test_jobs_are_counted_by_state(jobs: SqlJobs) -> None:
    for _ in range(3):
        make(jobs)
    claim(jobs)
    assert jobs.counts() == {JobState.QUEUED: 2, JobState.RUNNING: 1}


def test_another_tenants_job_is_not_there(jobs: SqlJobs) -> None:
    job = make(jobs, request_id="r", content_key="k", ttl_ms=2**50)
    for look in (jobs.get, jobs.delete, jobs.ask_cancel, partial(jobs.resume, max_queued=1)):
        with pytest.raises(NotFound) as theirs:
            look("rival", job.id)
        with pytest.raises(NotFound) as nobodys:
            look("rival", "nowhere")
        assert str(theirs.value) == str(nobodys.value).replace("nowhere", job.id)
    assert jobs.page("rival", JobFilter(), before=None, limit=9) == []
    assert jobs.repeated("rival", "r", "other") is None
    assert make(jobs, tenant="rival", request_id="r", fingerprint="other").id != job.id
    _, lease = claim(jobs)
    jobs.end(lease, to(JobState.SUCCEEDED))
    assert jobs.same_content("rival", "k") is None


def test_the_newest_success_in_the_same_work_is_found_while_it_is_kept(jobs: SqlJobs) -> None:
    assert jobs.same_content(TENANT, "") is None
    made = [make(jobs, content_key="k", ttl_ms=2**50) for _ in range(4)]
    for state in (JobState.SUCCEEDED, JobState.SUCCEEDED, JobState.FAILED):
        _, lease = claim(jobs)
        assert jobs.end(lease, to(state)).ended
    found = jobs.same_content(TENANT, "k")
    assert found is not None
    assert found.id == made[1].id
    jobs.delete(TENANT, made[1].id)
    jobs.delete(TENANT, made[0].id)
    assert jobs.same_content(TENANT, "k") is None


def test_what_outlived_its_time_answers_for_nothing(jobs: SqlJobs) -> None:
    make(jobs, content_key="k", ttl_ms=1)
    _, lease = claim(jobs)
    jobs.end(lease, to(JobState.SUCCEEDED))
    assert jobs.same_content(TENANT, "k") is None


def test_a_failed_job_waits_again_when_it_is_resumed(jobs: SqlJobs) -> None:
    job = make(jobs)
    _, lease = claim(jobs)
    jobs.put_chunk(lease, "transcribe", 3, b"x")
    why = Failure(13, "INTERNAL", "broken")
    jobs.end(lease, lambda job: replace(to(JobState.FAILED)(job), failure=why))
    again = jobs.resume(TENANT, job.id, request_id="r", max_queued=1)
    assert (again.state, again.failure, again.ended_ms) == (JobState.QUEUED, None, None)
    assert (again.attempts, again.epoch, again.resumed_by) == (0, 1, "r")
    assert jobs.resume(TENANT, job.id, max_queued=0) == again  # it waits: nothing to do
    assert jobs.chunks(job.id, "transcribe") == {3: b"x"}


def test_a_job_belongs_to_the_trace_of_whoever_asked_for_it_last(jobs: SqlJobs) -> None:
    first, second = Asked("r1", "trace", "within", 7), Asked("r2", "other", "", 9)
    job = make(jobs, asked=first)
    assert jobs.get(TENANT, job.id).asked == first
    jobs.ask_cancel(TENANT, job.id)
    assert jobs.resume(TENANT, job.id, asked=second, max_queued=1).asked == second
    assert jobs.resume(TENANT, job.id, asked=first, max_queued=1).asked == second  # it waits


def test_the_request_that_resumed_a_job_once_does_not_do_it_again(jobs: SqlJobs) -> None:
    job = make(jobs)
    jobs.ask_cancel(TENANT, job.id)
    jobs.resume(TENANT, job.id, request_id="r", max_queued=1)
    over = jobs.ask_cancel(TENANT, job.id)
    assert jobs.resume(TENANT, job.id, request_id="r", max_queued=1) == over
    assert jobs.resume(TENANT, job.id, request_id="s", max_queued=1).state is JobState.QUEUED


def test_success_is_not_resumed_and_the_queue_still_has_an_end(jobs: SqlJobs) -> None:
    done = make(jobs)
    _, lease = claim(jobs)
    jobs.end(lease, to(JobState.SUCCEEDED))
    with pytest.raises(JobNotResumable):
        jobs.resume(TENANT, done.id, max_queued=9)
    failed = make(jobs)
    jobs.ask_cancel(TENANT, failed.id)
    make(jobs)
    with pytest.raises(QueueFull):
        jobs.resume(TENANT, failed.id, max_queued=1)


def test_a_cancel_ends_what_nobody_works_on_and_tells_the_worker_of_another(
    jobs: SqlJobs,
) -> None:
    let_go, running, waiting = (make(jobs) for _ in range(3))
    _, lease = claim(jobs)
    jobs.release(lease, after_ms=10**9)
    _, lease = claim(jobs)
    for job in (let_go, waiting):
        over = jobs.ask_cancel(TENANT, job.id)
        assert (over.state, bool(over.ended_ms)) == (JobState.CANCELLED, True)
    assert jobs.beat(lease) is False
    assert jobs.ask_cancel(TENANT, running.id).state is JobState.CANCELLING
    assert jobs.beat(lease) is True
    ended = jobs.end(lease, to(JobState.SUCCEEDED))  # it was done before it noticed
    assert jobs.ask_cancel(TENANT, running.id) == ended


def test_a_job_is_deleted_in_any_state_and_by_one(jobs: SqlJobs) -> None:
    make(jobs)
    job, lease = claim(jobs)
    jobs.put_chunk(lease, "transcribe", 0, b"x")
    assert jobs.delete(TENANT, job.id).state is JobState.RUNNING
    with pytest.raises(NotFound):
        jobs.delete(TENANT, job.id)
    assert jobs.chunks(job.id, "transcribe") == {}
    with pytest.raises(LeaseLost):
        jobs.beat(lease)


def test_a_thousand_waiting_jobs_are_taken_in_their_order(
    jobs: SqlJobs, database: Database
) -> None:
    made = [new_id() for _ in range(1000)]

    def fill(db: Session) -> None:
        for job_id in made:
            statements.insert(db, "job", row_of_job(Job(job_id, TENANT, b"spec", 1000, 500)))

    database.transact(fill)
    with pytest.raises(QueueFull):
        make(jobs, max_queued=1000)
    assert [claim(jobs)[0].id for _ in range(20)] == made[:20]
    assert jobs.counts() == {JobState.QUEUED: 980, JobState.RUNNING: 20}
