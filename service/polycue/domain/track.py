"""Cues of one language, and the files that hold them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from polycue.domain.cue import Cue
from polycue.domain.notice import Notice
from polycue.domain.report import TrackReport
from polycue.domain.translation import Fallback


class TrackKind(StrEnum):
    SUBTITLES = "subtitles"
    CAPTIONS = "captions"  # for the deaf and hard of hearing
    FORCED = "forced"  # foreign parts only


class TrackFormat(StrEnum):
    """A way of writing a track; the value is what people call it."""

    SRT = "srt"
    VTT = "vtt"
    JSON = "json"
    ASS = "ass"
    TTML = "ttml"  # IMSC 1.1, text profile
    TXT = "txt"
    TSV = "tsv"
    HLS = "hls"  # WebVTT in segments and a playlist, in one ZIP file

    @property
    def suffix(self) -> str:
        """What the names of its files end with."""
        return "hls.zip" if self is TrackFormat.HLS else self.value

    @property
    def mime_type(self) -> str:
        return _MIME_TYPES[self.value]

    @property
    def is_text(self) -> bool:
        return self is not TrackFormat.HLS

    @property
    def is_readable(self) -> bool:
        """Whether its files hold cues that can be read back."""
        return self not in {TrackFormat.TXT, TrackFormat.HLS}


_MIME_TYPES = {
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "json": "application/json",
    "ass": "text/x-ssa",
    "ttml": "application/ttml+xml",
    "txt": "text/plain",
    "tsv": "text/tab-separated-values",
    "hls": "application/zip",
}


@dataclass(frozen=True, slots=True)
class Track:
    """Cues in order of time that do not overlap, in one language (BCP-47).

    ``route`` is how a translated track came about, ``("es", "en", "de")`` for a pivot through
    English; empty for the language that is spoken. ``fallbacks`` are the sentences whose first
    translation was not fit to be shown. ``second_language`` is that of the spoken lines which stand
    above the translation in a bilingual track, "" in any other. ``report`` is there once the track
    is finished.
    """

    language: str
    cues: tuple[Cue, ...]
    kind: TrackKind = TrackKind.SUBTITLES
    route: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()
    second_language: str = ""
    report: TrackReport | None = None

    def __post_init__(self) -> None:
        for one, other in zip(self.cues, self.cues[1:], strict=False):
            if other.start_ms < one.end_ms:
                raise ValueError(f"cues overlap at {other.start_ms} ms")

    @property
    def translated(self) -> bool:
        return bool(self.route)


@dataclass(frozen=True, slots=True)
class TrackFile:
    """A subtitle file on disk and what a player should be told of it. ``title`` may be empty."""

    path: Path
    language: str
    title: str = ""
    kind: TrackKind = TrackKind.SUBTITLES
    default: bool = False


def sidecar_name(
    stem: str, language: str, kind: TrackKind, suffix: str, *, bilingual: bool = False
) -> str:
    """The name media servers look for: ``movie.en.srt``, ``movie.en.forced.srt``.

    They take the tag next to the suffix for the language, and what is before it for a title or not
    at all: so a bilingual track in Spanish is ``movie.bilingual.es.srt``.
    """
    tag = {TrackKind.SUBTITLES: "", TrackKind.CAPTIONS: ".sdh", TrackKind.FORCED: ".forced"}[kind]
    both = ".bilingual" if bilingual else ""
    return f"{stem}{both}.{language}{tag}.{suffix}"
