"""Text as subtitle files can hold it: whole lines, no controls, valid Unicode."""

import itertools
import re
from collections.abc import Iterable

# What str.splitlines() takes for the end of a line, and the tab: white space inside a line.
_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
_CONTROLS = itertools.chain(range(0x20), range(0x7F, 0xA0))  # C0, DEL and C1
_BYTE_ORDER_MARK = 0xFEFF  # inside a text it is a zero-width space that nobody meant
_SURROGATES = range(0xD800, 0xE000)  # half characters: no encoding can hold them

_ARROW = re.compile(r"-{2,}>")
_HALVES = re.compile("[\ud800-\udfff]")

_TABLE: dict[int, str | None] = {
    **dict.fromkeys(_CONTROLS),
    _BYTE_ORDER_MARK: None,
    **dict.fromkeys(map(ord, _SPACES), " "),
    **dict.fromkeys(_SURROGATES, "\ufffd"),
}


def clean_line(line: str) -> str:
    """The line without control characters and outer blanks.

    A leading ideographic space stays: Japanese subtitles are aligned with it.
    """
    return line.translate(_TABLE).rstrip().lstrip(" ")


def clean_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines cleaned, those with nothing left dropped."""
    return tuple(line for line in map(clean_line, lines) if line)


def without_arrows(text: str) -> str:
    """The text with ``->`` for ``-->``, which both SubRip and WebVTT take for a line of times."""
    return _ARROW.sub("->", text)


def without_surrogates(text: str) -> str:
    """The text with half characters replaced by U+FFFD, so that UTF-8 can hold it."""
    if not _HALVES.search(text):  # as a rule, and the long way takes thrice the memory of a film
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
