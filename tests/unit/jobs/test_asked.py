from polycue import telemetry
from polycue.jobs.asked import asked_here, tell_end


def test_a_job_has_the_request_id_of_the_call_that_asked_for_it_though_nobody_traces() -> None:
    with telemetry.bound(request_id="mine.1"):
        asked = asked_here(7)
    assert (asked.request_id, asked.trace, asked.within, asked.at_ms) == ("mine.1", "", "", 7)
    tell_end(asked, "j", "succeeded", "", 1)  # nothing to tell
