"""What came of a piece of work, as metrics. Of none that failed, and of a resumed one once."""

from polycue import metrics
from polycue.domain.defence import Remedy, Signal
from polycue.domain.track import Track
from polycue.domain.transcript import Transcript
from polycue.domain.translation import Objection, Rung
from polycue.pipeline.result import TaskResult


def tell_of_all() -> None:
    """Have what may never happen be 0 from the start: what is not there is not seen to grow."""
    for remedy in Remedy:
        metrics.DOUBTS.labels(remedy.value)
        for signal in Signal:
            metrics.DOUBT_SIGNALS.labels(remedy.value, signal.value)
    for reason in Objection:
        metrics.FALLBACKS.labels(reason.value, Rung.KEPT_SOURCE.value)


def count(result: TaskResult, *, listened: bool) -> None:
    """Count its tracks, and what was heard for it if anybody ``listened``."""
    for track in result.tracks:
        count_track(track, retimed=result.transcript is None)
    for notice in result.notices:
        metrics.NOTICES.labels(notice.reason.value).inc()
    if listened and result.transcript:
        _count_heard(result.transcript)


def count_track(track: Track, *, retimed: bool = False) -> None:
    """Count a track that is finished; one that is not translated was heard, unless ``retimed``."""
    made = "translated" if track.translated else "retimed" if retimed else "heard"
    metrics.TRACKS.labels(track.kind.value, made).inc()
    metrics.CUES.labels(track.kind.value, made).inc(len(track.cues))
    for rule in track.report.rules if track.report else ():
        metrics.VIOLATIONS.labels(rule.rule.value, rule.severity.value).inc(rule.count or 0)
    for fallback in track.fallbacks:
        metrics.FALLBACKS.labels(fallback.reason.value, fallback.rung.value).inc()


def _count_heard(transcript: Transcript) -> None:
    metrics.WORDS.inc(len(transcript.words))
    for verdict in transcript.defence:
        metrics.DOUBTS.labels(verdict.remedy.value).inc()
        for signal in verdict.signals:
            metrics.DOUBT_SIGNALS.labels(verdict.remedy.value, signal.value).inc()
