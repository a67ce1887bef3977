from dataclasses import replace
from typing import Any

import pytest

from polycue.domain.errors import NotFound, QuotaExceeded, RequestIdReused, UploadQuotaExceeded
from polycue.domain.limits import TenantLimits
from polycue.jobs.files.protocol import Part
from polycue.jobs.job import Artifact, JobState, new_id
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.uploads import SqlUploads
from polycue.jobs.upload import Upload
from polycue.testing.store import TENANT
from support.stores import claim, make, to

OVERHEAD_BYTES = 16 * 1024  # of each upload and each job


def upload(**fields: Any) -> Upload:
    made = Upload(new_id(), TENANT, "a.mkv", size_bytes=10, sha256=b"", ttl_ms=5, expires_ms=100)
    return replace(made, **fields)


def keep(store: SqlUploads, kept: Upload, max_stored_bytes: int = 100_000) -> Upload:
    return store.create(kept, max_stored_bytes=max_stored_bytes)


def test_an_upload_comes_back_as_it_was_kept(uploads: SqlUploads) -> None:
    kept = keep(uploads, upload(sha256=b"\x01\x00", complete=True, committed_bytes=10))
    assert uploads.get(TENANT, kept.id) == kept
    changed = uploads.change(kept.id, lambda u: replace(u, committed_bytes=3, complete=False))
    assert uploads.get(TENANT, kept.id) == changed


def test_uploads_reserve_their_room(uploads: SqlUploads) -> None:
    room = 1000 + 2 * OVERHEAD_BYTES
    first = keep(uploads, upload(size_bytes=600), room)
    with pytest.raises(UploadQuotaExceeded) as caught:
        keep(uploads, upload(size_bytes=401), room)
    assert (caught.value.wanted_bytes, caught.value.free_bytes) == (401, 400)
    second = keep(uploads, upload(size_bytes=400), room)
    with pytest.raises(UploadQuotaExceeded) as caught:
        keep(uploads, upload(size_bytes=1), room)
    assert caught.value.free_bytes == 0
    for kept in (first, second):
        uploads.delete(TENANT, kept.id)
    keep(uploads, upload(size_bytes=401), room)


def test_many_uploads_of_one_byte_run_into_the_quota(uploads: SqlUploads) -> None:
    room = 10 * (1 + OVERHEAD_BYTES)
    for tenant in (TENANT, "rival") * 5:
        keep(uploads, upload(tenant=tenant, size_bytes=1), room)
    with pytest.raises(UploadQuotaExceeded):
        keep(uploads, upload(size_bytes=1), room)
    limits = TenantLimits(max_stored_bytes=room // 2)
    with pytest.raises(QuotaExceeded) as caught:
        uploads.create(upload(size_bytes=1), max_stored_bytes=10 * room, limits=limits)
    assert (caught.value.kind, caught.value.used) == ("storage", room // 2)


def test_the_same_upload_request_twice_makes_one_upload(uploads: SqlUploads) -> None:
    first = keep(uploads, upload(request_id="r", fingerprint="f", size_bytes=600))
    assert keep(uploads, upload(request_id="r", fingerprint="f", size_bytes=600)) == first
    with pytest.raises(RequestIdReused):
        keep(uploads, upload(request_id="r", fingerprint="g"))


def test_uploads_expire(uploads: SqlUploads) -> None:
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


def test_the_parts_of_an_upload_are_kept(uploads: SqlUploads) -> None:
    kept = keep(uploads, upload(parts=(Part("a/0", 3), Part("a/1", 4))))
    assert uploads.get(TENANT, kept.id) == kept


def test_a_change_of_an_upload_that_raises_changes_nothing(uploads: SqlUploads) -> None:
    kept = keep(uploads, upload())
    with pytest.raises(ZeroDivisionError):
        uploads.change(kept.id, lambda u: replace(u, committed_bytes=1 // 0))
    assert uploads.get(TENANT, kept.id) == kept


def test_another_tenants_upload_is_not_there(uploads: SqlUploads) -> None:
    kept = keep(uploads, upload(request_id="r"))
    for look in (uploads.get, uploads.delete):
        with pytest.raises(NotFound):
            look("rival", kept.id)
    assert keep(uploads, upload(tenant="rival", request_id="r", fingerprint="f")).id != kept.id


def test_jobs_and_their_results_take_their_part_of_the_room(
    jobs: SqlJobs, uploads: SqlUploads
) -> None:
    room = 1000 + 3 * OVERHEAD_BYTES
    spec_bytes = len(make(jobs).spec)
    _, lease = claim(jobs)
    result = Artifact("a.srt", "a.srt", "x/y", "en", 700 - spec_bytes, b"")
    jobs.end(lease, lambda job: replace(to(JobState.SUCCEEDED)(job), artifacts=(result,)))
    keep(uploads, upload(size_bytes=200), room)
    with pytest.raises(UploadQuotaExceeded) as caught:
        keep(uploads, upload(size_bytes=200), room)
    assert caught.value.free_bytes == 100


def test_a_tenant_has_a_share_of_the_room(uploads: SqlUploads) -> None:
    share = 500 + 2 * OVERHEAD_BYTES
    limits = TenantLimits(max_stored_bytes=share)
    keep(uploads, upload(tenant="rival", size_bytes=400))
    uploads.create(upload(size_bytes=400), max_stored_bytes=100_000, limits=limits)
    with pytest.raises(QuotaExceeded) as caught:
        uploads.create(upload(size_bytes=101), max_stored_bytes=100_000, limits=limits)
    assert (caught.value.kind, caught.value.limit) == ("storage", share)
    assert caught.value.used == 400 + OVERHEAD_BYTES
    assert caught.value.retry_after_s > 0
    uploads.create(upload(size_bytes=100), max_stored_bytes=100_000, limits=limits)
