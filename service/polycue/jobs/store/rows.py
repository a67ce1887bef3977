"""Jobs and uploads as rows, and back. What nobody searches in is JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar

from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.progress import Stage, StageMoved
from polycue.domain.usage import EngineUsage
from polycue.jobs.asked import Asked
from polycue.jobs.files.protocol import Part
from polycue.jobs.job import Artifact, Failure, Job, JobState
from polycue.jobs.store.session import Row, Value
from polycue.jobs.upload import Upload

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def row_of_job(job: Job) -> dict[str, Value]:
    """Without the number, which the table gives."""
    return {
        "id": job.id,
        "tenant": job.tenant,
        "request_id": job.request_id or None,
        "fingerprint": job.fingerprint,
        "content_key": job.content_key,
        "state": job.state.value,
        "labels": json.dumps(dict(job.labels)),
        "inputs": json.dumps(job.inputs),
        "spec": job.spec,
        "created_ms": job.created_ms,
        "started_ms": job.started_ms,
        "ended_ms": job.ended_ms,
        "expires_ms": job.expires_ms,
        "ttl_ms": job.ttl_ms,
        "language": job.language,
        "stages": json.dumps([asdict(stage) for stage in job.stages]),
        "notices": json.dumps([asdict(notice) for notice in job.notices]),
        "artifacts": json.dumps([_plain(artifact) for artifact in job.artifacts]),
        "failure": json.dumps(asdict(job.failure)) if job.failure else None,
        "kept_bytes": job.kept_bytes,
        "media_ms": job.media_ms,
        "length_ms": job.length_ms,
        "queued_ms": job.queued_ms,
        "engine_usage": json.dumps(asdict(job.usage)),
        "owner": job.owner,
        "epoch": job.epoch,
        "lease_until_ms": job.lease_until_ms,
        "attempts": job.attempts,
        "reached": job.reached,
        "plan_hash": job.plan_hash,
        "resumed_by": job.resumed_by,
        "asked": json.dumps(asdict(job.asked)),
    }


def job_of_row(row: Row) -> Job:
    return Job(
        number=row["number"],
        id=row["id"],
        tenant=row["tenant"],
        request_id=row["request_id"] or "",
        fingerprint=row["fingerprint"],
        content_key=row["content_key"],
        state=JobState(row["state"]),
        labels=json.loads(row["labels"]),
        inputs=tuple(json.loads(row["inputs"])),
        spec=row["spec"],
        created_ms=row["created_ms"],
        started_ms=row["started_ms"],
        ended_ms=row["ended_ms"],
        ttl_ms=row["ttl_ms"],
        language=row["language"],
        stages=tuple(
            _known(StageMoved, {**stage, "stage": Stage(stage["stage"])})
            for stage in json.loads(row["stages"])
        ),
        notices=tuple(
            _known(Notice, {**notice, "reason": NoticeReason(notice["reason"])})
            for notice in json.loads(row["notices"])
        ),
        artifacts=tuple(
            _known(Artifact, {**artifact, "sha256": bytes.fromhex(artifact["sha256"])})
            for artifact in json.loads(row["artifacts"])
        ),
        failure=_known(Failure, json.loads(row["failure"])) if row["failure"] else None,
        media_ms=row["media_ms"],
        length_ms=row["length_ms"],
        queued_ms=row["queued_ms"],
        usage=_known(EngineUsage, json.loads(row["engine_usage"])),
        owner=row["owner"],
        epoch=row["epoch"],
        lease_until_ms=row["lease_until_ms"],
        attempts=row["attempts"],
        reached=row["reached"],
        plan_hash=row["plan_hash"],
        resumed_by=row["resumed_by"],
        asked=_known(Asked, json.loads(row["asked"])),
    )


def row_of_upload(upload: Upload) -> dict[str, Value]:
    row: dict[str, Value] = asdict(upload)
    row["request_id"] = upload.request_id or None
    row["parts"] = json.dumps([(part.key, part.size_bytes) for part in upload.parts])
    return row


def upload_of_row(row: Row) -> Upload:
    values = dict(row)
    values["request_id"] = values["request_id"] or ""
    values["complete"] = bool(values["complete"])
    values["parts"] = tuple(Part(*part) for part in json.loads(values["parts"]))
    return Upload(**values)


def _plain(artifact: Artifact) -> dict[str, Value]:
    return {**asdict(artifact), "sha256": artifact.sha256.hex()}


def _known(kind: type[T], values: Mapping[str, Any]) -> T:
    """Of values that a later release wrote, beside which this one goes on, those known here."""
    names = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in names})
