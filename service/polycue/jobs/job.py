"""A job, and the one function that moves it from state to state."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from polycue.domain.errors import IllegalTransition
from polycue.domain.notice import Notice
from polycue.domain.progress import StageMoved
from polycue.domain.usage import NOT_USED, EngineUsage
from polycue.jobs.asked import NOT_TRACED, Asked


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"  # told to stop, and has not stopped yet
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # its server let it go; the next free worker goes on with it

    @property
    def ended(self) -> bool:
        return self in _ENDS


_ENDS = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
WAITING = frozenset({JobState.QUEUED, JobState.INTERRUPTED})
"""The states of jobs that nobody works on and that have not ended."""

NEXT: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: frozenset(
        {JobState.CANCELLING, JobState.SUCCEEDED, JobState.FAILED, JobState.INTERRUPTED}
    ),
    # Work that ends by itself before it notices the cancel has ended by itself.
    JobState.CANCELLING: frozenset({JobState.CANCELLED, JobState.SUCCEEDED, JobState.FAILED}),
    JobState.INTERRUPTED: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.FAILED}),
    # Only where a caller asks for it.
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
    JobState.SUCCEEDED: frozenset(),
}
"""Where a job may go from each state."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job did not succeed. ``code`` is google.rpc's number, ``reason`` UPPER_SNAKE_CASE.

    ``resumable`` says that the same work may go well another time.
    """

    code: int
    reason: str
    message: str
    facts: Mapping[str, str] = field(default_factory=dict)
    resumable: bool = False


@dataclass(frozen=True, slots=True)
class Artifact:
    """A result file of a job; ``id`` is unique within it, ``key`` says where its bytes lie."""

    id: str
    filename: str
    mime_type: str
    language: str
    size_bytes: int
    sha256: bytes
    key: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A unit of work. Instants are milliseconds since the epoch.

    ``spec`` is the caller's, encoded; only the edge can read it. ``inputs`` are the resource names
    it reads from. ``number`` counts jobs in the order they were created; the store gives it.
    ``fingerprint`` tells whether a second request with the same ``request_id`` is the same;
    ``content_key`` tells two jobs that give the same results, "" where nobody knows.

    ``owner`` is the server that works on it or did last, ``lease_until_ms``, by the store's clock,
    how long nobody else may. ``epoch`` counts how often it was taken, ``attempts`` only since it
    last got further, and ``reached`` is the newest chunk of its checkpoint, such as
    "transcribe/12"; all chunks were made under the plan ``plan_hash``. ``resumed_by`` is the
    request that asked for it once more, ``media_ms`` how much was decoded for it of ``length_ms``,
    0 until that is known, and ``usage`` how the engine worked on it in all its attempts.
    ``queued_ms`` is since when it waits or did last, by the store's clock.
    ``asked`` is for log lines and traces only.
    """

    id: str
    tenant: str
    spec: bytes
    created_ms: int
    ttl_ms: int
    number: int = 0
    state: JobState = JobState.QUEUED
    labels: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    request_id: str = ""
    fingerprint: str = ""
    content_key: str = ""
    started_ms: int | None = None
    ended_ms: int | None = None
    language: str = ""
    stages: tuple[StageMoved, ...] = ()
    notices: tuple[Notice, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    failure: Failure | None = None
    media_ms: int = 0
    length_ms: int = 0
    queued_ms: int = 0
    usage: EngineUsage = NOT_USED
    owner: str = ""
    epoch: int = 0
    lease_until_ms: int = 0
    attempts: int = 0
    reached: str = ""
    plan_hash: str = ""
    resumed_by: str = ""
    asked: Asked = NOT_TRACED

    def __repr__(self) -> str:
        return f"Job({self.id}, {self.state.value})"

    @property
    def ended(self) -> bool:
        return self.state.ended

    @property
    def kept_bytes(self) -> int:
        """Of its spec and its results."""
        return len(self.spec) + sum(artifact.size_bytes for artifact in self.artifacts)

    @property
    def expires_ms(self) -> int | None:
        """When it is purged; None until it has ended."""
        return None if self.ended_ms is None else self.ended_ms + self.ttl_ms


def new_id() -> str:
    """128 bits that nobody can guess: who knows the name of a job or an upload may use it."""
    return secrets.token_hex(16)


def move(job: Job, to: JobState, *, now_ms: int, failure: Failure | None = None) -> Job:
    """The job in state ``to``, with the times that go with it; it starts only once.

    Raises:
        IllegalTransition: no way leads there from the state it is in.
    """
    if to not in NEXT[job.state]:
        raise IllegalTransition(job.id, job.state.value, to.value)
    return replace(
        job,
        state=to,
        failure=failure,
        started_ms=now_ms if to is JobState.RUNNING and not job.started_ms else job.started_ms,
        ended_ms=now_ms if to.ended else None,
        queued_ms=now_ms if to in WAITING else job.queued_ms,
    )
