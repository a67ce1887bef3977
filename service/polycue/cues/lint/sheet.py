"""The cues under the lens, with what more than one rule asks of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from polycue.cues.measure import reading_chars, width
from polycue.cues.presets import Rules
from polycue.domain.audio import Span
from polycue.domain.cue import Cue
from polycue.domain.report import LintRule, Violation


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A rule that could not be checked, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What breaks a rule, and the number it was held against, if any.

    ``unit`` is of this number and the measured ones where it is not the rule's own.
    """

    found: Sequence[Violation]
    limit: float | None = None
    unit: str = ""


Outcome = Checked | NotChecked
Check = Callable[["Sheet"], Outcome]

# Characters of a line or a cue that are measured. No limit is near, and megabytes take a minute.
_MEASURED = 10_000

NO_LIMIT = NotChecked("the preset has no such rule for this language")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the film and of the file beside the cues; what is None or empty is not.

    ``cuts`` are the film's shot changes. ``file`` has what whoever read the file found out about
    rules that cannot be seen from cues.
    """

    speech: Sequence[Span] = ()
    cuts: Sequence[int] | None = None
    media_end_ms: int | None = None
    file: Mapping[LintRule, Outcome] = field(default_factory=dict)


def chars_of(cue: Cue, language: str) -> int:
    """The characters there are to read."""
    return reading_chars(cue.text[:_MEASURED], language)


class Sheet:
    """Cues in the order of their file; they may overlap and be out of order."""

    def __init__(self, cues: Sequence[Cue], rules: Rules, around: Surroundings) -> None:
        self.cues, self.rules, self.around = cues, rules, around

    def __repr__(self) -> str:
        return f"Sheet({len(self.cues)} cues in {self.rules.language})"

    def limit(self, name: str) -> float | None:
        """The number of that name where the preset makes it a rule."""
        return self.rules.limit(name)

    @cached_property
    def widths(self) -> list[list[float]]:
        """For each cue the width of each of its lines."""
        language = self.rules.language
        return [[width(line[:_MEASURED], language) for line in cue.lines] for cue in self.cues]

    @cached_property
    def chars(self) -> list[int]:
        return [chars_of(cue, self.rules.language) for cue in self.cues]

    @cached_property
    def in_time(self) -> list[int]:
        """The places of the cues, as they come on."""
        return sorted(range(len(self.cues)), key=lambda place: self.cues[place].start_ms)

    def gaps(self) -> Iterator[tuple[int, int]]:
        """For each cue but the first to come on: its place, and the time since all others went.

        Negative where one of them still stands.
        """
        end_ms = 0
        for before, place in pairwise(self.in_time):
            end_ms = max(end_ms, self.cues[before].end_ms)
            yield place, self.cues[place].start_ms - end_ms
