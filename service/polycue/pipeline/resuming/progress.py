"""How far a task has come, over all its runs."""

from collections.abc import Collection
from dataclasses import replace

from polycue.domain.progress import Event, MediaFound, Report, Stage, StageMoved

KEPT_STAGES = frozenset({Stage.TRANSCRIBE, Stage.TRANSLATE})


class Progress:
    """Tells a run's events on; no stage goes back behind where it was begun.

    ``kept`` are the stages of which an interrupted run loses nothing, or next to nothing.
    """

    def __init__(self, report: Report, kept: Collection[Stage]) -> None:
        self._report, self._kept = report, kept
        self._begun_ms: dict[Stage, int] = {}
        self._media_ms: int | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case MediaFound(duration_ms):
                self._media_ms = duration_ms
            case StageMoved(stage):
                behind = event.processed_ms < self._begun_ms.get(stage, 0)
                if behind and not event.finished:
                    return
                event = replace(event, checkpointed=stage in self._kept)
        self._report(event)

    def begin_at(self, stage: Stage, processed_ms: int) -> None:
        """An earlier run has come this far."""
        self._begun_ms[stage] = processed_ms
        self(StageMoved(stage, processed_ms, self._media_ms))
