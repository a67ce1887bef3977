from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.cue import Cue
from polycue.domain.progress import CuesReady, Stage, StageMoved
from polycue.jobs.feed import ArtifactReady, Feed, FeedEvent, JobChanged
from polycue.jobs.job import Artifact, Job, JobState

JOB = Job(id="a", tenant="acme", spec=b"", created_ms=1, ttl_ms=1)
FILE = ArtifactReady(Artifact("a.srt", "a.srt", "text/plain", "en", 1, b""))


def cues(count: int) -> CuesReady:
    return CuesReady("en", 1, tuple(Cue(n, n + 1, ("x",)) for n in range(count)))


def progress(ms: int, stage: Stage = Stage.TRANSCRIBE) -> StageMoved:
    return StageMoved(stage, ms, 100)


def test_events_are_numbered_from_one_and_read_from_anywhere() -> None:
    feed = Feed()
    for event in (JobChanged(JOB), cues(1), FILE):
        feed.append(event)
    assert feed.after(0) == [(1, JobChanged(JOB)), (2, cues(1)), (3, FILE)]
    assert feed.after(2) == [(3, FILE)]
    assert feed.after(3) == []


def test_of_each_stage_only_the_newest_progress_stays() -> None:
    feed = Feed()
    for ms in range(50):
        feed.append(progress(ms))
        feed.append(progress(ms, Stage.EXTRACT))
    assert [number for number, _ in feed.after(0)] == [99, 100]
    assert feed.reaches(0)  # what was merged is not missed


def test_cues_are_never_merged() -> None:
    feed = Feed()
    for _ in range(50):
        feed.append(cues(2))
        feed.append(progress(1))
    assert sum(isinstance(event, CuesReady) for _, event in feed.after(0)) == 50


def test_what_fell_out_is_known_to_have_fallen_out() -> None:
    feed = Feed(limit=10)
    for _ in range(4):
        feed.append(cues(4))
    assert feed.forgotten == 2
    assert not feed.reaches(1)
    assert feed.reaches(2)
    assert [number for number, _ in feed.after(2)] == [3, 4]


def test_one_event_above_the_limit_is_still_told() -> None:
    feed = Feed(limit=10)
    feed.append(cues(1000))
    assert feed.after(0) == [(1, cues(1000))]


def test_a_number_from_the_future_is_not_reached() -> None:
    feed = Feed()
    feed.append(cues(1))
    assert not feed.reaches(2)


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.CANCELLING])
def test_an_attempt_at_work_has_more_to_tell(state: JobState) -> None:
    feed = Feed()
    feed.append(JobChanged(replace(JOB, state=state)))
    assert not feed.closed


@pytest.mark.parametrize(
    "state",
    [JobState.INTERRUPTED, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED],
)
def test_the_end_of_an_attempt_closes_its_feed(state: JobState) -> None:
    feed = Feed()
    feed.append(JobChanged(replace(JOB, state=state)))
    assert feed.closed


def test_a_bell_rings_at_all_news() -> None:
    heard = list[str]()
    feed = Feed(ring=lambda: heard.append("news"))
    feed.append(FILE)
    feed.close()
    assert heard == ["news", "news"]


def test_no_attempt_knows_the_numbers_of_another() -> None:
    first, second = Feed(epoch=1), Feed(epoch=2)
    for feed in (first, second):
        for _ in range(5):
            feed.append(cues(1))
    for number, _ in first.after(0):
        assert first.reaches(number)
        assert not second.reaches(number)
    for number, _ in second.after(0):
        assert second.reaches(number)
        assert not first.reaches(number)


EVENTS = st.one_of(
    st.just(FILE),
    st.builds(cues, st.integers(0, 5)),
    st.builds(progress, st.integers(0, 9), st.sampled_from(Stage)),
)


@given(st.lists(EVENTS, max_size=60), st.integers(1, 20), st.integers(0, 60))
def test_whoever_goes_on_from_a_number_within_reach_misses_no_cue(
    events: list[FeedEvent], limit: int, after: int
) -> None:
    feed = Feed(limit=limit)
    for event in events:
        feed.append(event)
    if feed.reaches(after):
        told = {number for number, _ in feed.after(after)}
        wanted = {
            number
            for number, event in enumerate(events, start=1)
            if number > after and not isinstance(event, StageMoved)
        }
        assert wanted <= told
