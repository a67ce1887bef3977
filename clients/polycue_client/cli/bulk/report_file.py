"""The report as a file: JSON and CSV for programs, HTML for people."""

import csv
import io
import json
from pathlib import Path

from polycue_client.cli.bulk.page import page
from polycue_client.cli.bulk.report import Report
from polycue_client.drafts import Draft

_COLUMNS = (
    "film",
    "state",
    "duration_ms",
    "languages",
    "cues",
    "violations",
    "fallbacks",
    "took_ms",
    "reason",
    "message",
    "to_do",
    "job",
    "outputs",
)


def write(report: Report, path: Path) -> None:
    """As the suffix says; an earlier report of that name is replaced.

    Raises:
        OSError: it cannot be written.
    """
    text = {".json": _json, ".csv": _csv, ".html": page}[path.suffix.lower()](report)
    path.parent.mkdir(parents=True, exist_ok=True)
    with Draft(path) as draft:
        draft.file.write(text.encode("utf-8", "backslashreplace"))
        draft.publish(overwrite=True)


def _json(report: Report) -> str:
    return json.dumps(report.document(), ensure_ascii=False, indent=1) + "\n"


def _csv(report: Report) -> str:
    """A line for each film; times are in milliseconds, lists have ``;`` between."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for row in report.rows:
        told = row.document() | {"languages": [track.language for track in row.tracks]}
        writer.writerow([_cell(told[column]) for column in _COLUMNS])
    return text.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    text = "" if value is None else str(value)
    # A spreadsheet runs what begins like a formula; a file may be called so.
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
