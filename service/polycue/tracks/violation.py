"""The ways in which a text can break WebVTT's rules."""

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """A rule of https://www.w3.org/TR/webvtt1/, section "Syntax", in words for people."""

    SIGNATURE = "a file begins with WEBVTT, alone or before a space or tab"
    HEADER = "two line ends follow the header"
    LAST_LINE = "every line ends with a line end"
    CHARACTER = "a file is UTF-8 and has no NUL"
    ARROW = "--> stands only between a cue's times"
    BLOCK = "a block is a cue, a comment, a style or a region"
    PLACE = "styles and regions stand before the first cue"
    TIMES = "times are hh:mm:ss.ttt --> hh:mm:ss.ttt, minutes and seconds below 60"
    DURATION = "a cue ends after it starts"
    ORDER = "no cue starts before an earlier one"
    IDENTIFIER = "an identifier names one cue or region"
    SETTING = "a setting is known, well-formed and given once"
    REFERENCE = "& begins a character reference, and is itself written &amp;"
    TAG = "< begins a known tag, and is itself written &lt;"
    NESTING = "tags are closed in the order they were opened"
    CUE_TIME = "times inside a cue ascend between its start and end"


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule and the line, counted from 1, that breaks it."""

    line: int
    rule: Rule

    def __str__(self) -> str:
        return f"line {self.line}: {self.rule}"
