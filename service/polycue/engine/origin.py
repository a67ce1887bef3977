"""Where a row or a text comes from, in the words of logs and traces; nothing is decided by it."""

from collections.abc import Iterable
from dataclasses import dataclass

from polycue import telemetry
from polycue.tracing import spans

_MOST_NAMED = 8  # requests of one batch in a log line


@dataclass(frozen=True, slots=True)
class Origin:
    """``request_id`` is that of a call, ``job`` a job's id, ``trace`` the span the work is in."""

    request_id: str = ""
    job: str = ""
    trace: str = ""


NOWHERE = Origin()


def here() -> Origin:
    """Of what is asked for in this task or thread."""
    bound = telemetry.facts()
    return Origin(str(bound.get("request_id", "")), str(bound.get("job", "")), spans.place())


def log_facts(origins: Iterable[Origin]) -> dict[str, list[str]]:
    """For lines about a batch: whose it is, the first few of them."""
    several = list(origins)
    return {
        "request_ids": _some(one.request_id for one in several),
        "jobs": _some(one.job for one in several),
    }


def _some(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name][:_MOST_NAMED]
