"""For whom work is done: what it is shared out by, and put in order by."""

from dataclasses import dataclass
from enum import Enum


class Urgency(Enum):
    LIVE = "live"  # somebody waits for it
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose work it is. ``request`` names one piece of it: a call, or one attempt at a job."""

    tenant: str = ""
    request: str = ""
    urgency: Urgency = Urgency.BATCH


NOBODY = Caller()
"""Where all work is one piece: a program that uses the engine by itself, a test."""
