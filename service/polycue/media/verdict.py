"""What a film's sound turned out to be, against what its container promised.

ffmpeg ends with status 0 for a file that is cut in half, damaged, silent or out of phase.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from polycue.domain.media import Media, Stream, StreamKind
from polycue.domain.notice import Notice, NoticeReason
from polycue.media.complaints import Complaints
from polycue.media.downmix import Downmix

# Demuxers that reckon a length from the bit rate: their promise is worth nothing.
_GUESSED_LENGTH = frozenset({"mp3", "aac", "ac3", "eac3", "mpeg", "amr"})
# The leanest speech codecs need 90 bytes a second.
_CREDIBLE_BYTES_PER_S = 80
# What may be missing at the end, or be too much, before it is worth a notice.
_TOLERANCE_MS = 1000
_CUT_SHORT_MS = 200  # where the demuxer itself says that the file is cut short
_TOO_LONG_SHARE = Fraction(5, 100)
_SILENT_MS = 200  # the resampler rings for a frame at each end of constant sound
_CANCELLED_SHARE = Fraction(1, 10)


@dataclass(frozen=True, slots=True)
class Heard:
    """All that is known of one stream once its last sample is decoded."""

    media: Media
    stream: Stream
    start_ms: int
    decoded_ms: int
    complaints: Complaints
    downmix: Downmix

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.decoded_ms


def promised_ms(media: Media, stream: Stream) -> int | None:
    """How long the container says the sound is; None where it does not know."""
    if has_guessed_length(media):
        return None
    if stream.duration_ms is not None:
        return stream.duration_ms
    # The length of the whole tells of the sound only where there is nothing beside it.
    alone = all(other.kind is StreamKind.AUDIO for other in media.streams)
    return media.duration_ms if alone else None


def has_guessed_length(media: Media) -> bool:
    return media.container in _GUESSED_LENGTH


def is_credible(media: Media, claimed_ms: int) -> bool:
    """Whether the file has bytes enough for the length it claims; one that is gone has none."""
    try:
        size_bytes = media.path.stat().st_size
    except OSError:
        return False
    return size_bytes * 1000 >= claimed_ms * _CREDIBLE_BYTES_PER_S


def judge(heard: Heard) -> tuple[Notice, ...]:
    return (*_length(heard), *_samples(heard))


def _length(heard: Heard) -> Iterator[Notice]:
    promised = promised_ms(heard.media, heard.stream)
    if heard.complaints.decode_errors:
        yield _notice(
            NoticeReason.DECODE_ERRORS,
            f"{heard.complaints.decode_errors} damaged packets of sound were left silent",
            errors=heard.complaints.decode_errors,
        )
    if _is_truncated(heard, promised):
        of = "" if promised is None else f" of {promised / 1000:.1f} s"
        yield _notice(
            NoticeReason.TRUNCATED_MEDIA,
            f"the file is cut short: its sound ends after {heard.end_ms / 1000:.1f} s{of}",
            end_ms=heard.end_ms,
            promised_ms=promised or 0,
        )
    if promised and heard.decoded_ms > promised * (1 + _TOO_LONG_SHARE) + _TOLERANCE_MS:
        yield _notice(
            NoticeReason.DISCONTINUITY,
            f"the file says {promised / 1000:.1f} s and holds {heard.decoded_ms / 1000:.1f} s of "
            "sound: its clock starts anew in the middle, and times after that may be off",
            decoded_ms=heard.decoded_ms,
            promised_ms=promised,
        )


def _is_truncated(heard: Heard, promised: int | None) -> bool:
    cut_short = heard.complaints.cut_short
    if promised is None:
        return cut_short
    # Matroska's statistics tag is a length for some muxers and an end for others: take the end,
    # which gives no false alarm.
    return promised - heard.end_ms > (_CUT_SHORT_MS if cut_short else _TOLERANCE_MS)


def _samples(heard: Heard) -> Iterator[Notice]:
    downmix = heard.downmix
    if downmix.invalid_samples:
        yield _notice(
            NoticeReason.INVALID_SAMPLES,
            f"{downmix.invalid_samples} samples were no numbers and were left silent",
            samples=downmix.invalid_samples,
        )
    if downmix.sounding_ms <= _SILENT_MS:
        of = f"silent, all {heard.decoded_ms / 1000:.1f} s of it" if heard.decoded_ms else "empty"
        yield _notice(
            NoticeReason.SILENT_AUDIO,
            f"the audio stream is {of}",
            decoded_ms=heard.decoded_ms,
        )
    elif downmix.cancelled_ms > _CANCELLED_SHARE * downmix.sounding_ms:
        yield _notice(
            NoticeReason.CANCELLED_PHASE,
            f"left and right cancel each other out for {downmix.cancelled_ms / 1000:.1f} s; the "
            "louder of them was taken there",
            cancelled_ms=downmix.cancelled_ms,
        )


def _notice(reason: NoticeReason, message: str, **facts: int) -> Notice:
    return Notice(reason, message, {name: str(value) for name, value in facts.items()})
