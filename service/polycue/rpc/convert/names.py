"""Resource names: ``jobs/{job}``, ``jobs/{job}/artifacts/{artifact}``, ``uploads/{upload}``."""

import re

from polycue.domain.errors import InvalidRequest

_ID = "([0-9a-f]{32})"
_JOB = re.compile(f"jobs/{_ID}")
_UPLOAD = re.compile(f"uploads/{_ID}")
_ARTIFACT = re.compile(f"jobs/{_ID}/artifacts/([^/]+)")
_MODEL = re.compile(r"models/([A-Za-z0-9][A-Za-z0-9._-]*)")


def job(job_id: str) -> str:
    return f"jobs/{job_id}"


def upload(upload_id: str) -> str:
    return f"uploads/{upload_id}"


def artifact(job_id: str, artifact_id: str) -> str:
    return f"jobs/{job_id}/artifacts/{artifact_id}"


def model(name: str) -> str:
    return f"models/{name}"


def job_id(name: str, field: str = "name") -> str:
    return _matched(_JOB, name, field, "jobs/{job}")[1]


def upload_id(name: str, field: str = "name") -> str:
    return _matched(_UPLOAD, name, field, "uploads/{upload}")[1]


def artifact_ids(name: str, field: str = "name") -> tuple[str, str]:
    """The job's id and the artifact's."""
    match = _matched(_ARTIFACT, name, field, "jobs/{job}/artifacts/{artifact}")
    return match[1], match[2]


def model_name(name: str, field: str) -> str:
    """The model's own name, "" where none is given."""
    return _matched(_MODEL, name, field, "models/{model}")[1] if name else ""


def _matched(pattern: re.Pattern[str], name: str, field: str, form: str) -> re.Match[str]:
    match = pattern.fullmatch(name)
    if match is None:
        raise InvalidRequest(field, f"{name[:80]!r} is not of the form {form}")
    return match
