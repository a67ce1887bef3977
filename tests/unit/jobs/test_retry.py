import signal
from pathlib import Path

import pytest

from polycue.domain.errors import (
    ClusterUnavailable,
    InvalidRequest,
    LimitExceeded,
    ModelMissing,
    NoRoomNow,
    NotFound,
    NotMedia,
    PoisonChunk,
    RecognitionFailed,
    SandboxFailed,
    SourceUnreachable,
    StorageFull,
    SubtitleSyntax,
    ToolFailed,
)
from polycue.jobs.retry import counts, may_pass, pause_ms


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequest("media", "no"),
        LimitExceeded("media", 2, 1, "ms"),
        NotFound("upload", "uploads/1"),
        NotMedia(Path("film.mkv")),
        SubtitleSyntax("srt", 1, "no"),
        PoisonChunk("tiny", 30_000, "SIGSEGV"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_wrong_with_the_input_is_not_tried_again(error: Exception) -> None:
    assert not may_pass(error)
    assert pause_ms(error, 1) is None


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (RecognitionFailed(0, "out of memory"), 3),
        (SandboxFailed("ffmpeg", "too many open files"), 3),
        (StorageFull("the disk"), 5),
        (SourceUnreachable("films.example", "it does not answer"), 5),
    ],
    ids=["engine", "sandbox", "full", "unreachable"],
)
def test_what_may_pass_is_tried_a_few_times_with_longer_and_longer_pauses(
    error: Exception, tries: int
) -> None:
    assert may_pass(error)
    pauses = [pause_ms(error, attempt) for attempt in range(1, tries)]
    assert None not in pauses
    assert pauses == sorted(set(pauses))  # type: ignore[type-var]
    assert pause_ms(error, tries) is None


@pytest.mark.parametrize("status", [1, 69, -signal.SIGKILL], ids=["error", "damaged", "killed"])
def test_a_program_has_had_its_second_try_by_then(status: int) -> None:
    failed = ToolFailed(["ffmpeg"], status, "")
    assert may_pass(failed)
    assert pause_ms(failed, 1) is None


def test_what_an_operator_can_mend_may_pass_but_not_by_itself() -> None:
    missing = ModelMissing("large-v3", "polycue models pull large-v3")
    assert may_pass(missing)
    assert pause_ms(missing, 1) is None
    assert may_pass(RuntimeError("nobody knows"))
    assert pause_ms(RuntimeError("nobody knows"), 1) is None


def test_work_that_models_in_use_leave_no_room_for_waits_as_often_as_it_takes() -> None:
    full = NoRoomNow("large-v3", 2**32, (), 30)
    assert may_pass(full)
    assert not counts(full)
    assert pause_ms(full, 1) == pause_ms(full, 100) == 30_000
    assert counts(RecognitionFailed(0, "it died"))


def test_what_waits_for_a_cluster_has_made_no_attempt_and_waits_for_as_long_as_it_takes() -> None:
    error = ClusterUnavailable("nobody answers", retry_after_s=7)
    assert not counts(error)
    assert pause_ms(error, 99) == 7_000
