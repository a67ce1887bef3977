"""The rules there are, what a breach of each means, and which of them a caller wants."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from polycue.domain.errors import InvalidRequest
from polycue.domain.report import LintRule, Severity

HARD, SOFT = Severity.HARD, Severity.SOFT


@dataclass(frozen=True, slots=True)
class Entry:
    """``title`` says what a breach is; ``unit`` is what is measured, "" where nothing is."""

    severity: Severity
    title: str
    unit: str = ""


# Hard is what players and broadcasters refuse, or show wrongly; what reads badly is soft. Even the
# best captions that say every word are read too fast now and then, so reading speed is soft.
CATALOGUE: Mapping[LintRule, Entry] = {
    LintRule.LINES: Entry(HARD, "too many lines", "lines"),
    LintRule.LINE_LENGTH: Entry(HARD, "a line is too long", "characters"),
    LintRule.READING_SPEED: Entry(SOFT, "too fast to read", "characters per second"),
    LintRule.MIN_DURATION: Entry(HARD, "stands too short", "ms"),
    LintRule.MAX_DURATION: Entry(HARD, "stands too long", "ms"),
    LintRule.OVERLAP: Entry(HARD, "overlaps an earlier cue", "ms"),
    LintRule.GAP: Entry(HARD, "follows too closely", "ms"),
    LintRule.FLICKER: Entry(SOFT, "a gap too short to be seen as a pause", "ms"),
    LintRule.ORDER: Entry(HARD, "starts before an earlier cue of the file", "ms"),
    LintRule.TIMES: Entry(HARD, "times that cannot be", ""),
    LintRule.EMPTY: Entry(HARD, "no text"),
    LintRule.BEYOND_END: Entry(HARD, "stays past the film's end", "ms"),
    LintRule.SHOT_IN: Entry(SOFT, "comes on near a shot change and not with it", "ms"),
    LintRule.SHOT_OUT: Entry(SOFT, "goes near a shot change and not with it", "ms"),
    LintRule.SILENT_START: Entry(SOFT, "comes on where nobody speaks", "ms"),
    LintRule.ORPHAN: Entry(SOFT, "a short word alone on a line"),
    LintRule.ONE_LINE: Entry(SOFT, "would fit on one line", "characters"),
    LintRule.LINE_END: Entry(SOFT, "a line ends on a word that belongs to the next"),
    LintRule.CUE_END: Entry(SOFT, "ends on a word that belongs to the next cue"),
    LintRule.SENTENCE_INSIDE: Entry(SOFT, "a sentence begins in it and runs on past it"),
    LintRule.DIALOGUE_DASH: Entry(SOFT, "speakers are not marked as the preset wants"),
    LintRule.GLYPH: Entry(HARD, "characters that cannot be shown"),
    LintRule.VTT_SYNTAX: Entry(HARD, "not valid WebVTT"),
}


def chosen(
    rules: Iterable[str],
    ignored: Iterable[str],
    fields: tuple[str, str] = ("rules", "ignored_rules"),
) -> frozenset[LintRule]:
    """The rules that are named, all where none is, without those that are ``ignored``.

    Names may have hyphens. ``fields`` is what the caller calls the two.

    Raises:
        InvalidRequest: there is no such rule.
    """
    wanted = frozenset(_rule(name, fields[0]) for name in rules) or frozenset(LintRule)
    return wanted - frozenset(_rule(name, fields[1]) for name in ignored)


def _rule(name: str, field: str) -> LintRule:
    try:
        return LintRule(name.strip().lower().replace("-", "_"))
    except ValueError as error:
        known = ", ".join(LintRule)
        raise InvalidRequest(field, f"there is no rule {name!r}; there are {known}") from error
