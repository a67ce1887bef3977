"""The tasks a caller can have done, each from files to files. Blocks; runs in a worker thread."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from polycue.cues.layout import break_lines
from polycue.cues.presets import rules_for
from polycue.domain.caller import NOBODY, Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.cue import Cue
from polycue.domain.errors import InvalidRequest
from polycue.domain.media import Media
from polycue.domain.notice import Notice
from polycue.domain.progress import (
    MediaFound,
    Report,
    Stage,
    StageMoved,
)
from polycue.domain.request import (
    InputFile,
    LayoutOptions,
    MuxTask,
    SubtitleTask,
    SyncTask,
    Task,
    TranslateTask,
    TranslationOptions,
)
from polycue.domain.track import Track
from polycue.media.containers import container_of
from polycue.media.plan import plan_mux
from polycue.media.probe import probe
from polycue.media.streams import choose_audio
from polycue.pipeline.counting import count, count_track, tell_of_all
from polycue.pipeline.foreign import stem_without_language
from polycue.pipeline.muxed_file import mux_file
from polycue.pipeline.outputs import Muxing, write_files
from polycue.pipeline.ports import NOTHING_KEPT, Checkpoints, Recogniser, Translator
from polycue.pipeline.rebuilding import film_of, length_notices, read_transcript
from polycue.pipeline.reporting import reported
from polycue.pipeline.result import TaskResult
from polycue.pipeline.resuming.run import Run
from polycue.pipeline.subtitling import Subtitled, Subtitling
from polycue.pipeline.syncing import sync
from polycue.pipeline.translated_cues import translate_cues
from polycue.pipeline.translated_file import translate_file


class Pipeline:
    """Runs tasks; safe to use from several threads at once.

    ``workdir`` of a call is a folder of its own that the caller owns; results lie in it afterwards.
    ``report`` is called in the thread of the call, in order.
    """

    def __init__(
        self, recogniser: Recogniser, translator: Translator, *, max_media_ms: int | None = None
    ) -> None:
        self._recogniser, self._translator = recogniser, translator
        self._max_media_ms = max_media_ms
        tell_of_all()

    def run(
        self,
        task: Task,
        *,
        workdir: Path,
        cancel: CancelToken,
        report: Report,
        checkpoints: Checkpoints = NOTHING_KEPT,
        caller: Caller = NOBODY,
    ) -> TaskResult:
        """Do a task of any kind for ``caller``, going on from what ``checkpoints`` holds of it.

        Raises:
            PolycueError: the task failed; what it had written into ``workdir`` may lie there.
            LeaseLost: ``checkpoints`` are somebody else's by now.
            Cancelled: ``cancel`` was set.
        """
        run = Run(
            self._recogniser,
            self._translator,
            checkpoints,
            cancel=cancel,
            report=report,
            caller=caller,
        )
        try:
            result = self._run(task, run, workdir)
        finally:
            run.times.tell()
        listened = isinstance(task, SubtitleTask) and task.transcript is None
        count(result, listened=listened)
        return result

    def _run(self, task: Task, run: Run, workdir: Path) -> TaskResult:
        match task:
            case SubtitleTask(transcript=InputFile() as transcript):
                return self._subtitle_again(task, transcript, run, workdir)
            case SubtitleTask():
                return self._subtitle(task, run, workdir)
            case TranslateTask():
                return translate_file(task, run, workdir)
            case MuxTask():
                return mux_file(task, run, workdir)
            case SyncTask():
                return sync(task, run, workdir=workdir, max_media_ms=self._max_media_ms)

    def _subtitle(self, task: SubtitleTask, run: Run, workdir: Path) -> TaskResult:
        media = self._look_at_film(task, run)
        stream = choose_audio(media, task.audio)
        done = Subtitling(task, media, run).run(stream, max_media_ms=self._max_media_ms)
        return _written(done, task, task.media.stem, media, run, workdir)

    def _subtitle_again(
        self, task: SubtitleTask, transcript: InputFile, run: Run, workdir: Path
    ) -> TaskResult:
        """Tracks from what an earlier run heard, and muxed copies where there is a film."""
        heard = read_transcript(transcript)
        stem = stem_without_language(transcript.stem, heard.written)
        media = film_of(heard.transcript, transcript)
        notices: tuple[Notice, ...] = ()
        if task.has_film:
            media, stem = self._look_at_film(task, run), task.media.stem
            notices = length_notices(heard.transcript, media)
        elif task.mux:
            raise InvalidRequest("media", "is needed for a muxed copy; give the film too")
        task = replace(task, speech=heard.speech_options)
        done = Subtitling(task, media, run).run_again(heard.transcript)
        result = _written(done, task, stem, media, run, workdir)
        return replace(result, notices=(*notices, *result.notices))

    def _look_at_film(self, task: SubtitleTask, run: Run) -> Media:
        """Probe the film; what cannot be muxed is told now, not after an hour of work."""
        with run.times.part_of("probe"):
            media = probe(task.media.path, cancel=run.cancel)
        run.report(MediaFound(media.duration_ms))
        run.report(StageMoved(Stage.PROBE, 0, media.duration_ms, finished=True))
        for options in task.mux:
            container = options.container or container_of(media)
            plan_mux(media, (), container, burning=bool(options.burn_in))
        return media

    def translate_cues(
        self,
        cues: Sequence[Cue],
        source: str,
        wanted: TranslationOptions,
        options: LayoutOptions,
        *,
        cancel: CancelToken,
    ) -> Track:
        """The same cues, with the same times, in another language."""
        track = translate_cues(self._translator, cues, source, wanted, options, cancel=cancel)
        count_track(track)
        return track

    def convert(
        self, cues: Sequence[Cue], language: str, options: LayoutOptions
    ) -> tuple[Cue, ...]:
        """The same cues with their lines broken anew; times stay."""
        rules = rules_for(options, language, None)
        return tuple(replace(cue, lines=break_lines(cue.text, rules)) for cue in cues)


def _written(
    done: Subtitled, task: SubtitleTask, stem: str, media: Media, run: Run, workdir: Path
) -> TaskResult:
    """The tracks with their reports, as files and in muxed copies."""
    report = run.report
    muxing = Muxing(media, task.media, workdir=workdir, cancel=run.cancel, report=report)
    with run.times.part_of("report"):
        tracks = tuple(reported(track, task.layout, done.transcript) for track in done.tracks)
    with run.times.part_of("render"):
        files = write_files(
            tracks, task, stem=stem, workdir=workdir, transcript=done.transcript, report=report
        )
    duration_ms = done.transcript.duration_ms
    report(StageMoved(Stage.RENDER, duration_ms, duration_ms, finished=True))
    notices = tuple(notice for track in tracks for notice in track.notices)
    for options in task.mux:
        with run.times.part_of("mux"):
            copies, told = muxing.copy(tracks, options)
        files += copies
        notices += told
    if task.mux:
        report(StageMoved(Stage.MUX, duration_ms, duration_ms, finished=True))
    return TaskResult(tracks, tuple(files), notices, done.transcript, duration_ms)
