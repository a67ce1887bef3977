"""From a request to a queued job: checked, its inputs found, its models there."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from polycue.api.v1 import jobs_pb2
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import NotFound, PolycueError
from polycue.domain.request import Task
from polycue.jobs.board import Board, JobDraft
from polycue.jobs.job import Job
from polycue.jobs.uploads import Uploads
from polycue.rpc import tenant
from polycue.rpc.convert import fields, jobs
from polycue.rpc.convert.sources import input_names
from polycue.rpc.convert.tasks import task
from polycue.rpc.installed import Installed
from polycue.rpc.sources import Sources


class Admission:
    """Blocks; safe to use from several threads."""

    def __init__(
        self, board: Board, sources: Sources, uploads: Uploads, installed: Installed
    ) -> None:
        self._board, self._sources = board, sources
        self._uploads, self._installed = uploads, installed

    def admit(self, request: jobs_pb2.CreateJobRequest) -> jobs_pb2.Job:
        """The queued job, or the one the same request made before.

        Raises:
            PolycueError: the request cannot be served; nothing was queued.
        """
        request_id = fields.request_id(request.request_id)
        labels, ttl_ms = fields.labels(request.labels), jobs.ttl_ms(request)
        fingerprint = jobs.fingerprint(request)
        if not request.validate_only and (
            earlier := self._board.repeated(tenant.current(), request_id, fingerprint)
        ):
            return jobs.job(earlier)
        check = partial(self._sources.check, tenant.current())
        self._installed.check(task(request.spec, check))
        if request.validate_only:
            return jobs_pb2.Job(labels=labels)
        with self._small(request.spec) as spec:
            draft = JobDraft(
                spec=spec.SerializeToString(),
                inputs=input_names(spec),
                labels=labels,
                request_id=request_id,
                fingerprint=fingerprint,
                ttl_ms=ttl_ms,
            )
            return jobs.job(self._board.create(tenant.current(), draft))

    @contextmanager
    def task_of(self, job: Job, folder: Path, cancel: CancelToken) -> Iterator[Task]:
        """What a queued job is to do; its inputs are brought below ``folder``, for the block."""
        with self._sources.brought(job.tenant, folder, cancel) as find:
            yield task(jobs_pb2.JobSpec.FromString(job.spec), find)

    @contextmanager
    def _small(self, spec: jobs_pb2.JobSpec) -> Iterator[jobs_pb2.JobSpec]:
        """The spec without inline bytes; those are deleted again if the block fails."""
        small, made = self._sources.without_inline(tenant.current(), spec)
        try:
            yield small
        except PolycueError:
            for upload in made:
                with suppress(NotFound):
                    self._uploads.delete(tenant.current(), upload)
            raise
