"""How a job ended, as a value or as an exception."""

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue_client.errors import JobCancelled, JobInterrupted, from_failure

_ENDED = frozenset(
    {
        jobs_pb2.JOB_STATE_SUCCEEDED,
        jobs_pb2.JOB_STATE_FAILED,
        jobs_pb2.JOB_STATE_CANCELLED,
    }
)

# Reasons of notices that only say what was done, as was wished.
_NO_DOUBTS = frozenset({"RETIMED", "SYNC_BY_SPEECH"})


def state_name(state: jobs_pb2.JobState.ValueType) -> str:
    """For people: ``running``. A state this client does not know is named by its number."""
    known = state in jobs_pb2.JobState.values()
    return jobs_pb2.JobState.Name(state).removeprefix("JOB_STATE_").lower() if known else str(state)


def notice_line(notice: media_pb2.Notice) -> str:
    """For people; what is a doubt begins with "warning: "."""
    return notice.message if notice.reason in _NO_DOUBTS else f"warning: {notice.message}"


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


def broken_off(job_name: str) -> JobInterrupted:
    """For a watch that came to no end."""
    return JobInterrupted(f"the server stopped telling about {job_name} before its end")
