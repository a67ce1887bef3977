"""How much of a stranger's subtitle file is read.

Ten hours of film have some ten thousand cues; a hundred times as many keep a thread busy for a
minute, and memory would go next.
"""

from pathlib import Path

from polycue.domain.errors import LimitExceeded
from polycue.domain.track import TrackFormat

MAX_FILE_BYTES = 1 << 26
MAX_CHARS = 1 << 24  # of JSON, which has every word with its time, as many as fit into a file
MAX_CUES = 200_000

_FIELD, _ADVICE = "subtitles", "cut the file into parts"
# What every cue of a format has once; text that is full of it is no subtitle either.
_SIGN_OF_A_CUE = {
    TrackFormat.SRT: "-->",
    TrackFormat.VTT: "-->",
    TrackFormat.ASS: "Dialogue",
    TrackFormat.TSV: "\n",
    TrackFormat.JSON: '"start_ms"',
}
_MAX_OF_JSON = 4_000_000  # cues and words


def read_file(path: Path) -> bytes:
    """The bytes of a subtitle file.

    Raises:
        LimitExceeded: it is too large to be one.
        OSError: it cannot be read.
    """
    size_bytes = path.stat().st_size
    if size_bytes > MAX_FILE_BYTES:
        raise LimitExceeded(_FIELD, size_bytes, MAX_FILE_BYTES, "bytes", _ADVICE)
    return path.read_bytes()


def require_readable(text: str, track_format: TrackFormat) -> None:
    """Return where reading the text takes bearable time.

    Raises:
        LimitExceeded: it is too long, or has too many cues.
    """
    is_json = track_format is TrackFormat.JSON
    max_chars = MAX_FILE_BYTES if is_json else MAX_CHARS
    if len(text) > max_chars:
        raise LimitExceeded(_FIELD, len(text), max_chars, "characters", _ADVICE)
    sign = _SIGN_OF_A_CUE.get(track_format)
    count = text.count(sign) if sign else 0
    limit = _MAX_OF_JSON if is_json else MAX_CUES
    if count > limit:
        raise LimitExceeded(_FIELD, count, limit, "cues", _ADVICE)
