"""What a check of this machine comes to."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check ended; only FAILED stands in the way of the main work."""

    FINE = "fine"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``advice`` says how to get what is missing, "" when nothing is."""

    subject: str
    state: State
    detail: str
    advice: str = ""
