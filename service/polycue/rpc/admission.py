"""From a request to a queued job: checked, its inputs found, its models there."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from polycue.api.v1 import jobs_pb2
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import NotFound
from polycue.domain.request import Task
from polycue.jobs.board import Board, JobDraft
from polycue.jobs.job import Job
from polycue.jobs.uploads import Uploads
from polycue.rpc import tenant
from polycue.rpc.content import content_key
from polycue.rpc.convert import fields, jobs, names
from polycue.rpc.convert.sources import input_names
from polycue.rpc.convert.tasks import task
from polycue.rpc.installed import Installed
from polycue.rpc.sources import Sources


class Admission:
    """Blocks; safe to use from several threads."""

    def __init__(
        self, board: Board, sources: Sources, uploads: Uploads, installed: Installed, version: str
    ) -> None:
        self._board, self._sources, self._uploads = board, sources, uploads
        self._installed, self._version = installed, version

    def admit(self, request: jobs_pb2.CreateJobRequest) -> jobs_pb2.CreateJobResponse:
        """The queued job, or one that this or an equal request made before.

        Raises:
            PolycueError: the request cannot be served; nothing was queued.
        """
        whose, draft = tenant.current(), _draft(request)
        if not request.validate_only and (earlier := self._repeated(whose, draft)):
            return _answer(earlier)
        check = self._sources.checking(whose)
        self._installed.check(task(request.spec, check))
        if request.validate_only:
            return jobs_pb2.CreateJobResponse(job=jobs_pb2.Job(labels=draft.labels))
        key = content_key(request.spec, check, f"{self._version} {self._installed.edition()}")
        if not request.fresh and (done := self._board.same_content(whose, key)):
            return _answer(done, repeated_result=True)
        return _answer(self._queue(whose, replace(draft, content_key=key), request.spec))

    def _repeated(self, whose: str, draft: JobDraft) -> Job | None:
        return self._board.repeated(whose, draft.request_id, draft.fingerprint)

    @contextmanager
    def task_of(self, job: Job, folder: Path, cancel: CancelToken) -> Iterator[Task]:
        """What a queued job is to do; its inputs are brought below ``folder``, for the block."""
        with self._sources.brought(job.tenant, folder, cancel) as find:
            yield task(jobs_pb2.JobSpec.FromString(job.spec), find)

    def _queue(self, whose: str, draft: JobDraft, spec: jobs_pb2.JobSpec) -> Job:
        """Queue the spec without its inline bytes, which stay only where a job wants them.

        That may be an earlier job: the same request comes again while it is still being answered.
        """
        small, made = self._sources.without_inline(whose, spec)
        wanted: Collection[str] = ()
        try:
            draft = replace(draft, spec=small.SerializeToString(), inputs=input_names(small))
            job = self._board.create(whose, draft)
            wanted = job.inputs
        finally:
            for upload in made:
                if names.upload(upload) not in wanted:
                    with suppress(NotFound):
                        self._uploads.delete(whose, upload)
        return job


def _draft(request: jobs_pb2.CreateJobRequest) -> JobDraft:
    """All but the work itself."""
    return JobDraft(
        spec=b"",
        labels=fields.labels(request.labels),
        request_id=fields.request_id(request.request_id),
        fingerprint=jobs.fingerprint(request),
        ttl_ms=jobs.ttl_ms(request),
    )


def _answer(job: Job, *, repeated_result: bool = False) -> jobs_pb2.CreateJobResponse:
    return jobs_pb2.CreateJobResponse(job=jobs.job(job), repeated_result=repeated_result)
