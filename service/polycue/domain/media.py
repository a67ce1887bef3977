"""A media file and the streams in it, as probed."""

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from pathlib import Path


class StreamKind(StrEnum):
    AUDIO = "audio"
    VIDEO = "video"
    SUBTITLE = "subtitle"
    DATA = "data"
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a container.

    ``index`` counts all streams from 0, ``ordinal`` those of its kind. ``language`` is BCP-47,
    "und" where the container says none. ``start_ms`` is on the container's own clock, as is
    ``Media.start_ms``; ``duration_ms`` is None where the container does not say.
    ``frame_rate`` and ``pixels``, width times height, are of video only.
    """

    index: int
    ordinal: int
    kind: StreamKind
    codec: str
    language: str = "und"
    title: str = ""
    start_ms: int = 0
    duration_ms: int | None = None
    dispositions: frozenset[str] = field(default_factory=frozenset)
    channels: int = 0
    frame_rate: Fraction | None = None
    pixels: int = 0


# Covers and previews, by ffmpeg's names of them.
_PICTURES_OF_THEIR_OWN = frozenset({"attached_pic", "still_image", "timed_thumbnails"})


@dataclass(frozen=True, slots=True)
class Media:
    """A probed file. ``container`` is ffmpeg's demuxer name, such as "mov,mp4,m4a,3gp,3g2,mj2".

    ``brand`` tells apart what one demuxer reads: "webm" or "matroska", an MP4's major brand
    ("isom", "qt"); "" where the container has none.
    """

    path: Path
    container: str
    start_ms: int
    duration_ms: int | None
    streams: tuple[Stream, ...]
    brand: str = ""

    def of_kind(self, kind: StreamKind) -> tuple[Stream, ...]:
        return tuple(s for s in self.streams if s.kind is kind)

    @property
    def picture(self) -> Stream | None:
        """The first real video stream; cover pictures do not count."""
        for stream in self.of_kind(StreamKind.VIDEO):
            if stream.dispositions.isdisjoint(_PICTURES_OF_THEIR_OWN):
                return stream
        return None

    @property
    def frame_rate(self) -> Fraction | None:
        """Of the first real video stream that has one."""
        for stream in self.of_kind(StreamKind.VIDEO):
            if stream.frame_rate and stream.dispositions.isdisjoint(_PICTURES_OF_THEIR_OWN):
                return stream.frame_rate
        return None


@dataclass(frozen=True, slots=True)
class AudioChoice:
    """Which audio stream is wanted; at most one of the three is set, none means the best guess.

    ``ordinal`` counts audio streams from 0; ``language`` is BCP-47; ``title`` is a part of the
    stream's title, in any case of letters.
    """

    ordinal: int | None = None
    language: str = ""
    title: str = ""
