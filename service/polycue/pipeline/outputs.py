"""Tracks into files: sidecars and muxed copies, under names media servers know."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from polycue.domain.cancel import CancelToken
from polycue.domain.language import autonym
from polycue.domain.media import Media
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.progress import FileReady, OutputFile, Report, Stage, StageMoved
from polycue.domain.request import (
    Container,
    InputFile,
    MuxOptions,
    SubtitleTask,
    TranslateTask,
)
from polycue.domain.track import Track, TrackFile, TrackFormat, TrackKind, sidecar_name
from polycue.domain.transcript import Transcript
from polycue.media.containers import container_of, subtitle_format
from polycue.media.mux import mux
from polycue.pipeline.reporting import page_of
from polycue.tracks import report_json
from polycue.tracks.files import encode, render, write_atomically

# What tells reports from tracks among a job's artifacts.
REPORT_TYPE = "application/vnd.polycue.report+json"
PAGE_TYPE = "text/html"


def write_files(
    tracks: Sequence[Track],
    task: SubtitleTask | TranslateTask,
    *,
    stem: str,
    workdir: Path,
    transcript: Transcript | None,
    report: Report,
) -> list[OutputFile]:
    """Write the tracks in the formats that the task names, and their reports; else nothing."""
    if not task.formats:
        return []
    files = _write_sidecars(
        tracks, task.formats, stem=stem, workdir=workdir, transcript=transcript, report=report
    )
    return files + _write_reports(
        tracks,
        pages=task.report_page,
        stem=stem,
        workdir=workdir,
        transcript=transcript,
        report=report,
    )


def _write_sidecars(
    tracks: Sequence[Track],
    formats: Sequence[TrackFormat],
    *,
    stem: str,
    workdir: Path,
    transcript: Transcript | None,
    report: Report,
) -> list[OutputFile]:
    """Write each track in each format as ``{stem}.{language}.{suffix}``.

    A bilingual one is ``{stem}.bilingual.{language}.{suffix}``.
    The first is in the language of the transcript's words, and keeps it.
    """
    files = []
    media_ms = transcript.duration_ms if transcript else 0
    for track in tracks:
        for track_format in dict.fromkeys(formats):
            filename = _name(track, stem, track_format.suffix)
            path = workdir / filename
            spoken = transcript if track is tracks[0] else None
            write_atomically(path, encode(track, track_format, spoken, media_ms=media_ms))
            files.append(OutputFile(path, filename, track_format.mime_type, track.language))
            report(FileReady(files[-1]))
    return files


def _write_reports(
    tracks: Sequence[Track],
    *,
    pages: bool,
    stem: str,
    workdir: Path,
    transcript: Transcript | None,
    report: Report,
) -> list[OutputFile]:
    """Write what each track's report says, as ``{stem}.{language}.report.json``.

    With ``pages`` also for people, as ``{stem}.{language}.report.html``.
    """
    files = []
    for track in tracks:
        if track.report is None:
            continue
        texts = {"json": (REPORT_TYPE, report_json.write(track.report))}
        if pages:
            title = _name(track, stem, "").removesuffix(".")
            texts["html"] = (PAGE_TYPE, page_of(track, title, transcript))
        for suffix, (mime_type, text) in texts.items():
            filename = _name(track, stem, f"report.{suffix}")
            write_atomically(workdir / filename, text)
            files.append(OutputFile(workdir / filename, filename, mime_type, track.language))
            report(FileReady(files[-1]))
    return files


def _name(track: Track, stem: str, suffix: str) -> str:
    bilingual = bool(track.second_language)
    return sidecar_name(stem, track.language, track.kind, suffix, bilingual=bilingual)


class Muxing:
    """Muxed copies of one film into ``workdir``."""

    def __init__(
        self, media: Media, source: InputFile, *, workdir: Path, cancel: CancelToken, report: Report
    ) -> None:
        self._media, self._source, self._workdir = media, source, workdir
        self._cancel, self._report = cancel, report

    def copy(
        self, tracks: Sequence[Track], options: MuxOptions
    ) -> tuple[list[OutputFile], tuple[Notice, ...]]:
        """Write one copy with ``tracks``; those without cues are left out, and that is told."""
        full = [track for track in tracks if track.cues]
        left_out = tuple(_left_out(track) for track in tracks if not track.cues)
        if not full:
            return [], left_out
        container = options.container or container_of(self._media)
        files = list(self._track_files(full, container, options))
        drawn = next((file for file in files if file.language == options.burn_in), None)
        output, notices = self.write(files, container, drawn=drawn)
        return [output], left_out + notices

    def write(
        self, files: Sequence[TrackFile], container: Container, *, drawn: TrackFile | None
    ) -> tuple[OutputFile, tuple[Notice, ...]]:
        """Mux track files; ``drawn``, if it is one of them, is drawn into the picture instead."""
        soft = [file for file in files if file is not drawn]
        kind = f"{drawn.language}.burned" if drawn else "subtitled"
        filename = f"{self._source.stem}.{kind}.{container.value}"
        notices = mux(
            self._media,
            soft,
            to=self._workdir / filename,
            container=container,
            burn_in=drawn,
            cancel=self._cancel,
            progress=self._progress,
        )
        output = OutputFile(self._workdir / filename, filename, container.mime_type, "")
        self._report(FileReady(output))
        return output, notices

    def _track_files(
        self, tracks: Sequence[Track], container: Container, options: MuxOptions
    ) -> Iterator[TrackFile]:
        """Write each track in the container's own format, beside the outputs but none of them."""
        folder = self._workdir / "mux"
        folder.mkdir(exist_ok=True)
        track_format = subtitle_format(container)
        default = options.default or tracks[0].language
        for track in tracks:
            path = folder / sidecar_name("track", track.language, track.kind, track_format.value)
            write_atomically(path, render(track, track_format))
            yield TrackFile(
                path,
                track.language,
                title=_title(track),
                kind=track.kind,
                default=_is_default(track, default) and not options.burn_in,
            )

    def _progress(self, processed_ms: int) -> None:
        self._report(StageMoved(Stage.MUX, processed_ms, self._media.duration_ms))


def _title(track: Track) -> str:
    """What players show of a bilingual track: "English / Español"; "" lets the language say it."""
    if not track.second_language:
        return ""
    return f"{autonym(track.second_language)} / {autonym(track.language)}"


def _is_default(track: Track, language: str) -> bool:
    """A forced track never is: players show it by its own flag, when no other is chosen."""
    return track.language == language and track.kind is not TrackKind.FORCED


def _left_out(track: Track) -> Notice:
    kind = " forced" if track.kind is TrackKind.FORCED else ""
    message = f"the {track.language}{kind} track has no cues, so it is not in the muxed copy"
    return Notice(NoticeReason.TRACK_LEFT_OUT, message, {"language": track.language})
