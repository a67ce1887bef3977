"""A subtitle and the whole milliseconds it stands on screen."""

from dataclasses import dataclass
from enum import StrEnum

from polycue.domain.transcript import Word


class CueFlag(StrEnum):
    """What a reviewer should look at. The values travel on the wire and in JSON."""

    TOO_WIDE = "too_wide"  # wider, or on more lines, than the preset allows
    READING_SPEED = "reading_speed"  # more characters a second than the preset allows
    TOO_SHORT = "too_short"  # no room for the preset's shortest stay
    KEPT_SOURCE = "kept_source"  # not translated: the translation was unusable
    LOW_CONFIDENCE = "low_confidence"  # the recogniser doubts its words
    SUSPECT = "suspect"  # perhaps nobody said it: a loop, a made-up credit, words without speech


@dataclass(frozen=True, slots=True)
class Cue:
    """Text on screen from ``start_ms`` until just before ``end_ms``, from the media's start.

    ``lines`` are plain text without markup, at least one, none empty, none with a line break.
    ``words`` are those it was made from, empty for a cue read from a file. ``costs`` say by name
    why it was laid out so rather than otherwise; empty unless that was asked for.
    """

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    words: tuple[Word, ...] = ()
    flags: frozenset[CueFlag] = frozenset()
    costs: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.start_ms < self.end_ms:
            raise ValueError(f"a cue stays a while: {self.start_ms}..{self.end_ms}")
        if not self.lines or any(
            not line.strip() or line.splitlines() != [line] for line in self.lines
        ):
            raise ValueError(f"lines are whole and not empty: {self.lines!r}")

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.start_ms
