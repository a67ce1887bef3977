"""What a page is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from polycue.domain.audio import Span
from polycue.domain.cue import Cue
from polycue.domain.notice import Notice
from polycue.domain.report import LintRule, RuleResult, Severity, TrackReport, Violation


@dataclass(frozen=True)
class Subject:
    """A track or file, its report, and what is known beside.

    ``speeds`` are in characters a second, one for each cue. ``cuts`` are shot changes.
    """

    title: str
    cues: Sequence[Cue]
    report: TrackReport
    speeds: Sequence[float]
    speech: Sequence[Span] = ()
    cuts: Sequence[int] = ()
    media_end_ms: int | None = None
    notices: Sequence[Notice] = ()

    @cached_property
    def end_ms(self) -> int:
        """Where the film ends, or the last cue where that is later or all there is."""
        return max((self.media_end_ms or 0, *(cue.end_ms for cue in self.cues)))

    @cached_property
    def results(self) -> dict[LintRule, RuleResult]:
        return {result.rule: result for result in self.report.rules}

    @property
    def most_cps(self) -> float | None:
        """Characters a second that the preset allows; None where it counts words, or nothing."""
        result = self.results[LintRule.READING_SPEED]
        return result.limit if result.unit.startswith("characters") else None

    @cached_property
    def by_cue(self) -> dict[int, list[Violation]]:
        """The breaches of each cue that has any; 0 stands for the file."""
        found: dict[int, list[Violation]] = {}
        for violation in self.report.violations:
            found.setdefault(violation.cue, []).append(violation)
        return found

    def severity(self, number: int) -> Severity | None:
        """The worst breach of a cue, None where it has none."""
        severities = {self.results[v.rule].severity for v in self.by_cue.get(number, ())}
        if Severity.HARD in severities:
            return Severity.HARD
        return Severity.SOFT if severities else None
