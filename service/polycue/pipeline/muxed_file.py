"""Subtitle files that are there already into a copy of a film."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from polycue.domain.errors import InvalidRequest
from polycue.domain.progress import MediaFound, Stage, StageMoved
from polycue.domain.request import MuxTask
from polycue.domain.track import TrackFile
from polycue.media.containers import container_of, subtitle_format
from polycue.media.probe import probe
from polycue.pipeline.foreign import prepare_track
from polycue.pipeline.outputs import Muxing
from polycue.pipeline.result import TaskResult
from polycue.pipeline.resuming.run import Run


def mux_file(task: MuxTask, run: Run, workdir: Path) -> TaskResult:
    """The film as ``{stem}.subtitled.{suffix}``, or with one of the tracks drawn into it."""
    with run.times.part_of("probe"):
        media = probe(task.media.path, cancel=run.cancel)
    run.report(MediaFound(media.duration_ms))
    container = task.options.container or container_of(media)
    folder = workdir / "mux"
    folder.mkdir(exist_ok=True)
    prepared = [
        prepare_track(given, number, subtitle_format(container), folder=folder)
        for number, given in enumerate(task.tracks)
    ]
    files = [file for file, _ in prepared]
    drawn = _drawn(files, task.options.burn_in)
    muxing = Muxing(media, task.media, workdir=workdir, cancel=run.cancel, report=run.report)
    with run.times.part_of("mux"):
        output, told = muxing.write(files, container, drawn=drawn)
    duration_ms = media.duration_ms or 0
    run.report(StageMoved(Stage.MUX, duration_ms, media.duration_ms, finished=True))
    notices = (*chain.from_iterable(repairs for _, repairs in prepared), *told)
    return TaskResult((), (output,), notices, duration_ms=duration_ms)


def _drawn(files: Sequence[TrackFile], language: str) -> TrackFile | None:
    """The one to be drawn into the picture; none where no ``language`` is named."""
    drawn = next((file for file in files if file.language == language), None)
    if language and drawn is None:
        problem = f"none of the tracks given is {language!r}"
        raise InvalidRequest("mux.burn_in_language_code", problem)
    return drawn
