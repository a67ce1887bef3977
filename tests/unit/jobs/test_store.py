"""Both kinds of store keep the same promises."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from polycue.domain.errors import NotFound, QueueFull, RequestIdReused, UploadQuotaExceeded
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.progress import Stage, StageMoved
from polycue.jobs.job import Artifact, Failure, Job, JobState, move, new_id
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.postgres import PostgresDatabase
from polycue.jobs.store.protocol import JobFilter, JobStore, Lease, UploadStore
from polycue.jobs.store.sqlite import SqliteDatabase
from polycue.jobs.store.uploads import SqlUploads
from polycue.jobs.upload import Upload
from polycue.testing.store import TENANT
from support.postgres import Cluster

Stores = tuple[JobStore, UploadStore]


@pytest.fixture(params=["sqlite", "postgres"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    database: SqliteDatabase | PostgresDatabase
    if request.param == "sqlite":
        database = SqliteDatabase(tmp_path / "jobs.sqlite")
    else:
        cluster: Cluster = request.getfixturevalue("postgres")
        database = PostgresDatabase(cluster.new_database())
    yield SqlJobs(database), SqlUploads(database)
    database.close()


@pytest.fixture
def jobs(stores: Stores) -> JobStore:
    return stores[0]


@pytest.fixture
def uploads(stores: Stores) -> UploadStore:
    return stores[1]


def make(store: JobStore, *, max_queued: int = 100, **fields: Any) -> Job:
    job = Job(new_id(), TENANT, spec=b"spec", created_ms=1000, ttl_ms=500)
    return store.create(replace(job, **fields), max_queued=max_queued)


def claim(store: JobStore, owner: str = "one", *, lease_ms: int = 30_000) -> tuple[Job, Lease]:
    claimed = store.claim(owner, lease_ms=lease_ms, max_attempts=5)
    assert claimed is not None
    return claimed


def to(state: JobState, now_ms: int = 2000) -> Callable[[Job], Job]:
    return lambda job: move(job, state, now_ms=now_ms)


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
    "owner": "o",
    "epoch": 3,
    "lease_until_ms": 7,
    "attempts": 2,
    "reached": "transcribe/1",
    "plan_hash": "p",
    "resumed_by": "q",
}


def test_a_job_comes_back_as_it_was_kept(jobs: JobStore) -> None:
    kept = make(jobs, **FULL)
    assert kept.number > 0
    assert jobs.get(TENANT, kept.id) == kept
    assert {field: getattr(kept, field) for field in FULL} == FULL


def test_a_job_that_is_not_there_is_not_found(jobs: JobStore) -> None:
    with pytest.raises(NotFound, match="jobs/nowhere"):
        jobs.get(TENANT, "nowhere")
    for look in (jobs.delete, jobs.ask_cancel, partial(jobs.resume, max_queued=1)):
        with pytest.raises(NotFound):
            look(TENANT, "nowhere")


def test_the_same_request_twice_makes_one_job(jobs: JobStore) -> None:
    first = make(jobs, request_id="r", fingerprint="f")
    assert make(jobs, request_id="r", fingerprint="f") == first
    assert jobs.repeated(TENANT, "r", "f") == first
    assert jobs.repeated(TENANT, "other", "f") is None


def test_a_repeated_request_is_answered_even_where_the_queue_is_full(jobs: JobStore) -> None:
    first = make(jobs, request_id="r", max_queued=1)
    assert make(jobs, request_id="r", max_queued=1) == first


def test_a_request_id_with_another_payload_is_refused(jobs: JobStore) -> None:
    make(jobs, request_id="r", fingerprint="f")
    with pytest.raises(RequestIdReused):
        make(jobs, request_id="r", fingerprint="g")
    with pytest.raises(RequestIdReused):
        jobs.repeated(TENANT, "r", "g")


def test_fifty_threads_with_one_request_id_make_one_job(jobs: JobStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make(jobs, request_id="r").id, range(50)))
    assert len(set(made)) == 1
    assert len(jobs.ids()) == 1


def test_jobs_without_a_request_id_are_never_the_same(jobs: JobStore) -> None:
    assert make(jobs).id != make(jobs).id


def test_the_queue_has_an_end(jobs: JobStore) -> None:
    make(jobs, max_queued=2)
    make(jobs, max_queued=2)
    with pytest.raises(QueueFull) as caught:
        make(jobs, max_queued=2)
    assert caught.value.waiting == 2
    claim(jobs)
    make(jobs, max_queued=2)


def test_the_oldest_queued_job_is_claimed_first_and_once(jobs: JobStore) -> None:
    made = [make(jobs) for _ in range(2)]
    assert [claim(jobs)[0].id for _ in made] == [job.id for job in made]
    assert jobs.claim("one", lease_ms=1000, max_attempts=5) is None
    job = jobs.get(TENANT, made[0].id)
    assert (job.state, job.owner, job.epoch, job.attempts) == (JobState.RUNNING, "one", 1, 1)
    assert job.started_ms


def test_pages_are_newest_first_and_go_on_below_a_number(jobs: JobStore) -> None:
    made = [make(jobs) for _ in range(5)]
    first = jobs.page(TENANT, JobFilter(), before=None, limit=2)
    rest = jobs.page(TENANT, JobFilter(), before=first[-1].number, limit=10)
    assert [job.id for job in first + rest] == [job.id for job in reversed(made)]


def test_pages_are_filtered_by_state_and_by_all_labels(jobs: JobStore) -> None:
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


def test_a_change_that_raises_changes_nothing(jobs: JobStore) -> None:
    make(jobs)
    job, lease = claim(jobs)
    with pytest.raises(ZeroDivisionError):
        jobs.change(lease, lambda job: replace(job, ttl_ms=1 // 0))
    assert jobs.get(TENANT, job.id) == job
    assert jobs.end(lease, to(JobState.FAILED)).ended


def test_unended_jobs_come_oldest_first(jobs: JobStore) -> None:
    made = [make(jobs) for _ in range(3)]
    jobs.ask_cancel(TENANT, made[1].id)
    assert [job.id for job in jobs.unended()] == [made[0].id, made[2].id]


def test_only_ended_jobs_expire(jobs: JobStore) -> None:
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


def upload(**fields: Any) -> Upload:
    made = Upload(new_id(), TENANT, "a.mkv", size_bytes=10, sha256=b"", ttl_ms=5, expires_ms=100)
    return replace(made, **fields)


def keep(store: UploadStore, kept: Upload, max_stored_bytes: int = 1000) -> Upload:
    return store.create(kept, max_stored_bytes=max_stored_bytes)


def test_an_upload_comes_back_as_it_was_kept(uploads: UploadStore) -> None:
    kept = keep(uploads, upload(sha256=b"\x01\x00", complete=True, committed_bytes=10))
    assert uploads.get(TENANT, kept.id) == kept
    changed = uploads.change(kept.id, lambda u: replace(u, committed_bytes=3, complete=False))
    assert uploads.get(TENANT, kept.id) == changed


def test_uploads_reserve_their_room(uploads: UploadStore) -> None:
    first = keep(uploads, upload(size_bytes=600))
    with pytest.raises(UploadQuotaExceeded) as caught:
        keep(uploads, upload(size_bytes=401))
    assert caught.value.free_bytes == 400
    uploads.delete(TENANT, first.id)
    keep(uploads, upload(size_bytes=401))


def test_the_same_upload_request_twice_makes_one_upload(uploads: UploadStore) -> None:
    first = keep(uploads, upload(request_id="r", fingerprint="f", size_bytes=600))
    assert keep(uploads, upload(request_id="r", fingerprint="f", size_bytes=600)) == first
    with pytest.raises(RequestIdReused):
        keep(uploads, upload(request_id="r", fingerprint="g"))


def test_uploads_expire(uploads: UploadStore) -> None:
    kept = keep(uploads, upload())
    later = keep(uploads, upload(expires_ms=2**50))
    assert uploads.expired() == [kept]
    with pytest.raises(NotFound):
        uploads.delete(TENANT, later.id, if_expired=True)
    assert uploads.delete(TENANT, kept.id, if_expired=True) == kept
    with pytest.raises(NotFound):
        uploads.get(TENANT, kept.id)
    with pytest.raises(NotFound):
        uploads.change(kept.id, lambda u: u)
    assert uploads.ids() == {later.id}
