"""Rows as a later release may have written them: old servers go on beside it."""

import json
from typing import Any

from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.progress import Stage, StageMoved
from polycue.jobs.asked import Asked
from polycue.jobs.job import Artifact, Failure, Job, JobState
from polycue.jobs.store.rows import job_of_row, row_of_job

JOB = Job(
    id="a",
    tenant="acme",
    spec=b"",
    created_ms=1,
    ttl_ms=100,
    state=JobState.FAILED,
    asked=Asked("mine.1", at_ms=7),
    failure=Failure(13, "INTERNAL", "internal error", {"field": "x"}),
    stages=(StageMoved(next(iter(Stage)), 1, 2),),
    notices=(Notice(next(iter(NoticeReason)), "mind it", {"at": "1"}),),
    artifacts=(Artifact("1", "a.srt", "text/plain", "en", 3, b"\1"),),
)


def _with_more(written: str) -> str:
    found: Any = json.loads(written)
    values = [{**value, "later": 1} for value in (found if isinstance(found, list) else [found])]
    return json.dumps(values if isinstance(found, list) else values[0])


def test_what_a_later_release_tells_more_of_is_left_out_and_the_rest_read() -> None:
    row = {**row_of_job(JOB), "number": JOB.number}
    assert job_of_row(row) == JOB
    for column in ("asked", "engine_usage", "failure", "stages", "notices", "artifacts"):
        row[column] = _with_more(str(row[column]))
    assert job_of_row(row) == JOB
