"""JobService."""

import contextlib
from collections.abc import AsyncGenerator
from contextlib import aclosing

from polycue.api.v1 import jobs_pb2 as pb
from polycue.api.v1 import jobs_pb2_grpc as pb_grpc
from polycue.domain.errors import InvalidRequest, NotFound
from polycue.jobs.board import Board
from polycue.jobs.lane import Lane
from polycue.jobs.watch import Watcher
from polycue.rpc import pages, tenant
from polycue.rpc.admission import Admission
from polycue.rpc.convert import fields, names
from polycue.rpc.convert import jobs as convert
from polycue.rpc.guard import Context
from polycue.rpc.limits import MAX_MESSAGE_BYTES

_PAGE_BYTES = MAX_MESSAGE_BYTES - 64 * 1024  # the rest is for what stands around the jobs


class JobService(pb_grpc.JobServiceServicer):
    """``lane`` is for what asks the store."""

    def __init__(
        self,
        board: Board,
        admission: Admission,
        watcher: Watcher,
        page_tokens: pages.PageTokens,
        lane: Lane,
    ) -> None:
        self._board, self._admission, self._watcher = board, admission, watcher
        self._page_tokens, self._lane = page_tokens, lane

    async def CreateJob(
        self, request: pb.CreateJobRequest, context: Context
    ) -> pb.CreateJobResponse:
        return await self._lane(self._admission.admit, request)

    async def GetJob(self, request: pb.GetJobRequest, context: Context) -> pb.GetJobResponse:
        if request.view not in pb.JobView.values():
            raise InvalidRequest("view", f"there is no view {request.view}")
        job = await self._lane(self._board.get, tenant.current(), names.job_id(request.name))
        return pb.GetJobResponse(job=convert.job(job, with_spec=request.view == pb.JOB_VIEW_FULL))

    async def ListJobs(self, request: pb.ListJobsRequest, context: Context) -> pb.ListJobsResponse:
        return await self._lane(self._page, tenant.current(), request)

    def _page(self, whose: str, request: pb.ListJobsRequest) -> pb.ListJobsResponse:
        """Blocks: for the store, and for a thousand jobs to be encoded."""
        wanted, size = convert.job_filter(request), pages.page_size(request.page_size)
        before = self._page_tokens.open(whose, request, request.page_token)
        # One more than fits, to know whether there is a next page.
        found = self._board.page(whose, wanted, before=before, limit=size + 1)
        shown = convert.fitting((convert.job(job) for job in found[:size]), _PAGE_BYTES)
        if len(shown) == len(found):
            return pb.ListJobsResponse(jobs=shown)
        last = found[len(shown) - 1].number
        return pb.ListJobsResponse(
            jobs=shown, next_page_token=self._page_tokens.seal(whose, request, last)
        )

    async def WatchJob(
        self, request: pb.WatchJobRequest, context: Context
    ) -> AsyncGenerator[pb.WatchJobResponse]:
        job_id = names.job_id(request.name)
        after = fields.offset(request.after_sequence, "after_sequence")
        watching = self._watcher.follow(
            tenant.current(), job_id, after=after, with_cues=request.include_cues
        )
        async with aclosing(watching) as events:
            async for seen in events:
                yield convert.watched(seen, job_id)

    async def CancelJob(
        self, request: pb.CancelJobRequest, context: Context
    ) -> pb.CancelJobResponse:
        job = await self._lane(self._board.cancel, tenant.current(), names.job_id(request.name))
        return pb.CancelJobResponse(job=convert.job(job))

    async def ResumeJob(
        self, request: pb.ResumeJobRequest, context: Context
    ) -> pb.ResumeJobResponse:
        job = await self._lane(
            self._board.resume,
            tenant.current(),
            names.job_id(request.name),
            request_id=fields.request_id(request.request_id),
        )
        return pb.ResumeJobResponse(job=convert.job(job))

    async def DeleteJob(
        self, request: pb.DeleteJobRequest, context: Context
    ) -> pb.DeleteJobResponse:
        job_id = names.job_id(request.name)
        with contextlib.suppress(*([NotFound] if request.allow_missing else [])):
            await self._lane(self._board.delete, tenant.current(), job_id)
        return pb.DeleteJobResponse()
