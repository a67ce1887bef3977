from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.cancel import CancelToken
from polycue.domain.media import Media, Stream, StreamKind
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.progress import Stage
from polycue.domain.request import LayoutOptions, ShotMode
from polycue.domain.shots import Shots
from polycue.pipeline.resuming.scans import KeptScan, pack, resumed_shots, unpack
from polycue.testing.checkpoints import KeptInMemory

UNKNOWN = Notice(
    NoticeReason.SHOTS_UNKNOWN, "cues do not heed what is after 2 s", {"until_ms": "2"}
)
PARTLY = KeptScan(ShotMode.ON, Shots((40, 1_960), 2_000), (UNKNOWN,))
MEDIA = Media(Path("gone.mp4"), "mp4", 0, 9_000, (Stream(0, 0, StreamKind.VIDEO, "h264"),))

SHOTS = st.builds(
    Shots,
    st.sets(st.integers(0, 10**8)).map(lambda cuts: tuple(sorted(cuts))),
    st.none() | st.integers(0),
)
NOTICES = st.builds(
    Notice, st.sampled_from(NoticeReason), st.text(), st.dictionaries(st.text(), st.text())
)


@given(
    st.builds(
        KeptScan,
        st.sampled_from(ShotMode).map(str),
        st.none() | SHOTS,
        st.lists(NOTICES, max_size=2).map(tuple),
    )
)
def test_what_is_packed_comes_back(kept: KeptScan) -> None:
    assert unpack(pack(kept)) == kept


@pytest.mark.parametrize("data", [b"", b"one", pack(PARTLY)[:-1]])
def test_what_cannot_be_read_is_not_there(data: bytes) -> None:
    assert unpack(data) is None


def test_a_search_that_had_ended_tells_what_it_told() -> None:
    kept = KeptInMemory()
    kept.save(Stage.SHOTS, 0, pack(PARTLY))
    layout = LayoutOptions(shots=ShotMode.ON)
    with resumed_shots(MEDIA, layout, kept, spent_ms=0, cancel=CancelToken()) as shots:
        shots.wait(lambda until_ms: None)
        assert (shots.cuts_ms, shots.until_ms) == ((40, 1_960), None)
        assert (shots.result(), shots.notices()) == (PARTLY.shots, PARTLY.notices)


def test_whoever_wants_all_cuts_is_not_content_with_those_that_sufficed_another() -> None:
    kept = KeptInMemory()
    kept.save(Stage.SHOTS, 0, pack(KeptScan(ShotMode.AUTO, PARTLY.shots, ())))
    layout = LayoutOptions(shots=ShotMode.ON)
    with resumed_shots(MEDIA, layout, kept, spent_ms=0, cancel=CancelToken()) as shots:
        shots.wait(lambda until_ms: None)
        assert shots.result() is None  # of a film that is not there
        assert len(shots.notices()) == 1
