"""How a job ended, as a value or as an exception."""

import grpc
from google.protobuf.duration_pb2 import Duration

from polycue.api.v1 import engine_pb2, jobs_pb2, media_pb2
from polycue_client.errors import (
    Details,
    JobCancelled,
    JobInterrupted,
    PolycueClientError,
    ServerFault,
    ServerUnreachable,
    error_of,
)

_ENDED = frozenset(
    {
        jobs_pb2.JOB_STATE_SUCCEEDED,
        jobs_pb2.JOB_STATE_FAILED,
        jobs_pb2.JOB_STATE_CANCELLED,
    }
)

_STATUS_OF_NUMBER: dict[int, str] = {code.value[0]: code.name for code in grpc.StatusCode}

# Reasons of notices that only say what was done, as was wished.
_NO_DOUBTS = frozenset({"RETIMED", "SYNC_BY_SPEECH"})


def state_name(state: jobs_pb2.JobState.ValueType) -> str:
    """For people: ``running``. A state this client does not know is named by its number."""
    known = state in jobs_pb2.JobState.values()
    return jobs_pb2.JobState.Name(state).removeprefix("JOB_STATE_").lower() if known else str(state)


def notice_line(notice: media_pb2.Notice) -> str:
    """For people; what is a doubt begins with "warning: "."""
    return notice.message if notice.reason in _NO_DOUBTS else f"warning: {notice.message}"


def usage_line(usage: engine_pb2.EngineUsage) -> str:
    """For people: what the devices did; "" where they did nothing."""
    if not usage.chunk_count:
        return ""
    repeated = usage.repeated_chunk_count
    again = f", {repeated} times one again" if repeated else ""
    waited_s = usage.queued_duration.ToMilliseconds() / 1000 / usage.chunk_count
    return (
        f"{_seconds(usage.audio_duration)} of sound in {_seconds(usage.wall_duration)}:"
        f" {usage.chunk_count - repeated} chunks{again}, in {usage.batch_count} batches"
        f" {usage.batch_fill:.0%} full; waited {waited_s:.1f} s each;"
        f" device {_seconds(usage.device_duration)}, {usage.device_share:.0%} of its work"
    )


def has_ended(job: jobs_pb2.Job) -> bool:
    """Whether it stays as it is; an interrupted job goes on by itself."""
    return job.state in _ENDED


def succeeded(job: jobs_pb2.Job) -> jobs_pb2.Job:
    """The job again, if it did what was asked of it.

    Raises:
        PolycueClientError: it failed, with the class that a call would have raised; or
            ``JobCancelled``. ``JobInterrupted``, where it has not ended at all.
    """
    if job.state == jobs_pb2.JOB_STATE_FAILED:
        raise from_failure(job.failure)
    if job.state == jobs_pb2.JOB_STATE_CANCELLED:
        raise JobCancelled(f"{job.name} was cancelled")
    if not has_ended(job):
        raise broken_off(job.name)
    return job


def from_failure(failure: media_pb2.Failure) -> PolycueClientError:
    """The error a failed job keeps, as the same class a call would have raised."""
    details = Details(reason=failure.reason, metadata=dict(failure.metadata))
    status = _STATUS_OF_NUMBER.get(failure.code, "UNKNOWN")
    error = error_of(status, failure.message, details)
    if isinstance(error, ServerUnreachable):  # it was reached, or the failure would not be known
        return ServerFault(failure.message, status=status, details=details)
    return error


def broken_off(job_name: str) -> JobInterrupted:
    """For a watch that came to no end."""
    return JobInterrupted(f"the server stopped telling about {job_name} before its end")


def _seconds(duration: Duration) -> str:
    return f"{duration.ToMilliseconds() / 1000:.1f} s"
