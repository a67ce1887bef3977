"""How the text of a cue lies on its lines."""

from itertools import pairwise

from polycue.cues.lint.sheet import NO_LIMIT, Checked, NotChecked, Outcome, Sheet
from polycue.cues.punctuation import DASHES
from polycue.domain.cue import Cue
from polycue.domain.report import LintRule, Violation
from polycue.domain.scripts import is_unspaced, runs_on

# A word alone on its line looks lost; a long one, as German and Finnish have them, does not.
_ORPHAN_SHARE = 1 / 4


def lines(sheet: Sheet) -> Outcome:
    limit = sheet.limit("max_line_count")
    if limit is None:
        return NO_LIMIT
    found = [
        Violation(LintRule.LINES, number, len(cue.lines), limit)
        for number, cue in enumerate(sheet.cues, 1)
        if len(cue.lines) > limit
    ]
    return Checked(found, limit)


def line_length(sheet: Sheet) -> Outcome:
    limit = sheet.limit("max_line_chars")
    if limit is None:
        return NO_LIMIT
    found = [
        Violation(LintRule.LINE_LENGTH, number, widest, limit)
        for number, widest in enumerate(map(max, sheet.widths), 1)
        if widest > limit
    ]
    return Checked(found, limit)


def one_line(sheet: Sheet) -> Outcome:
    limit = sheet.limit("max_line_chars")
    if limit is None:
        return NO_LIMIT
    found = []
    for number, (cue, widths) in enumerate(zip(sheet.cues, sheet.widths, strict=True), 1):
        if len(widths) == 1 or sum(widths) >= limit or is_dialogue(cue):
            continue
        together = sum(widths) + sum(not runs_on(*two) for two in pairwise(cue.lines))
        if together <= limit:
            found.append(Violation(LintRule.ONE_LINE, number, together, limit))
    return Checked(found, limit)


def orphan(sheet: Sheet) -> Outcome:
    limit = sheet.limit("max_line_chars")
    if limit is None:
        return NO_LIMIT
    if any(is_unspaced(cue.lines[0].lstrip()[0]) for cue in sheet.cues):
        return NotChecked("words are not parted by spaces in this language")
    found = []
    for number, (cue, widths) in enumerate(zip(sheet.cues, sheet.widths, strict=True), 1):
        if len(widths) == 1 or is_dialogue(cue):
            continue
        for line, wide in zip(cue.lines, widths, strict=True):
            if wide <= _ORPHAN_SHARE * limit and len(line.split()) == 1:
                found.append(Violation(LintRule.ORPHAN, number, detail=line))
                break
    return Checked(found)


def dialogue_dash(sheet: Sheet) -> Outcome:
    """Told of is the line that is not as it should be."""
    style = sheet.rules.dash
    if style is None:
        return NO_LIMIT
    found = [
        Violation(LintRule.DIALOGUE_DASH, number, detail=line)
        for number, cue in enumerate(sheet.cues, 1)
        if is_dialogue(cue) and (line := _wrongly_marked(cue, style))
    ]
    return Checked(found)


def _wrongly_marked(cue: Cue, style: str) -> str:
    """The first line of a dialogue that is not marked in the style of ``Rules.dash``, or ""."""
    lines = [line.lstrip() for line in cue.lines]
    if (lines[0][0] in DASHES) == (style == "second"):
        return lines[0]
    spaced = style == "spaced"
    turns = (line for line in lines if line[0] in DASHES)
    return next((turn for turn in turns if turn[1:2].isspace() != spaced), "")


def is_dialogue(cue: Cue) -> bool:
    """Whether a line after the first begins with a dash, as a second speaker's does."""
    return any(line.lstrip()[0] in DASHES for line in cue.lines[1:])
