"""When the first sound of a stream is heard, and whether it is for our ears at all."""

from fractions import Fraction

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Encrypted, ToolFailed, ToolKilled, ToolTimedOut
from polycue.domain.media import Media, Stream
from polycue.media import arguments, command
from polycue.media.call import Call

_TIMEOUT_S = 30.0
_SUSPICIOUS_MS = 1000


def offset_ms(media: Media, stream: Stream, *, cancel: CancelToken) -> int:
    """When the first sound that can be decoded is heard, from the media's start.

    The container knows when the stream starts, but its first packets may be damaged, and some are
    dropped on purpose (the lead-in of AAC and Opus). Plain samples in a WAVE file have neither and
    are not looked at, which spares a short clip a third of what it costs beside the recogniser.

    Raises:
        Encrypted: next to nothing can be decoded, for want of a key.
    """
    if media.container == "wav" and stream.codec.startswith("pcm_"):
        return stream.start_ms - media.start_ms
    found = _framecrc_ms(_told(arguments.first_sample(media, stream.index), cancel))
    # By chance a decoder makes noise of one encrypted packet in a thousand.
    late = found is None or found - stream.start_ms > _SUSPICIOUS_MS
    if late and is_encrypted(media, stream, cancel=cancel):
        raise Encrypted(media.path)
    return (stream.start_ms if found is None else found) - media.start_ms


def is_encrypted(media: Media, stream: Stream, *, cancel: CancelToken) -> bool:
    """Whether the container says so; to a decoder it is nothing but damage."""
    return "Encryption info" in _told(arguments.first_packet(media, stream.index), cancel)


def _told(call: Call, cancel: CancelToken) -> str:
    """What a look says, "" where it fails: the decoding proper will fail as well and say why."""
    try:
        completed = command.run(call, timeout_s=_TIMEOUT_S, cancel=cancel)
    except ToolKilled:
        raise
    except (ToolFailed, ToolTimedOut):
        return ""
    return completed.stdout.decode(errors="replace")


def _framecrc_ms(text: str) -> int | None:
    """The third field of ``0, 87142, 87142, 1024, ...``, in units of ``#tb 0: 1/44100``."""
    time_base = None
    for line in text.splitlines():
        if line.startswith("#tb 0:"):
            time_base = Fraction(line.removeprefix("#tb 0:").strip())
        elif not line.startswith("#") and time_base is not None:
            return round(int(line.split(",")[2]) * time_base * 1000)
    return None
