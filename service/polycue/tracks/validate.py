"""A strict WebVTT validator: what an author may write, not what a player forgives.

After https://www.w3.org/TR/webvtt1/, section "Syntax". The CSS in style blocks is not looked into.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from polycue.tracks.timestamps import parse_vtt
from polycue.tracks.validate_cue import CueText
from polycue.tracks.violation import Rule, Violation

_ARROW = "-->"
_LINE_END = re.compile(r"\r\n|\r|\n")
_SIGNATURE = re.compile(r"WEBVTT(?:[ \t].*)?")
_TIME = r"((?:[0-9]{2,}:)?[0-5][0-9]:[0-5][0-9]\.[0-9]{3})"
_TIMES = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t]+(.*))?")
_COMMENT = re.compile(r"NOTE(?:[ \t].*)?")
_STYLE = re.compile(r"STYLE[ \t]*")
_REGION = re.compile(r"REGION[ \t]*")
_BLANKS = re.compile(r"[ \t]+")
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")

_PERCENT = r"0*(?:100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]+)?)%"
_CUE_SETTINGS = {
    "vertical": re.compile("rl|lr"),
    "line": re.compile(rf"(?:{_PERCENT}|-?[0-9]+)(?:,(?:start|center|end))?"),
    "position": re.compile(rf"{_PERCENT}(?:,(?:line-left|center|line-right))?"),
    "size": re.compile(_PERCENT),
    "align": re.compile("start|center|end|left|right"),
    "region": re.compile(r"\S+"),
}
_REGION_SETTINGS = {
    "id": re.compile(r"\S+"),
    "width": re.compile(_PERCENT),
    "lines": re.compile("[0-9]+"),
    "regionanchor": re.compile(f"{_PERCENT},{_PERCENT}"),
    "viewportanchor": re.compile(f"{_PERCENT},{_PERCENT}"),
    "scroll": re.compile("up"),
}


def validate(text: str) -> list[Violation]:
    """What is wrong with a WebVTT file, in the order of its lines; nothing if it is valid."""
    lines = _LINE_END.split(text.removeprefix("\ufeff"))
    found = [Violation(i, Rule.CHARACTER) for i, t in enumerate(lines, 1) if _UNWRITABLE.search(t)]
    if not _SIGNATURE.fullmatch(lines[0]):
        found.append(Violation(1, Rule.SIGNATURE))
    if len(lines) < 3 or lines[1]:
        found.append(Violation(2, Rule.HEADER))
    if lines[-1]:
        found.append(Violation(len(lines), Rule.LAST_LINE))
    body = _Body()
    for block in _blocks(lines):
        found += body.violations(block)
    return sorted(found, key=lambda violation: violation.line)


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines without a blank one among them; ``line`` is the number of the first."""

    line: int
    lines: Sequence[str]


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    start = 1  # behind the signature
    for at in range(1, len(lines) + 1):
        if at == len(lines) or not lines[at]:
            if at > start:
                yield _Block(start + 1, lines[start:at])
            start = at + 1


class _Body:
    """Checks blocks in turn and remembers what later ones must fit."""

    def __init__(self) -> None:
        self._identifiers: set[str] = set()
        self._regions: set[str] = set()
        self._has_cue = False
        self._last_start_ms = 0

    def violations(self, block: _Block) -> Iterator[Violation]:
        if any(_ARROW in line for line in block.lines[:2]):
            yield from self._cue(block)
        elif _COMMENT.fullmatch(block.lines[0]):
            yield from _arrows(block)
        elif _STYLE.fullmatch(block.lines[0]):
            yield from self._place(block)
            yield from _arrows(block)
        elif _REGION.fullmatch(block.lines[0]):
            yield from self._place(block)
            yield from self._region(block)
        else:
            yield Violation(block.line, Rule.BLOCK)

    def _place(self, block: _Block) -> Iterator[Violation]:
        if self._has_cue:
            yield Violation(block.line, Rule.PLACE)

    def _region(self, block: _Block) -> Iterator[Violation]:
        yield from _arrows(block)
        settings = " ".join(block.lines[1:])
        yield from _settings(settings, _REGION_SETTINGS, block.line)
        name = next((s[3:] for s in _BLANKS.split(settings) if s.startswith("id:")), "")
        if not name or name in self._regions:
            yield Violation(block.line, Rule.IDENTIFIER)
        self._regions.add(name)

    def _cue(self, block: _Block) -> Iterator[Violation]:
        self._has_cue = True
        has_identifier = _ARROW not in block.lines[0]
        if has_identifier:
            if block.lines[0] in self._identifiers:
                yield Violation(block.line, Rule.IDENTIFIER)
            self._identifiers.add(block.lines[0])
        line = block.line + has_identifier
        times = _TIMES.fullmatch(block.lines[has_identifier])
        payload = _Block(line + 1, block.lines[has_identifier + 1 :])
        yield from _arrows(payload)
        if times is None:
            yield Violation(line, Rule.TIMES)
            return
        try:
            start_ms, end_ms = parse_vtt(times[1]), parse_vtt(times[2])
        except ValueError:  # more hours than polycue counts
            yield Violation(line, Rule.TIMES)
            return
        yield from self._times(start_ms, end_ms, line)
        yield from _settings(times[3] or "", _CUE_SETTINGS, line)
        yield from CueText(start_ms, end_ms).violations(payload.lines, payload.line)

    def _times(self, start_ms: int, end_ms: int, line: int) -> Iterator[Violation]:
        if end_ms <= start_ms:
            yield Violation(line, Rule.DURATION)
        if start_ms < self._last_start_ms:
            yield Violation(line, Rule.ORDER)
        self._last_start_ms = max(start_ms, self._last_start_ms)


def _arrows(block: _Block) -> Iterator[Violation]:
    for line, text in enumerate(block.lines, block.line):
        if _ARROW in text:
            yield Violation(line, Rule.ARROW)


def _settings(text: str, known: Mapping[str, re.Pattern[str]], line: int) -> Iterator[Violation]:
    seen: set[str] = set()
    for setting in filter(None, _BLANKS.split(text)):
        name, _, value = setting.partition(":")
        if name in seen or name not in known or not known[name].fullmatch(value):
            yield Violation(line, Rule.SETTING)
        seen.add(name)
