"""What a piece of work leaves in the metrics."""

import threading

from polycue.domain.cue import Cue
from polycue.domain.defence import Remedy, Signal, Verdict
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.report import LintRule, Severity
from polycue.domain.request import LayoutOptions
from polycue.domain.track import Track, TrackKind
from polycue.domain.transcript import Transcript, Word
from polycue.domain.translation import Fallback, Objection, Rung
from polycue.pipeline.counting import count
from polycue.pipeline.reporting import reported
from polycue.pipeline.result import TaskResult
from polycue.pipeline.timing import StageTimes, timed
from support.counted import Counted

HURRIED = Cue(0, 1000, ("Far too much to be read by anybody in",))
CALM = Cue(2000, 6000, ("Calm.",))


def transcript(*verdicts: Verdict) -> Transcript:
    words = tuple(Word(f"w{n}", n, n + 1) for n in range(5))
    return Transcript(words, "en", 1.0, (), 9000, "tiny", defence=verdicts)


def test_a_track_counts_with_its_cues_and_with_the_rules_they_break() -> None:
    counted = Counted()
    track = reported(Track("en", (HURRIED, CALM)), LayoutOptions(), None)
    count(TaskResult((track,), transcript=transcript()), listened=True)
    assert counted("tracks_total", kind="subtitles", made="heard") == 1
    assert counted("cues_total", kind="subtitles", made="heard") == 2
    speed = {"rule": LintRule.READING_SPEED.value, "severity": severity(track)}
    assert counted("track_violations_total", **speed) == 1


def severity(track: Track) -> str:
    assert track.report
    rules = {rule.rule: rule.severity for rule in track.report.rules}
    assert set(Severity) >= set(rules.values())
    return rules[LintRule.READING_SPEED].value


def test_a_translation_counts_with_what_had_to_be_done_for_it() -> None:
    counted = Counted()
    fallbacks = (
        Fallback(0, 1, "x", Objection.LOOP, Rung.NO_REPEATS, ("en", "es")),
        Fallback(1, 2, "y", Objection.EMPTY, Rung.KEPT_SOURCE, ("en",)),
    )
    track = Track("es", (CALM,), route=("en", "es"), fallbacks=fallbacks)
    count(TaskResult((track,), transcript=transcript()), listened=True)
    assert counted("tracks_total", kind="subtitles", made="translated") == 1
    fallen = "translation_fallbacks_total"
    assert counted(fallen, reason="loop", instead="no_repeats") == 1
    assert counted(fallen, reason="empty", instead="kept_source") == 1


def test_what_was_done_about_words_that_nobody_said_counts_by_its_signs() -> None:
    counted = Counted()
    dropped = Verdict(0, 1, Remedy.DROPPED, "Thank you.", (Signal.PHRASE, Signal.NO_SPEECH))
    count(TaskResult(transcript=transcript(dropped)), listened=True)
    assert counted("doubts_total", remedy="dropped") == 1
    assert counted("doubt_signals_total", remedy="dropped", signal="phrase") == 1
    assert counted("doubt_signals_total", remedy="dropped", signal="no_speech_prob") == 1
    assert counted("words_total") == 5


def test_what_was_heard_before_is_not_heard_again() -> None:
    counted = Counted()
    dropped = Verdict(0, 1, Remedy.DROPPED, "Thank you.", (Signal.PHRASE, Signal.NO_SPEECH))
    count(TaskResult(transcript=transcript(dropped)), listened=False)
    assert counted("doubts_total", remedy="dropped") == counted("words_total") == 0


def test_a_file_that_was_put_right_and_forced_tracks_count_apart() -> None:
    counted = Counted()
    count(TaskResult((Track("en", (CALM,)),)), listened=False)
    forced = Track("en", (CALM,), kind=TrackKind.FORCED)
    count(TaskResult((forced,), transcript=transcript()), listened=True)
    assert counted("tracks_total", kind="subtitles", made="retimed") == 1
    assert counted("tracks_total", kind="forced", made="heard") == 1


def test_notices_count_by_their_reasons() -> None:
    counted = Counted()
    notice = Notice(NoticeReason.TRUNCATED_MEDIA, "the file is cut short")
    count(TaskResult(notices=(notice, notice)), listened=False)
    assert counted("notices_total", reason="TRUNCATED_MEDIA") == 2


def test_a_stage_that_is_done_bit_by_bit_counts_once() -> None:
    counted, times = Counted(), StageTimes()

    def some_bits() -> None:
        for _ in range(10):
            with times.part_of("layout"):
                pass

    threads = [threading.Thread(target=some_bits) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted("stage_seconds_count", stage="layout") == 0
    times.tell()
    assert counted("stage_seconds_count", stage="layout") == 1
    assert counted("stage_seconds_count", stage="mux") == 0  # nobody muxed


def test_a_stage_that_fails_took_its_time_too() -> None:
    counted = Counted()
    try:
        with timed("shots"):
            raise RuntimeError("the film broke off")
    except RuntimeError:
        pass
    assert counted("stage_seconds_count", stage="shots") == 1
