"""An existing subtitle file onto the time of a film: by the words that are said, else by speech."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from polycue.domain.cue import Cue
from polycue.domain.errors import LimitExceeded, PoorFit, SubtitleSyntax
from polycue.domain.language import UNDETERMINED
from polycue.domain.notice import Notice
from polycue.domain.progress import CuesReady, FileReady, OutputFile, Report, Stage, StageMoved
from polycue.domain.request import SyncMode, SyncTask
from polycue.domain.track import Track
from polycue.pipeline.foreign import read_subtitles
from polycue.pipeline.listening import Heard, Listening, stored
from polycue.pipeline.result import TaskResult
from polycue.pipeline.resuming.run import Run
from polycue.pipeline.sync_notices import fit_notices, homeless_notices, speech_notice
from polycue.sync import speech_fit, text_fit
from polycue.sync.fit import Fit, Piece
from polycue.sync.retiming import retimed
from polycue.tracks.files import encode, write_atomically

MOST_CUES = 6_000  # a film of three hours has 3,000


@dataclass(frozen=True, slots=True)
class _Choice:
    """The fit that is taken; ``needed`` is the least score of its kind that is not chance."""

    fit: Fit
    mode: SyncMode
    notices: tuple[Notice, ...] = ()

    @property
    def needed(self) -> float:
        text = self.mode is SyncMode.TEXT
        return text_fit.GOOD_ENOUGH if text else speech_fit.GOOD_ENOUGH

    @property
    def good(self) -> bool:
        return self.fit.score >= self.needed

    @property
    def evidence(self) -> str:
        return "the words that are said" if self.mode is SyncMode.TEXT else "where somebody speaks"


def sync(task: SyncTask, run: Run, *, workdir: Path, max_media_ms: int | None) -> TaskResult:
    """The file at the film's time as ``{stem}.synced.{suffix}``, and how its pieces moved.

    Raises:
        PoorFit: it fits no better than by chance, and nobody said to write it anyway.
        LimitExceeded: it has more cues than any film.
        SubtitleSyntax: it has none.
    """
    report = run.report
    reading = read_subtitles(task.subtitle)
    _check_count(reading.cues)
    if task.transcript is not None:
        heard = stored(task.transcript)
    else:
        heard = Listening(task, run).run(max_media_ms=max_media_ms)
    run.cancel.check()
    with run.times.part_of("sync"):
        choice = _choose(reading.cues, heard, task.mode)
    if not (choice.good or task.force):
        raise PoorFit(choice.evidence, choice.fit.score, choice.needed)
    moved = retimed(reading.cues, choice.fit, duration_ms=heard.duration_ms)
    report(StageMoved(Stage.SYNC, heard.duration_ms, heard.duration_ms, finished=True))
    spoken = heard.language if choice.mode is SyncMode.TEXT else ""
    track = Track(task.language or spoken or UNDETERMINED, moved.cues)
    if track.cues:
        report(CuesReady(track.language, 1, track.cues))
    files = tuple(_written(track, task, workdir, heard.duration_ms, report))
    report(StageMoved(Stage.RENDER, heard.duration_ms, heard.duration_ms, finished=True))
    notices = (
        *heard.notices,
        *reading.notices,
        *choice.notices,
        *fit_notices(choice.fit, choice.mode, reading.cues, needed=choice.needed),
        *homeless_notices(moved.homeless),
    )
    return TaskResult((track,), files, notices, duration_ms=heard.duration_ms)


def _check_count(cues: Sequence[Cue]) -> None:
    if not cues:
        raise SubtitleSyntax("subtitle file", 0, "it has no cue that could be re-timed")
    if len(cues) > MOST_CUES:
        raise LimitExceeded("subtitle", len(cues), MOST_CUES, "cues")


def _choose(cues: Sequence[Cue], heard: Heard, mode: SyncMode) -> _Choice:
    """The words decide where they can and may; they are the sharper evidence."""
    if mode is SyncMode.TEXT or (mode is SyncMode.AUTO and heard.words):
        by_words = _Choice(text_fit.fit_to_words(cues, heard.words), SyncMode.TEXT)
        if mode is SyncMode.TEXT or by_words.good:
            return by_words
        found = f"only {by_words.fit.score:.0%} of their words are said"
    else:
        found = heard.wordless
    told = (speech_notice(found),) if mode is SyncMode.AUTO else ()
    return _Choice(_by_speech(cues, heard), SyncMode.SPEECH, told)


def _by_speech(cues: Sequence[Cue], heard: Heard) -> Fit:
    if not heard.speech:  # nothing to hold against
        return Fit((Piece(0, len(cues), 1.0, 0),), 0.0)
    return speech_fit.fit_to_speech(cues, heard.speech, heard.duration_ms)


def _written(
    track: Track, task: SyncTask, workdir: Path, media_ms: int, report: Report
) -> Iterator[OutputFile]:
    for track_format in task.formats:
        filename = f"{task.subtitle.stem}.synced.{track_format.suffix}"
        path = workdir / filename
        write_atomically(path, encode(track, track_format, media_ms=media_ms))
        file = OutputFile(path, filename, track_format.mime_type, track.language)
        report(FileReady(file))
        yield file
