"""WebVTT for HTTP Live Streaming: segments and the playlist that names them, in one ZIP file.

After RFC 8216, section 3.5. The borders of subtitle segments need not be the picture's: of a VOD
playlist section 6.2.4 lets subtitles have a target duration of their own.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence

from polycue.domain.errors import LimitExceeded
from polycue.domain.track import Track
from polycue.tracks import vtt
from polycue.tracks.timestamps import format_vtt

PLAYLIST = "index.m3u8"
SEGMENT_MS = 6000  # what Apple's authoring specification recommends

# Cue times are the media's own: its zero is the zero of the MPEG-2 clock, as in fragmented MP4.
_TIMESTAMP_MAP = f"X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:{format_vtt(0)}"
_BREAK = "\n"  # ffmpeg reads one segment on the heels of the other: a header is no cue's text
_MAX_SEGMENTS = 20_000  # 33 hours; of what is longer each segment holds more
_MAX_TEXT_CHARS = 1 << 28  # a cue stands in every segment that it touches
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first day of ZIP: the same track makes the same bytes


def write(track: Track, *, media_ms: int, segment_ms: int = SEGMENT_MS, note: str = "") -> bytes:
    """The track as a ZIP file of a playlist and its segments, which last as long as the media.

    A cue that spans a border stands in each segment it touches, with its full times. Segments
    without a cue are written too. ``media_ms`` 0 means to the end of the last cue.

    Raises:
        LimitExceeded: long cues in many segments make more text than fits into memory.
    """
    total_ms = max(media_ms, *(cue.end_ms for cue in track.cues[-1:]), 1)
    segment_ms = _within_limit(total_ms, segment_ms)
    texts = _segments(track, -(-total_ms // segment_ms), segment_ms, note)
    names = [f"{number:05}.vtt" for number in range(1, len(texts) + 1)]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, PLAYLIST, "".join(_playlist(names, total_ms, segment_ms)))
        for name, text in zip(names, texts, strict=True):
            _add(archive, name, text)
    return out.getvalue()


def _within_limit(total_ms: int, segment_ms: int) -> int:
    """A segment's length that makes no more of them than allowed, in whole seconds if longer."""
    shortest_ms = -(-total_ms // _MAX_SEGMENTS)
    return segment_ms if shortest_ms <= segment_ms else -(-shortest_ms // 1000) * 1000


def _segments(track: Track, count: int, segment_ms: int, note: str) -> list[str]:
    held: list[list[str]] = [[] for _ in range(count)]
    chars = 0
    for cue, block in vtt.blocks(track):
        touched = range(cue.start_ms // segment_ms, (cue.end_ms - 1) // segment_ms + 1)
        chars += len(block) * len(touched)
        if chars > _MAX_TEXT_CHARS:
            raise LimitExceeded("formats", chars, _MAX_TEXT_CHARS, "", "HLS repeats long cues")
        for number in touched:
            held[number].append(block)
    return [
        vtt.document(blocks, header=_TIMESTAMP_MAP, note="" if number else note) + _BREAK
        for number, blocks in enumerate(held)
    ]


def _playlist(names: Sequence[str], total_ms: int, segment_ms: int) -> Iterator[str]:
    longest_s = -(-min(segment_ms, total_ms) // 1000)
    yield "#EXTM3U\n#EXT-X-VERSION:3\n"
    yield f"#EXT-X-TARGETDURATION:{longest_s}\n"
    yield "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    for number, name in enumerate(names):
        stay_ms = min(segment_ms, total_ms - number * segment_ms)
        yield f"#EXTINF:{stay_ms // 1000}.{stay_ms % 1000:03},\n{name}\n"
    yield "#EXT-X-ENDLIST\n"


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, text.encode())
