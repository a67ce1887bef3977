"""What a track is like: the rules it breaks, and numbers a person judges it by."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from polycue.domain.defence import Verdict
from polycue.domain.translation import Fallback


class LintRule(StrEnum):
    """A rule that cues are held to. The values travel on the wire and are never renamed."""

    LINES = "lines"  # more lines than the preset allows
    LINE_LENGTH = "line_length"  # a line is wider than the preset allows
    READING_SPEED = "reading_speed"  # more characters, or words, a second than the preset allows
    MIN_DURATION = "min_duration"
    MAX_DURATION = "max_duration"
    OVERLAP = "overlap"  # comes on while an earlier one stands
    GAP = "gap"  # follows the one before by less than the smallest gap
    FLICKER = "flicker"  # a gap that is neither the smallest nor long enough to be seen as one
    ORDER = "order"  # starts before one that precedes it in the file
    TIMES = "times"  # ends before it starts, or its times cannot be read
    EMPTY = "empty"  # has no text
    BEYOND_END = "beyond_end"  # stays after the media's end
    SHOT_IN = "shot_in"  # comes on near a shot change and not with it
    SHOT_OUT = "shot_out"  # goes near a shot change and not with it
    SILENT_START = "silent_start"  # comes on where nobody speaks
    ORPHAN = "orphan"  # a short word alone on a line
    ONE_LINE = "one_line"  # two lines where one would do
    LINE_END = "line_end"  # a line ends on a word that belongs to the next one
    CUE_END = "cue_end"  # and so does a cue
    SENTENCE_INSIDE = "sentence_inside"  # a sentence ends in it and the next one runs on past it
    DIALOGUE_DASH = "dialogue_dash"  # turns of a dialogue are not marked as the preset wants it
    GLYPH = "glyph"  # characters that cannot be shown
    VTT_SYNTAX = "vtt_syntax"  # a WebVTT file breaks the standard's rules for authors


class Severity(StrEnum):
    """How bad a breach is. The values travel on the wire."""

    HARD = "hard"  # a file that players or broadcasters refuse or show wrongly
    SOFT = "soft"  # harder to read than it need be


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of a rule.

    ``cue`` counts from 1 in the order of the file; 0 is the file itself. ``measured`` and ``limit``
    are in the unit of the rule, None where the rule has no number. ``detail`` is for people.
    """

    rule: LintRule
    cue: int
    measured: float | None = None
    limit: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """How a track keeps one rule.

    ``count`` is of breaches, None where the rule could not be checked; ``why_not`` then says why.
    ``unit`` is what is measured, such as "characters", "" where nothing is.
    """

    rule: LintRule
    severity: Severity
    title: str
    unit: str
    limit: float | None = None
    count: int | None = None
    per_thousand: float | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Percentiles by nearest rank."""

    p5: float
    p50: float
    p90: float
    p95: float
    max: float


@dataclass(frozen=True, slots=True)
class Gaps:
    """How many pauses there are between a cue and the next one, by their length.

    ``closed`` have the smallest length the preset allows, ``flicker`` are longer than that and too
    short to be seen as a pause.
    """

    touching: int = 0
    below_minimum: int = 0
    closed: int = 0
    flicker: int = 0
    seen: int = 0


@dataclass(frozen=True, slots=True)
class SpokenLanguage:
    """A language (BCP-47) and how long it is spoken, as far as the recogniser can tell."""

    language: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Recognition:
    """What the recogniser has to say.

    ``speech_ms`` is how long somebody speaks, None where that was not kept. ``verdicts`` are what
    was done about words that nobody said.
    """

    model: str
    speech_ms: int | None
    languages: tuple[SpokenLanguage, ...]
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Translation:
    """How a translated track came about.

    ``route`` are the languages it went through, ``kept_source_count`` the cues that stay in the
    source language, ``fallbacks`` the sentences whose first translation was not fit to be shown.
    """

    route: tuple[str, ...]
    kept_source_count: int
    fallbacks: tuple[Fallback, ...] = ()


@dataclass(frozen=True, slots=True)
class TrackReport:
    """All of it.

    ``cue_count`` is of cues with text, ``clean_cue_count`` of those that break no rule.
    ``violations`` are in the order of the cues and end after so many; ``violations_left_out`` says
    how many more there are, and the counts of ``rules`` are of all. What is None could not be told:
    there are no cues, or no words with probabilities. ``reading_speed`` is in characters a second,
    ``stays`` in milliseconds, shares are within 0..1.
    """

    language: str
    preset: str
    frame_rate: Fraction | None
    cue_count: int
    clean_cue_count: int
    rules: tuple[RuleResult, ...]
    violations: tuple[Violation, ...]
    violations_left_out: int
    reading_speed: Distribution | None
    reading_speed_over: float | None
    stays: Distribution | None
    chars: Distribution | None
    gaps: Gaps
    iwslt: float | None
    low_confidence_count: int | None
    suspect_count: int | None
    recognition: Recognition | None = None
    translation: Translation | None = None

    def broken(self, severity: Severity) -> int:
        """How many breaches there are of rules of this severity."""
        return sum(r.count or 0 for r in self.rules if r.severity is severity)
