from polycue.domain.cue import Cue, CueFlag
from polycue.domain.notice import Notice, NoticeReason
from polycue.tracks.overlap import settled
from polycue.tracks.reading import Reading


def cue(start_ms: int, end_ms: int, *lines: str) -> Cue:
    return Cue(start_ms, end_ms, lines or ("x",))


def cues(*given: Cue) -> tuple[Cue, ...]:
    return settled(Reading(given)).cues


def test_a_cue_ends_where_the_next_one_starts() -> None:
    assert cues(cue(0, 4000), cue(2000, 6000)) == (cue(0, 2000), cue(2000, 6000))


def test_cues_are_put_in_order() -> None:
    assert cues(cue(2000, 3000), cue(0, 1000)) == (cue(0, 1000), cue(2000, 3000))


def test_cues_that_touch_stay_as_they_are_and_nothing_is_told() -> None:
    reading = Reading((cue(0, 2000), cue(2000, 6000)))
    assert settled(reading) == reading


def test_cues_that_start_together_become_one_with_the_lines_of_both() -> None:
    assert cues(cue(0, 2000, "a"), cue(0, 1000, "b")) == (cue(0, 2000, "a", "b"),)


def test_a_cue_that_could_not_be_read_is_joined_rather_than_cut() -> None:
    assert cues(cue(0, 2000, "a"), cue(100, 3000, "b")) == (cue(0, 3000, "a", "b"),)


def test_the_same_cue_twice_is_one() -> None:
    assert cues(cue(0, 2000, "a"), cue(0, 2000, "a")) == (cue(0, 2000, "a"),)


def test_a_joined_cue_keeps_the_flags_of_both() -> None:
    flagged = Cue(0, 2000, ("a",), flags=frozenset({CueFlag.TOO_WIDE}))
    (joined,) = cues(flagged, cue(0, 2000, "b"))
    assert joined.flags == {CueFlag.TOO_WIDE}


def test_how_many_cues_changed_is_told_after_what_was_told_before() -> None:
    earlier = Notice(NoticeReason.SUBTITLE_REPAIRED, "line 3: no time")
    overlapping = (cue(0, 4000), cue(1000, 4000), cue(2000, 3000), cue(2000, 3000, "y"))
    told, counts = settled(Reading(overlapping, (earlier,))).notices
    assert told == earlier
    assert counts.reason is NoticeReason.SUBTITLE_REPAIRED
    assert counts.facts == {"cut": "2", "joined": "1"}
