"""A copy of a film with subtitle tracks in it, whole or not there at all."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import MuxRejected, NotMedia, ToolFailed, Unreadable, Unwritable
from polycue.domain.media import Media
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.request import Container
from polycue.domain.track import TrackFile, TrackFormat
from polycue.media import arguments, command
from polycue.media.call import Call
from polycue.media.check import check, overhang_ms
from polycue.media.complaints import Complaints, reason, says_no_space
from polycue.media.failure import telling
from polycue.media.options import options
from polycue.media.plan import Plan, plan_mux
from polycue.media.probe import probe
from polycue.media.progress import Progress, forward, progress_of
from polycue.media.publishing import folder_beside, publish, unwritable

# For one line of progress, of which ffmpeg writes two a second; but moving the index of a film of
# many gigabytes to its front is one silent step.
PROGRESS_TIMEOUT_S = 600.0
CONVERT_TIMEOUT_S = 60.0

_FFMPEG_NAME = {TrackFormat.SRT: "srt", TrackFormat.VTT: "webvtt"}


def mux(
    media: Media,
    tracks: Sequence[TrackFile],
    *,
    to: Path,
    container: Container,
    burn_in: TrackFile | None = None,
    cancel: CancelToken,
    progress: Progress,
) -> tuple[Notice, ...]:
    """Write a copy of ``media`` with ``tracks`` added behind its own subtitles.

    Every other stream is copied as it is, the one exception being the picture that ``burn_in`` is
    drawn into; a stream that the container cannot hold is left out and reported. Track files are
    in ``subtitle_format(container)``. Where a new track is the default, those of the source no
    longer are. Cues after the end of the film are cut off. ``progress`` gets the media time that
    is done, in milliseconds.

    ``to`` appears, or is replaced, in one step after the copy was checked; until then, and after
    any failure, it is what it was.

    Raises:
        Unreadable: a track file cannot be read.
        Unwritable: ``to`` cannot be written, or the disk is full.
        MuxRejected: ffmpeg refuses, the container cannot hold the film, or the check failed.
        NoVideoStream: ``burn_in`` is given and there is no picture.
        ToolMissing, ToolTimedOut, Cancelled: as they say; nothing is left.
    """
    for track in (*tracks, *([burn_in] if burn_in else [])):
        _check_readable(track.path)
    plan = plan_mux(media, tracks, container, burning=burn_in is not None)
    with folder_beside(to) as folder:
        job = _Job(plan, folder, to, cancel, forward(progress, media.duration_ms))
        try:
            notices = job.run(burn_in)
            publish(job.target, to)
        except OSError as error:
            raise unwritable(to, error) from error
    return (*plan.notices, *notices)


@dataclass(frozen=True, slots=True)
class _Job:
    """One mux at work in a folder of its own, which goes away with all that is in it."""

    plan: Plan
    folder: Path
    to: Path
    cancel: CancelToken
    progress: Progress

    @property
    def target(self) -> Path:
        return self.folder / f"copy.{self.plan.container}"

    def run(self, burn_in: TrackFile | None) -> list[Notice]:
        said = [*options(self.plan), *self._attachments()]
        burn = self._drawing(burn_in)
        files = [track.path for track in self.plan.tracks]
        notices = []
        complaints = self._write(files, said, burn)
        copy = self._probe()
        # Only the copy tells for sure where the film ends. It is written again for a stray cue,
        # which costs little, but a picture is not encoded again for one.
        if burn is None and (end_ms := overhang_ms(self.plan, copy)) is not None:
            notices.append(_cut_off(end_ms))
            files = [self._cut(file, end_ms, number) for number, file in enumerate(files)]
            complaints = self._write(files, said, burn)
            copy = self._probe()
        return [*notices, *check(self.plan, copy, cut_short=complaints.cut_short)]

    def _write(
        self, files: Sequence[Path], said: arguments.Options, burn: tuple[int, Path] | None
    ) -> Complaints:
        call = arguments.copy(
            self.plan.media,
            [index for index, _ in self.plan.kept],
            arguments.Subtitles(files, self._format),
            said,
            self.target,
            muxer=self.plan.rules.muxer,
            burn=burn,
            pictures=self._covers(),
        )
        try:
            complaints, tail = command.once_more(lambda: self._copy(call))
        except ToolFailed as error:
            raise self._refusal(error) from error
        self._check_space(tail)
        return complaints

    def _copy(self, call: Call) -> tuple[Complaints, str]:
        complaints = Complaints()
        with command.piped(
            call, timeout_s=PROGRESS_TIMEOUT_S, cancel=self.cancel, on_line=complaints.feed
        ) as child:
            for done_ms in progress_of(child):
                self.progress(done_ms)
            return complaints, child.finish()

    @property
    def _format(self) -> str:
        return _FFMPEG_NAME[self.plan.rules.track_format]

    def _cut(self, file: Path, end_ms: int, number: int) -> Path:
        shorter = self.folder / f"track{number}"
        self._convert(arguments.cut(file, self._format, end_ms, shorter))
        return shorter

    def _convert(self, call: Call) -> command.Completed:
        try:
            completed = command.run(call, timeout_s=CONVERT_TIMEOUT_S, cancel=self.cancel)
        except ToolFailed as error:
            raise self._refusal(error) from error
        self._check_space(completed.stderr_tail)
        return completed

    def _probe(self) -> Media:
        try:
            return probe(self.target, cancel=self.cancel)
        except NotMedia as error:
            raise MuxRejected(self.plan.media.path, f"the muxed copy is {error.problem}") from error

    def _attachments(self) -> Iterator[tuple[str, str]]:
        """Cover pictures, which ffmpeg would copy into Matroska as if they were films."""
        named = zip(self.plan.covers, self._covers(), strict=True)
        for index, (cover, file) in enumerate(named, start=len(self.plan.streams)):
            call = arguments.picture(self.plan.media, cover.index)
            file.write_bytes(self._convert(call).stdout)
            yield "-attach", arguments.local(file)
            yield f"-metadata:s:{index}", f"filename={cover.filename}"
            yield f"-metadata:s:{index}", f"mimetype={cover.mime_type}"

    def _covers(self) -> list[Path]:
        return [self.folder / f"cover{number}" for number in range(len(self.plan.covers))]

    def _drawing(self, burn_in: TrackFile | None) -> tuple[int, Path] | None:
        """The video stream to draw into, and the drawing under a name that needs no escapes."""
        if burn_in is None or self.plan.burned is None:
            return None
        drawing = self.folder / "burn.ass"
        name = "webvtt" if burn_in.path.suffix.lower() == ".vtt" else "srt"
        self._convert(arguments.ass(burn_in.path, name, drawing))
        # ffmpeg's own markup is {\b1} and the like; other braces are the cue's, and libass would
        # take what is in them for markup too.
        text = drawing.read_text(encoding="utf-8")
        drawing.write_text(re.sub(r"\{(?!\\)", r"\\{", text), encoding="utf-8")
        return self.plan.burned, drawing

    def _check_space(self, stderr_tail: str) -> None:
        # ffmpeg ends well where only the last of a file, or all of a small one, found no room.
        if says_no_space(stderr_tail):
            raise self._no_space()

    def _no_space(self) -> Unwritable:
        return Unwritable(self.to, "no space is left on the device")

    def _refusal(self, error: ToolFailed) -> Exception:
        if says_no_space(error.stderr_tail):
            return self._no_space()
        if known := telling(self.plan.media.path, error):
            return known
        paths = (self.plan.media.path, self.target, *(track.path for track in self.plan.tracks))
        said = reason(error.stderr_tail, *paths) or f"it ended with {error.returncode}"
        advice = "" if self.plan.container is Container.MKV else "; an mkv holds nearly everything"
        return MuxRejected(
            self.plan.media.path,
            f"ffmpeg cannot write it as .{self.plan.container}: {said}{advice}",
        )


def _cut_off(end_ms: int) -> Notice:
    return Notice(
        NoticeReason.SUBTITLE_REPAIRED,
        f"cues after the end of the film at {end_ms / 1000:.1f} s were cut off",
        {"end_ms": str(end_ms)},
    )


def _check_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise Unreadable(path, error.strerror or "cannot be read") from error
