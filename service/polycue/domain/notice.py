"""What went less than perfectly and is told with the result, not raised."""

from dataclasses import dataclass, field
from enum import StrEnum


class NoticeReason(StrEnum):
    """Why a notice was given. The values travel on the wire and are never renamed."""

    TRUNCATED_MEDIA = "TRUNCATED_MEDIA"  # less sound than the container promises
    DECODE_ERRORS = "DECODE_ERRORS"  # ffmpeg skipped damaged packets
    SILENT_AUDIO = "SILENT_AUDIO"  # no sound, or none that carries a signal
    NO_SPEECH = "NO_SPEECH"  # sound, but nobody speaks
    CANCELLED_PHASE = "CANCELLED_PHASE"  # left = -right: one channel was taken
    INVALID_SAMPLES = "INVALID_SAMPLES"  # NaN or infinite samples were silenced
    DISCONTINUITY = "DISCONTINUITY"  # the stream's clock jumps
    LANGUAGE_UNCERTAIN = "LANGUAGE_UNCERTAIN"  # detected with little confidence
    TRANSLATION_KEPT_SOURCE = "TRANSLATION_KEPT_SOURCE"  # a sentence came back unusable
    TERM_LOST = "TERM_LOST"  # a sentence lost a term of the glossary on its way through the model
    SUBTITLE_REPAIRED = "SUBTITLE_REPAIRED"  # cues broke a rule, overlapped or outran the film
    DEMO_MODEL = "DEMO_MODEL"  # made by the demo models of a small world
    LENGTH_DIFFERS = "LENGTH_DIFFERS"  # the film is not as long as the one its transcript is of
    TRACK_LEFT_OUT = "TRACK_LEFT_OUT"  # the container cannot hold it, or it is empty


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing a reader of the result should know; ``message`` is for people."""

    reason: NoticeReason
    message: str
    facts: dict[str, str] = field(default_factory=dict)
