"""What becomes of a film, and of the run, after an error."""

import errno
import traceback
from enum import Enum

from polycue_client.cli.bulk import advice
from polycue_client.errors import (
    CallCancelled,
    InvalidRequest,
    NotFound,
    PolycueClientError,
    PreconditionFailed,
    ServerUnreachable,
    TimedOut,
)

# A disk at fault is at fault for all results.
_OF_ALL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


class Then(Enum):
    """``STOP``: no other film would fare better."""

    STOP = "stop"
    AGAIN = "again"
    FAIL = "fail"


def of_queueing(error: Exception) -> Then:
    """After a film could not be sent, or its job not made."""
    match error:
        case PolycueClientError() if advice.is_of_all(error):
            return Then.STOP
    return _of_calls(error)


def of_fetching(error: Exception) -> Then:
    """After a job failed, or its results could not be brought home."""
    match error:
        case OSError() if error.errno in _OF_ALL:
            return Then.STOP
    return _of_calls(error)


def _of_calls(error: Exception) -> Then:
    match error:
        case ServerUnreachable() | CallCancelled():
            return Then.STOP
        case NotFound() | TimedOut():
            return Then.AGAIN
    return Then.FAIL


def is_lasting(error: Exception) -> bool:
    """Whether the film will fare no better later."""
    return isinstance(error, (InvalidRequest, PreconditionFailed))


class Traces:
    """Of faults of our own, which no one line explains."""

    def __init__(self) -> None:
        self._told = set[str]()

    def __repr__(self) -> str:
        return f"Traces({len(self._told)} told)"

    def of(self, error: Exception) -> str:
        """The first time that an error comes from there; "" later, and for errors of others."""
        where = "".join(traceback.format_tb(error.__traceback__))
        if isinstance(error, (PolycueClientError, OSError)) or where in self._told:
            return ""
        self._told.add(where)
        return "".join(traceback.format_exception(error)).rstrip()
