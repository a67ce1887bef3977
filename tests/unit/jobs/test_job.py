import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.errors import IllegalTransition
from polycue.jobs.job import NEXT, Failure, Job, JobState, move, new_id

WHY = Failure(13, "INTERNAL", "internal error")


def job(state: JobState = JobState.QUEUED) -> Job:
    return Job(id="a", tenant="acme", spec=b"", created_ms=1, ttl_ms=100, state=state)


def test_every_state_is_reached_and_the_ends_are_ends() -> None:
    assert {JobState.QUEUED}.union(*NEXT.values()) == set(JobState) == set(NEXT)
    ends = {state for state in JobState if state.ended}
    assert ends == {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


def test_times_go_with_the_states() -> None:
    running = move(job(), JobState.RUNNING, now_ms=5)
    assert (running.started_ms, running.ended_ms, running.expires_ms) == (5, None, None)
    done = move(running, JobState.SUCCEEDED, now_ms=9)
    assert (done.started_ms, done.ended_ms, done.expires_ms) == (5, 9, 109)


def test_a_failure_is_kept() -> None:
    failed = move(job(JobState.RUNNING), JobState.FAILED, now_ms=2, failure=WHY)
    assert failed.failure == WHY


@given(st.lists(st.sampled_from(JobState)))
def test_an_end_is_left_only_for_the_queue_and_success_never(path: list[JobState]) -> None:
    now = job()
    for to in path:
        before = now
        try:
            now = move(now, to, now_ms=3)
        except IllegalTransition:
            continue
        assert before.state is not JobState.SUCCEEDED
        assert not before.ended or now.state is JobState.QUEUED
        assert (now.ended_ms is not None) is now.ended


def test_a_job_that_goes_on_has_begun_when_it_first_did() -> None:
    gone = move(move(job(), JobState.RUNNING, now_ms=5), JobState.INTERRUPTED, now_ms=6)
    assert move(gone, JobState.RUNNING, now_ms=7).started_ms == 5


def test_a_queued_job_cannot_succeed() -> None:
    with pytest.raises(IllegalTransition, match="is queued and cannot become succeeded"):
        move(job(), JobState.SUCCEEDED, now_ms=1)


def test_names_are_not_guessed() -> None:
    names = {new_id() for _ in range(100)}
    assert len(names) == 100
    assert all(len(name) == 32 for name in names)
