"""Subtitle files: bytes to text to cues, cues to text to a file."""

import contextlib
import os
import re
import secrets
from pathlib import Path

from polycue.domain.errors import SubtitleSyntax, Unwritable
from polycue.domain.track import Track, TrackFormat
from polycue.domain.transcript import Transcript
from polycue.tracks import ass, encoding, hls, json_track, srt, tsv, ttml, ttml_xml, txt, vtt
from polycue.tracks.reading import Reading
from polycue.tracks.size import require_readable

_ZIP = b"PK\x03\x04"
_START_CHARS = 2000
_OTHER_SUFFIXES = {"ssa": "ass", "dfxp": "ttml", "xml": "ttml", "m3u8": "hls"}
_SRT_TIMES = re.compile(
    r"[0-9]{1,7}:[0-9 ]{1,4}:[0-9 ]{1,4}(?:[,.][0-9 ]{1,5})?\s{0,9}-->\s{0,9}[0-9]"
)


def decode_text(data: bytes) -> str:
    """A subtitle file's text, whatever its encoding, without a byte order mark.

    Bytes that fit no character become U+FFFD, so that one bad byte does not cost a file.

    Raises:
        SubtitleSyntax: it is not text.
    """
    if data.startswith(_ZIP):
        raise SubtitleSyntax("subtitle file", 0, "it is a ZIP archive; give one file of it")
    codec = encoding.guess(data)
    if codec is None:
        raise SubtitleSyntax("subtitle file", 0, "it is not text in any encoding known here")
    return data.decode(codec, "replace")


def format_of(filename: str, text: str) -> TrackFormat:
    """The format of a text: by its content where that is plain, else by the file's suffix.

    Raises:
        SubtitleSyntax: it looks like none of the formats.
    """
    start = text.lstrip("\ufeff")[:_START_CHARS]
    if start.startswith("WEBVTT"):
        return TrackFormat.VTT
    if start.lstrip().startswith("{") and f'"{json_track.FORMAT}"' in start:
        return TrackFormat.JSON
    if ass.looks_like(start):
        return TrackFormat.ASS
    if ttml_xml.looks_like(start):
        return TrackFormat.TTML
    if start.lower().startswith(tsv.HEADER):
        return TrackFormat.TSV
    if _SRT_TIMES.search(text):
        return TrackFormat.SRT
    return _format_by_name(filename)


def _format_by_name(filename: str) -> TrackFormat:
    suffix = Path(filename).suffix.lower().removeprefix(".")
    suffix = _OTHER_SUFFIXES.get(suffix, suffix)
    if suffix in set(TrackFormat):
        return TrackFormat(suffix)
    known = ", ".join(track_format for track_format in TrackFormat if track_format.is_readable)
    raise SubtitleSyntax("subtitle file", 0, f"its format is not known; polycue reads {known}")


def parse(text: str, track_format: TrackFormat) -> Reading:
    """The cues of a text in its own order, and what was repaired.

    Raises:
        SubtitleSyntax: it is not of that format, or the format is one that cannot be read.
        LimitExceeded: it is too long, or has too many cues.
        FormatNotInstalled: what reads the format is not there.
    """
    require_readable(text, track_format)
    match track_format:
        case TrackFormat.SRT:
            return srt.read(text)
        case TrackFormat.VTT:
            return vtt.read(text)
        case TrackFormat.JSON:
            return json_track.read(text)
        case TrackFormat.ASS:
            return ass.read(text)
        case TrackFormat.TTML:
            return ttml.read(text)
        case TrackFormat.TSV:
            return tsv.read(text)
        case TrackFormat.TXT:
            raise SubtitleSyntax(
                "plain text", 0, "it has no times, so it cannot be read as subtitles"
            )
        case TrackFormat.HLS:
            raise SubtitleSyntax("HLS", 0, "it is not read; give the file it was made from")


def require(track_format: TrackFormat) -> None:
    """Return where the format can be written.

    Raises:
        FormatNotInstalled: the library that writes it is an extra and not there.
    """
    if track_format is TrackFormat.TTML:
        ttml.require()


def encode(
    track: Track,
    track_format: TrackFormat,
    transcript: Transcript | None = None,
    *,
    media_ms: int = 0,
) -> bytes:
    """A track's file. ``transcript`` is what the track was made from, if anything.

    ``media_ms`` is the length of its media, 0 where that is not known.

    Raises:
        FormatNotInstalled: what writes the format is not there.
    """
    if track_format is TrackFormat.HLS:
        return hls.write(track, media_ms=media_ms, note=_note(track, transcript))
    return render(track, track_format, transcript).encode()


def render(track: Track, track_format: TrackFormat, transcript: Transcript | None = None) -> str:
    """The text of a track's file, of a format that is text; ``encode`` has the others too."""
    match track_format:
        case TrackFormat.SRT:
            return srt.write(track)
        case TrackFormat.VTT:
            return vtt.write(track, note=_note(track, transcript))
        case TrackFormat.JSON:
            return json_track.write(track, transcript)
        case TrackFormat.ASS:
            return ass.write(track, note=_note(track, transcript))
        case TrackFormat.TTML:
            return ttml.write(track, note=_note(track, transcript))
        case TrackFormat.TXT:
            return txt.write(track)
        case TrackFormat.TSV:
            return tsv.write(track)
        case TrackFormat.HLS:
            raise ValueError("HLS is not a text")


def _note(track: Track, transcript: Transcript | None) -> str:
    """Says that a machine made the track, and how; empty for one that came from a file."""
    how = []
    if transcript:
        how.append(f"transcribed with {transcript.model}")
    if track.route:
        how.append(f"translated {' > '.join(track.route)}")
    return f"Machine-generated by polycue: {', '.join(how)}." if how else ""


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write bytes, or a text as UTF-8; under its name stands the whole or what was there before.

    Raises:
        Unwritable: the folder is missing or full, may not be written, or ``path`` is no plain file.
    """
    data = content if isinstance(content, bytes) else content.encode()
    try:
        if path.exists() and not path.is_file():
            raise Unwritable(path, "is there and is not a plain file")  # never replace /dev/stdout
        _write_and_rename(data, path)
    except OSError as error:
        raise Unwritable(path, error.strerror or str(error)) from error


def _write_and_rename(data: bytes, path: Path) -> None:
    draft = path.with_name(f".polycue-{secrets.token_hex(8)}.tmp")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
