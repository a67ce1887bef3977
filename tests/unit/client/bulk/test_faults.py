"""What becomes of a film after an error."""

import errno

import pytest

from polycue_client import errors
from polycue_client.cli.bulk import faults
from polycue_client.cli.bulk.faults import Then, Traces

FULL = OSError(errno.ENOSPC, "No space left on device")
NOT_ALLOWED_HERE = OSError(errno.EACCES, "Permission denied")


@pytest.mark.parametrize(
    ("error", "queued", "fetched"),
    [
        (errors.ServerUnreachable("gone"), Then.STOP, Then.STOP),
        (errors.NotAllowed("who are you"), Then.STOP, Then.FAIL),
        (errors.NotFound("expired"), Then.AGAIN, Then.AGAIN),
        (errors.TimedOut("late"), Then.AGAIN, Then.AGAIN),
        (errors.NotMedia("a text"), Then.FAIL, Then.FAIL),
        (FULL, Then.FAIL, Then.STOP),
        (NOT_ALLOWED_HERE, Then.FAIL, Then.FAIL),
        (ValueError("a fault of our own"), Then.FAIL, Then.FAIL),
    ],
    ids=lambda each: type(each).__name__,
)
def test_an_error_ends_the_run_only_where_all_films_would_meet_it(
    error: Exception, queued: Then, fetched: Then
) -> None:
    assert (faults.of_queueing(error), faults.of_fetching(error)) == (queued, fetched)


def test_the_trace_of_a_fault_of_our_own_is_told_once_for_each_place_it_comes_from() -> None:
    traces, told = Traces(), []
    for text in ("1", "x", "y"):
        try:
            int(text)
        except ValueError as error:
            told.append(traces.of(error))
    assert [bool(each) for each in told] == [True, False]
    assert told[0].startswith("Traceback")
    assert traces.of(ValueError("from elsewhere"))
    assert not traces.of(FULL)
