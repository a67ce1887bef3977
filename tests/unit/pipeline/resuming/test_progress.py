from polycue.domain.progress import Event, LanguageFound, MediaFound, Stage, StageMoved
from polycue.pipeline.resuming.progress import KEPT_STAGES, Progress


def test_a_stage_begins_where_it_was_and_never_goes_back_behind_that() -> None:
    told: list[Event] = []
    progress = Progress(told.append, KEPT_STAGES)
    progress(MediaFound(90_000))
    progress.begin_at(Stage.TRANSCRIBE, 60_000)
    for reached_ms in (30_000, 60_000, 75_000):
        progress(StageMoved(Stage.TRANSCRIBE, reached_ms, 90_000))
    progress(StageMoved(Stage.EXTRACT, 10, 90_000))
    progress(LanguageFound("en"))
    assert told == [
        MediaFound(90_000),
        StageMoved(Stage.TRANSCRIBE, 60_000, 90_000, checkpointed=True),
        StageMoved(Stage.TRANSCRIBE, 60_000, 90_000, checkpointed=True),
        StageMoved(Stage.TRANSCRIBE, 75_000, 90_000, checkpointed=True),
        StageMoved(Stage.EXTRACT, 10, 90_000),
        LanguageFound("en"),
    ]


def test_a_stage_that_ends_says_so_wherever_it_was_begun() -> None:
    told: list[Event] = []
    progress = Progress(told.append, ())
    progress.begin_at(Stage.TRANSCRIBE, 60_000)
    end = StageMoved(Stage.TRANSCRIBE, 59_990, 59_990, finished=True)
    progress(end)
    assert told[-1] == end
