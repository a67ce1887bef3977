"""What was done about words that nobody said: heard again, cut to one copy, left out, marked."""

from dataclasses import dataclass
from enum import StrEnum


class Signal(StrEnum):
    """Why words are doubted. The values travel in JSON and are never renamed."""

    LOOP = "loop"  # the same few words over and over
    COMPRESSION = "compression_ratio"  # the text deflates as only repeated text does
    LOGPROB = "avg_logprob"  # the recogniser itself does not believe in it
    NO_SPEECH = "no_speech_prob"  # the recogniser takes the sound for no speech
    OUTSIDE_SPEECH = "outside_speech"  # said, by attention, where the detector hears nobody
    WORD_ANOMALY = "word_anomaly"  # words too short, too long or too unlikely to be spoken
    SPEECH_RATE = "speech_rate"  # more characters a second than anybody speaks
    PHRASE = "phrase"  # a credit or a thank-you that recognisers are known to make up


class Remedy(StrEnum):
    """What was done. The values travel in JSON and are never renamed."""

    REDECODED = "redecoded"  # another try was better and took the words' place
    COLLAPSED = "collapsed"  # a loop was cut to one copy
    DROPPED = "dropped"  # on two signals that do not depend on each other
    SUSPECTED = "suspected"  # kept, and its cues are flagged


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that was done about a stretch of a film.

    ``text`` is what the recogniser had written there; ``replacement`` what stands there now, which
    is ``text`` itself where it was only suspected and "" where it was dropped.
    """

    start_ms: int
    end_ms: int
    remedy: Remedy
    text: str
    signals: tuple[Signal, ...]
    replacement: str = ""
