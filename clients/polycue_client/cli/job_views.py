"""Jobs as people and programs see them: a table, a page, a document."""

import sys
from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polycue.api.v1 import jobs_pb2


def document(job: "jobs_pb2.Job") -> dict[str, object]:
    from google.protobuf.json_format import MessageToDict

    return dict(MessageToDict(job, preserving_proto_field_name=True))


def print_table(found: "Sequence[jobs_pb2.Job]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from polycue_client.outcome import state_name

    table = Table(box=None, pad_edge=False)
    for title in ("job", "state", "created", "language", "file"):
        table.add_column(title, overflow="fold", no_wrap=title == "job")
    for job in found:
        cells = (job.name, state_name(job.state), _when(job), job.language_code, job.labels["file"])
        table.add_row(*map(Text, cells))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def description(job: "jobs_pb2.Job") -> list[str]:
    from polycue.api.v1 import jobs_pb2
    from polycue_client.drafts import own_name
    from polycue_client.outcome import notice_line, state_name, usage_line

    lines = [f"{job.name}: {state_name(job.state)}", f"created: {_when(job)}"]
    lines += [f"{key}: {value}" for key, value in sorted(job.labels.items())]
    if job.language_code:
        lines.append(f"language: {job.language_code}")
    if job.attempt > 1:
        lines.append(f"attempt: {job.attempt}")
    if job.failure.message:
        lines.append(f"failure: {job.failure.message} ({job.failure.reason})")
    if job.failure.resumable and job.state == jobs_pb2.JOB_STATE_FAILED:
        lines.append(f"go on with: polycue jobs resume {job.name}")
    if engine := usage_line(job.engine_usage):
        lines.append(f"engine: {engine}")
    lines += map(notice_line, job.notices)
    lines += [f"result: {own_name(a.filename)} ({a.size_bytes} bytes)" for a in job.artifacts]
    return lines


def _when(job: "jobs_pb2.Job") -> str:
    return job.create_time.ToDatetime(UTC).astimezone().isoformat(sep=" ", timespec="seconds")
