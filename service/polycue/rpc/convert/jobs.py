"""Jobs, their events, artifacts and filters, to messages and back."""

import hashlib
from collections.abc import Iterable

from google.protobuf.message import Message

from polycue.api.v1 import artifacts_pb2, jobs_pb2, media_pb2
from polycue.domain.errors import InvalidRequest
from polycue.domain.progress import CuesReady, Stage, StageMoved
from polycue.jobs.feed import ArtifactReady, JobChanged
from polycue.jobs.job import Artifact, Failure, Job, JobState
from polycue.jobs.store.protocol import JobFilter
from polycue.jobs.watch import Seen
from polycue.rpc.convert import fields, names, times, tracks
from polycue.rpc.convert.usage import usage

_STATES: dict[JobState, jobs_pb2.JobState.ValueType] = {
    JobState.QUEUED: jobs_pb2.JOB_STATE_QUEUED,
    JobState.RUNNING: jobs_pb2.JOB_STATE_RUNNING,
    JobState.CANCELLING: jobs_pb2.JOB_STATE_CANCELLING,
    JobState.SUCCEEDED: jobs_pb2.JOB_STATE_SUCCEEDED,
    JobState.FAILED: jobs_pb2.JOB_STATE_FAILED,
    JobState.CANCELLED: jobs_pb2.JOB_STATE_CANCELLED,
    JobState.INTERRUPTED: jobs_pb2.JOB_STATE_INTERRUPTED,
}
_STATE_OF = {value: state for state, value in _STATES.items()}
_STAGES: dict[Stage, jobs_pb2.JobStage.ValueType] = {
    Stage.PROBE: jobs_pb2.JOB_STAGE_PROBE,
    Stage.EXTRACT: jobs_pb2.JOB_STAGE_EXTRACT,
    Stage.TRANSCRIBE: jobs_pb2.JOB_STAGE_TRANSCRIBE,
    Stage.TRANSLATE: jobs_pb2.JOB_STAGE_TRANSLATE,
    Stage.RENDER: jobs_pb2.JOB_STAGE_RENDER,
    Stage.MUX: jobs_pb2.JOB_STAGE_MUX,
    Stage.SHOTS: jobs_pb2.JOB_STAGE_SHOTS,
    Stage.SYNC: jobs_pb2.JOB_STAGE_SYNC,
}
_LONGEST_TTL_MS = 10 * 365 * 24 * 60 * 60 * 1000


def job(value: Job, *, with_spec: bool = False) -> jobs_pb2.Job:
    return jobs_pb2.Job(
        name=names.job(value.id),
        spec=jobs_pb2.JobSpec.FromString(value.spec) if with_spec else None,
        labels=value.labels,
        state=_STATES[value.state],
        stages=[stage(moved) for moved in value.stages],
        failure=failure(value.failure) if value.failure else None,
        notices=tracks.notices(value.notices),
        create_time=times.timestamp(value.created_ms),
        start_time=times.timestamp(value.started_ms),
        end_time=times.timestamp(value.ended_ms),
        expire_time=times.timestamp(value.expires_ms),
        artifacts=[artifact(value, one) for one in value.artifacts],
        language_code=value.language,
        attempt=value.epoch,
        engine_usage=usage(value.usage),
    )


def artifact(owner: Job, value: Artifact) -> artifacts_pb2.Artifact:
    return _artifact(owner.id, value, owner.expires_ms)


def stage(moved: StageMoved) -> jobs_pb2.StageProgress:
    return jobs_pb2.StageProgress(
        stage=_STAGES[moved.stage],
        processed_duration=times.duration(moved.processed_ms),
        total_duration=None if moved.total_ms is None else times.duration(moved.total_ms),
        finished=moved.finished,
        checkpointed=moved.checkpointed,
    )


def failure(value: Failure) -> media_pb2.Failure:
    return media_pb2.Failure(
        code=value.code,
        reason=value.reason,
        message=value.message,
        metadata=value.facts,
        resumable=value.resumable,
    )


def watched(seen: Seen, job_id: str) -> jobs_pb2.WatchJobResponse:
    """An event, as a watcher of the job gets it."""
    match seen.event:
        case JobChanged(value):
            return jobs_pb2.WatchJobResponse(sequence=seen.sequence, job=job(value, with_spec=True))
        case StageMoved() as moved:
            return jobs_pb2.WatchJobResponse(sequence=seen.sequence, progress=stage(moved))
        case CuesReady() as cues:
            return jobs_pb2.WatchJobResponse(
                sequence=seen.sequence, cues=tracks.cues_of_track(cues)
            )
        case ArtifactReady(value):
            return jobs_pb2.WatchJobResponse(
                sequence=seen.sequence, artifact=_artifact(job_id, value, None)
            )
        case _:
            return jobs_pb2.WatchJobResponse(
                sequence=seen.sequence, heartbeat=jobs_pb2.WatchJobResponse.Heartbeat()
            )


def job_filter(request: jobs_pb2.ListJobsRequest) -> JobFilter:
    for number, state in enumerate(request.states):
        if state not in _STATE_OF:
            raise InvalidRequest(f"states[{number}]", f"there is no state {state}")
    states = frozenset(_STATE_OF[state] for state in request.states)
    return JobFilter(states, fields.labels(request.labels))


def ttl_ms(request: Message, field: str = "ttl") -> int | None:
    """How long to keep the resource, None where the caller leaves that to the server."""
    if not request.HasField(field):
        return None
    return times.milliseconds(getattr(request, field), field, low_ms=1, high_ms=_LONGEST_TTL_MS)


def fingerprint(request: Message) -> str:
    """The same for two requests that ask for the same."""
    return hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()


def fitting(jobs: Iterable[jobs_pb2.Job], most_bytes: int) -> list[jobs_pb2.Job]:
    """As many jobs, from the first, as a message of this size takes; at least one."""
    kept: list[jobs_pb2.Job] = []
    for message in jobs:
        most_bytes -= message.ByteSize()
        if kept and most_bytes < 0:
            break
        kept.append(message)
    return kept


def _artifact(job_id: str, value: Artifact, expires_ms: int | None) -> artifacts_pb2.Artifact:
    return artifacts_pb2.Artifact(
        name=names.artifact(job_id, value.id),
        mime_type=value.mime_type,
        language_code=value.language,
        size_bytes=value.size_bytes,
        sha256=value.sha256,
        filename=value.filename,
        expire_time=times.timestamp(expires_ms),
    )
