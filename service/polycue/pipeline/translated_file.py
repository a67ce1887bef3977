"""A subtitle file into other languages, its times as they are."""

from pathlib import Path

from polycue.domain.progress import CuesReady, LanguageFound, Stage, StageMoved
from polycue.domain.request import TranslateTask, options_for
from polycue.domain.track import Track
from polycue.pipeline.foreign import read_subtitles, stem_without_language
from polycue.pipeline.outputs import write_files
from polycue.pipeline.result import TaskResult
from polycue.pipeline.resuming.run import Run
from polycue.pipeline.translated_cues import translate_cues
from polycue.tracks.reading import Reading


def translate_file(task: TranslateTask, run: Run, workdir: Path) -> TaskResult:
    """The file as ``{stem}.{language}.{suffix}`` for each target."""
    run.begin_without_speech()
    reading = read_subtitles(task.subtitle)
    run.report(LanguageFound(task.language))
    tracks = _translated(reading, task, run)
    files = write_files(
        tracks,
        task,
        stem=stem_without_language(task.subtitle.stem, task.language),
        workdir=workdir,
        transcript=None,
        report=run.report,
    )
    notices = reading.notices + tuple(n for track in tracks for n in track.notices)
    return TaskResult(tuple(tracks), tuple(files), notices)


def _translated(reading: Reading, task: TranslateTask, run: Run) -> list[Track]:
    end_ms = reading.cues[-1].end_ms if reading.cues else 0
    count, tracks = len(task.targets), []
    for done, target in enumerate(task.targets, start=1):
        track = translate_cues(
            run.translator,
            reading.cues,
            task.language,
            options_for(target, task.translations),
            task.layout,
            cancel=run.cancel,
        )
        tracks.append(track)
        run.report(CuesReady(track.language, 1, track.cues))
        processed_ms = end_ms * done // count
        run.report(StageMoved(Stage.TRANSLATE, processed_ms, end_ms, finished=done == count))
    return tracks
