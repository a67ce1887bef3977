"""A pipeline that recognises nothing and keeps every promise of the real one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from polycue.domain.caller import NOBODY, Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.cue import Cue
from polycue.domain.errors import LimitExceeded, PairNotInstalled
from polycue.domain.progress import (
    CuesReady,
    FileReady,
    LanguageFound,
    MediaFound,
    OutputFile,
    Report,
    Stage,
    StageMoved,
)
from polycue.domain.request import (
    Container,
    LayoutOptions,
    MuxTask,
    SubtitleTask,
    SyncTask,
    Task,
    TranslateTask,
    TranslationOptions,
    options_for,
)
from polycue.domain.track import Track, TrackFormat, sidecar_name
from polycue.domain.transcript import Transcript, Word
from polycue.pipeline.ports import NOTHING_KEPT, Checkpoints
from polycue.pipeline.reporting import reported
from polycue.pipeline.result import TaskResult
from polycue.testing.gate import Gate

CUE_MS = 1000


class FakePipeline:
    """Says ``lines``, one cue of a second each, in ``language``; a target gets them in capitals.

    ``gate`` stops every task after its first cue; ``raises`` is what a task raises after its last
    one. ``pairs`` are the directions it translates; files hold nothing but their cues' text. Each
    line of a film is a piece of work that its checkpoints keep; ``heard`` are those that were not
    kept, over all ``tasks``, which were for ``callers``.
    """

    def __init__(
        self,
        lines: Sequence[str] = ("one", "two", "three"),
        *,
        language: str = "en",
        pairs: Sequence[tuple[str, str]] = (("en", "es"), ("en", "de"), ("es", "en")),
        gate: Gate | None = None,
        raises: Callable[[], BaseException] | None = None,
        max_media_ms: int | None = None,
    ) -> None:
        self.lines, self.language, self.pairs = tuple(lines), language, tuple(pairs)
        self.gate, self.raises, self.max_media_ms = gate, raises, max_media_ms
        self.tasks: list[Task] = []
        self.callers: list[Caller] = []
        self.heard: list[str] = []

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
        self.callers.append(caller)
        match task:
            case SubtitleTask():
                return self.subtitle(
                    task, workdir=workdir, cancel=cancel, report=report, checkpoints=checkpoints
                )
            case TranslateTask():
                return self._translate(task, workdir, cancel, report)
            case MuxTask():
                return self._mux(task, workdir, cancel, report)
            case SyncTask():
                return self._sync(task, workdir, cancel, report)

    def subtitle(
        self,
        task: SubtitleTask,
        *,
        workdir: Path,
        cancel: CancelToken,
        report: Report,
        checkpoints: Checkpoints = NOTHING_KEPT,
    ) -> TaskResult:
        self.tasks.append(task)
        spoken = task.speech.language or self.language
        routes = [(spoken,), *(self._route(spoken, target) for target in task.targets)]
        duration_ms = len(self.lines) * CUE_MS
        if self.max_media_ms is not None and duration_ms > self.max_media_ms:
            raise LimitExceeded("media", duration_ms, self.max_media_ms, "ms")
        task.media.path.read_bytes()
        report(MediaFound(duration_ms))
        report(StageMoved(Stage.PROBE, 0, duration_ms, finished=True))
        report(LanguageFound(spoken))
        checkpoints.begin(f"fake {spoken}")
        spoken_tracks = self._speak(routes, duration_ms, cancel, report, checkpoints)
        tracks = tuple(
            replace(
                track,
                kind=task.layout.track_kind,
                second_language=spoken if task.bilingual and track.translated else "",
            )
            for track in spoken_tracks
        )
        words = tuple(word for cue in tracks[0].cues for word in cue.words)
        files = _write(tracks, task.formats, task.media.stem, workdir, report)
        for options in task.mux:
            files += _copy(task, options.container or Container.MKV, workdir, report)
        transcript = Transcript(words, spoken, 1.0, (), duration_ms, "fake")
        tracks = tuple(reported(track, task.layout, transcript) for track in tracks)
        return TaskResult(tracks, tuple(files), (), transcript, duration_ms)

    def translate_cues(
        self,
        cues: Sequence[Cue],
        source: str,
        wanted: TranslationOptions,
        options: LayoutOptions,
        *,
        cancel: CancelToken,
    ) -> Track:
        cancel.check()
        route = self._route(source, wanted.target)
        shouted = (
            Cue(cue.start_ms, cue.end_ms, tuple(line.upper() for line in cue.lines)) for cue in cues
        )
        return reported(
            Track(wanted.target, tuple(shouted), options.track_kind, route), options, None
        )

    def convert(
        self, cues: Sequence[Cue], language: str, options: LayoutOptions
    ) -> tuple[Cue, ...]:
        return tuple(Cue(cue.start_ms, cue.end_ms, (" ".join(cue.lines),)) for cue in cues)

    def _speak(
        self,
        routes: Sequence[tuple[str, ...]],
        duration_ms: int,
        cancel: CancelToken,
        report: Report,
        checkpoints: Checkpoints,
    ) -> tuple[Track, ...]:
        """Report the lines as cues, and wait at the gate behind the first."""
        made: list[list[Cue]] = [[] for _ in routes]
        kept = checkpoints.load(Stage.TRANSCRIBE)
        for number, line in enumerate(self.lines):
            cancel.check()
            if number not in kept:
                self.heard.append(line)
                checkpoints.save(Stage.TRANSCRIBE, number, line.encode())
            for route, cues in zip(routes, made, strict=True):
                text = line if len(route) == 1 else line.upper()
                cues.append(_cue(number * CUE_MS, text))
                report(CuesReady(route[-1], number + 1, (cues[-1],)))
            done_ms, safe = (number + 1) * CUE_MS, checkpoints is not NOTHING_KEPT
            report(StageMoved(Stage.TRANSCRIBE, done_ms, duration_ms, checkpointed=safe))
            if number == 0 and self.gate:
                self.gate.pass_through(cancel)
        if self.raises:
            raise self.raises()
        report(StageMoved(Stage.TRANSCRIBE, duration_ms, duration_ms, finished=True))
        return tuple(
            Track(route[-1], tuple(cues), route=route if len(route) > 1 else ())
            for route, cues in zip(routes, made, strict=True)
        )

    def _translate(
        self, task: TranslateTask, workdir: Path, cancel: CancelToken, report: Report
    ) -> TaskResult:
        self.tasks.append(task)
        text = task.subtitle.path.read_text(encoding="utf-8")
        cues = [_cue(number * CUE_MS, line) for number, line in enumerate(text.split())]
        tracks = tuple(
            self.translate_cues(
                cues,
                task.language,
                options_for(target, task.translations),
                task.layout,
                cancel=cancel,
            )
            for target in task.targets
        )
        files = _write(tracks, task.formats, task.subtitle.stem, workdir, report)
        return TaskResult(tracks, tuple(files))

    def _mux(self, task: MuxTask, workdir: Path, cancel: CancelToken, report: Report) -> TaskResult:
        self.tasks.append(task)
        cancel.check()
        return TaskResult(
            files=tuple(_copy(task, task.options.container or Container.MKV, workdir, report))
        )

    def _sync(
        self, task: SyncTask, workdir: Path, cancel: CancelToken, report: Report
    ) -> TaskResult:
        """Every cue comes a second later."""
        self.tasks.append(task)
        cancel.check()
        lines = task.subtitle.path.read_text(encoding="utf-8").split()
        track = Track(
            task.language or "und", tuple(_cue((n + 1) * CUE_MS, t) for n, t in enumerate(lines))
        )
        stem = f"{task.subtitle.stem}.synced"
        files = _write((track,), task.formats, stem, workdir, report)
        return TaskResult((track,), tuple(files))

    def _route(self, source: str, target: str) -> tuple[str, ...]:
        if (source, target) not in self.pairs:
            raise PairNotInstalled(source, target, f"polycue models pull {source}>{target}")
        return (source, target)


def _cue(start_ms: int, text: str) -> Cue:
    words = (Word(text, start_ms, start_ms + CUE_MS - 100, 0.9),) if text.strip() == text else ()
    return Cue(start_ms, start_ms + CUE_MS - 100, (text,), words)


def _write(
    tracks: Sequence[Track],
    formats: Sequence[TrackFormat],
    stem: str,
    workdir: Path,
    report: Report,
) -> list[OutputFile]:
    files = []
    for track in tracks:
        for form in formats:
            filename = sidecar_name(
                stem,
                track.language,
                track.kind,
                form.suffix,
                bilingual=bool(track.second_language),
            )
            path = workdir / filename
            path.write_text("\n".join(cue.text for cue in track.cues), encoding="utf-8")
            files.append(OutputFile(path, filename, form.mime_type, track.language))
            report(FileReady(files[-1]))
    return files


def _copy(
    task: SubtitleTask | MuxTask, container: Container, workdir: Path, report: Report
) -> list[OutputFile]:
    filename = f"{task.media.stem}.subtitled.{container.value}"
    path = workdir / filename
    path.write_bytes(task.media.path.read_bytes())
    file = OutputFile(path, filename, container.mime_type, "")
    report(FileReady(file))
    return [file]
