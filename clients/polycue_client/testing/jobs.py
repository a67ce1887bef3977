"""Jobs, each of which plays a script."""

from collections.abc import Iterator, Sequence

import grpc

from polycue.api.v1 import jobs_pb2, jobs_pb2_grpc
from polycue_client.testing.answers import Answers, page, refuse
from polycue_client.testing.refusal import not_found
from polycue_client.testing.script import Event, Scripted


class JobAnswers(Answers, jobs_pb2_grpc.JobServiceServicer):
    def __init__(self, scripted: Scripted) -> None:
        super().__init__(scripted)
        self._jobs: dict[str, list[Event]] = {}
        self._labels: dict[str, dict[str, str]] = {}

    def CreateJob(
        self, request: jobs_pb2.CreateJobRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.CreateJobResponse:
        self._begin("CreateJob", request, context)
        name = self._scripted.new_name("jobs")
        script = self._scripted.scripts.popleft() if self._scripted.scripts else _nothing_to_do
        self._jobs[name] = [_numbered(e, n, name) for n, e in enumerate(script(request.spec), 1)]
        self._labels[name] = dict(request.labels)
        queued = jobs_pb2.Job(name=name, state=jobs_pb2.JOB_STATE_QUEUED, labels=request.labels)
        return jobs_pb2.CreateJobResponse(job=queued)

    def GetJob(
        self, request: jobs_pb2.GetJobRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.GetJobResponse:
        self._begin("GetJob", request, context)
        return jobs_pb2.GetJobResponse(job=self._last(request.name, context))

    def ListJobs(
        self, request: jobs_pb2.ListJobsRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.ListJobsResponse:
        self._begin("ListJobs", request, context)
        newest = [self._last(name, context) for name in reversed(self._jobs)]
        wanted = [
            job
            for job in newest
            if (not request.states or job.state in request.states)
            and all(job.labels[key] == value for key, value in request.labels.items())
        ]
        jobs, token = page(wanted, request.page_token)
        return jobs_pb2.ListJobsResponse(jobs=jobs, next_page_token=token)

    def WatchJob(
        self, request: jobs_pb2.WatchJobRequest, context: grpc.ServicerContext
    ) -> Iterator[Event]:
        self._scripted.requests["WatchJob"].append(request)
        self._last(request.name, context)
        self._scripted.watched.set()
        events = (e for e in self._jobs[request.name] if e.sequence > request.after_sequence)
        yield from self._stream("WatchJob", map(self._in_time, events), context)

    def _in_time(self, event: Event) -> Event:
        """A job whose script ends as cancelled runs until somebody cancels it."""
        if event.job.state == jobs_pb2.JOB_STATE_CANCELLED:
            self._scripted.cancelled.wait()
        return event

    def CancelJob(
        self, request: jobs_pb2.CancelJobRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.CancelJobResponse:
        self._begin("CancelJob", request, context)
        self._last(request.name, context)
        self._scripted.cancelled.set()
        job = jobs_pb2.Job(name=request.name, state=jobs_pb2.JOB_STATE_CANCELLING)
        return jobs_pb2.CancelJobResponse(job=job)

    def ResumeJob(
        self, request: jobs_pb2.ResumeJobRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.ResumeJobResponse:
        self._begin("ResumeJob", request, context)
        self._last(request.name, context)
        job = jobs_pb2.Job(name=request.name, state=jobs_pb2.JOB_STATE_QUEUED)
        return jobs_pb2.ResumeJobResponse(job=job)

    def DeleteJob(
        self, request: jobs_pb2.DeleteJobRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.DeleteJobResponse:
        self._begin("DeleteJob", request, context)
        self._last(request.name, context)
        del self._jobs[request.name]
        return jobs_pb2.DeleteJobResponse()

    def _last(self, name: str, context: grpc.ServicerContext) -> jobs_pb2.Job:
        if name not in self._jobs:
            refuse(context, not_found(name))
        job = jobs_pb2.Job(labels=self._labels[name])
        job.MergeFrom(self._jobs[name][-1].job)
        return job


def _nothing_to_do(spec: jobs_pb2.JobSpec) -> Sequence[Event]:
    return [Event(job=jobs_pb2.Job(state=jobs_pb2.JOB_STATE_SUCCEEDED))]


def _numbered(event: Event, number: int, name: str) -> Event:
    event.sequence = number
    if event.HasField("job"):
        event.job.name = name
    return event
