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
    SEVERAL_LANGUAGES = "SEVERAL_LANGUAGES"  # spoken in one film
    NO_FOREIGN_SPEECH = "NO_FOREIGN_SPEECH"  # a track of the foreign parts has nothing to hold
    SPEECH_DOUBTED = "SPEECH_DOUBTED"  # words that nobody said were dropped, cut or marked
    NOT_TRANSLATED = "NOT_TRANSLATED"  # no pair leads from a language spoken in between
    TRANSLATION_KEPT_SOURCE = "TRANSLATION_KEPT_SOURCE"  # a sentence came back unusable
    TERM_LOST = "TERM_LOST"  # a sentence lost a term of the glossary on its way through the model
    SUBTITLE_REPAIRED = "SUBTITLE_REPAIRED"  # cues broke a rule, overlapped or outran the film
    DEMO_MODEL = "DEMO_MODEL"  # made by the demo models of a small world
    RETIMED = "RETIMED"  # how a piece of a subtitle file was moved
    SYNC_BY_SPEECH = "SYNC_BY_SPEECH"  # no words to go by, so where somebody speaks decided
    SYNC_UNCERTAIN = "SYNC_UNCERTAIN"  # little speaks for the place of a piece
    CUES_LEFT_OUT = "CUES_LEFT_OUT"  # cues of a scene that the film does not have
    LENGTH_DIFFERS = "LENGTH_DIFFERS"  # the film is not as long as the one its transcript is of
    SHOTS_UNKNOWN = "SHOTS_UNKNOWN"  # cues were to heed the cuts of a picture that has none to show
    TRACK_LEFT_OUT = "TRACK_LEFT_OUT"  # the container cannot hold it, or it is empty


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing a reader of the result should know; ``message`` is for people."""

    reason: NoticeReason
    message: str
    facts: dict[str, str] = field(default_factory=dict)
