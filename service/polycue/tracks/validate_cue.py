"""The strict rules for the text inside a WebVTT cue, "WebVTT caption or subtitle cue text"."""

import re
from collections.abc import Iterator, Sequence
from html.entities import html5

import langcodes

from polycue.tracks.timestamps import parse_vtt
from polycue.tracks.violation import Rule, Violation

_SPECIAL = re.compile("[&<]")
_START_TAG = re.compile(
    r"<(?P<name>c|i|b|u|ruby|rt|v|lang)(?:\.[^\s&<>.]+)*(?:[ \t](?P<annotation>[^>]*))?>"
)
_END_TAG = re.compile(r"</(?P<name>c|i|b|u|ruby|rt|v|lang)>")
_TIME_TAG = re.compile(r"<(?P<time>(?:[0-9]{2,}:)?[0-9]{2}:[0-9]{2}\.[0-9]{3})>")
_REFERENCE = re.compile(
    r"&(?:#(?P<decimal>[0-9]{1,7})|#[xX](?P<hex>[0-9a-fA-F]{1,6})|(?P<name>\w+));"
)
_ANNOTATED = {"v", "lang"}


class CueText:
    """Checks one cue's lines in turn; a tag may stay open from one line to the next."""

    def __init__(self, start_ms: int, end_ms: int) -> None:
        self._last_ms, self._end_ms = start_ms, end_ms
        self._open: list[str] = []
        self._voice_is_all = False  # the cue begins with <v ...>, which then needs no end tag

    def violations(self, lines: Sequence[str], first_line: int) -> Iterator[Violation]:
        for offset, line in enumerate(lines):
            for rule in self._check(line, is_first=not offset):
                yield Violation(first_line + offset, rule)
        if self._open and not (self._open == ["v"] and self._voice_is_all):
            yield Violation(first_line + len(lines) - 1, Rule.NESTING)

    def _check(self, line: str, *, is_first: bool) -> Iterator[Rule]:
        last_close = line.rfind(">") + 1  # to look for a tag's end behind it takes quadratic time
        position = 0
        while special := _SPECIAL.search(line, position):
            position = special.start()
            if special[0] == "&":
                if not _is_reference(line, position):
                    yield Rule.REFERENCE
                position += 1
            elif tag := _START_TAG.match(line, position, last_close):
                yield from self._opened(tag["name"], tag["annotation"])
                self._voice_is_all |= is_first and position == 0 and tag["name"] == "v"
                position = tag.end()
            elif tag := _END_TAG.match(line, position):
                yield from self._closed(tag["name"])
                position = tag.end()
            elif tag := _TIME_TAG.match(line, position):
                yield from self._reached(tag["time"])
                position = tag.end()
            else:
                yield Rule.TAG
                position += 1

    def _opened(self, name: str, annotation: str | None) -> Iterator[Rule]:
        if (annotation is not None) != (name in _ANNOTATED) or (annotation or "x").isspace():
            yield Rule.TAG
        elif annotation and any(
            not _is_reference(annotation, at.start()) for at in re.finditer("&", annotation)
        ):
            yield Rule.REFERENCE
        elif name == "lang" and not langcodes.tag_is_valid(str(annotation).strip()):
            yield Rule.TAG
        if name == "rt" and self._open[-1:] != ["ruby"]:
            yield Rule.NESTING
        self._open.append(name)

    def _closed(self, name: str) -> Iterator[Rule]:
        if name == "ruby" and self._open[-2:] == ["ruby", "rt"]:
            self._open.pop()  # the last </rt> may be left out
        if self._open[-1:] == [name]:
            self._open.pop()
        else:
            yield Rule.NESTING

    def _reached(self, time: str) -> Iterator[Rule]:
        try:
            time_ms = parse_vtt(time)
        except ValueError:
            yield Rule.TAG
            return
        if not self._last_ms < time_ms < self._end_ms:
            yield Rule.CUE_TIME
        self._last_ms = time_ms


def _is_reference(text: str, position: int) -> bool:
    match = _REFERENCE.match(text, position)
    if match is None:
        return False
    if match["name"]:
        return f"{match['name']};" in html5
    code = int(match["decimal"] or "0") or int(match["hex"] or "0", 16)
    return 0 < code <= 0x10FFFF and not 0xD800 <= code < 0xE000
