"""SubRip text, and the only module that imports pysrt.

pysrt is the model of an item and of a file. All that it trips over (byte order marks, exotic line
ends, blank lines inside a cue, short fractions, damaged cues) is settled before it sees a cue, and
it never opens a file. Cues are plain text, so styling tags are dropped on reading.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import pysrt

from polycue.domain.cue import Cue
from polycue.domain.errors import SubtitleSyntax
from polycue.domain.track import Track
from polycue.tracks.reading import Reading, Repairs, make_cue
from polycue.tracks.text import clean_lines, without_arrows
from polycue.tracks.timestamps import format_srt, parse

_NAME = "SubRip"
_ARROW = "-->"
_LINE_END = re.compile(r"\r\n|\r|\n")
_INDEX = re.compile(r"[0-9]{1,9}")

# Machine translators put blanks into times: "00: 00: 01,000".
_TIME = re.compile(r"-?[0-9]+(?: ?: ?[0-9]+)+(?: ?[.,] ?[0-9]+)?")
_SHORT_FRACTION = re.compile(r"[.,][0-9]{1,2}$")
_POSITIONS = re.compile(
    r"(?:(?:[XY][12]|align|line|position|region|size|vertical):\S*(?:\s+|$))*", re.IGNORECASE
)

# Tags that players act on: HTML's few in their SubRip form, and ASS overrides such as {\an8}.
_TAG = re.compile(r"</?(?:[ibus]|font)(?:\s[^<>]*)?/?>|\{\\[^{}]*\}", re.IGNORECASE)
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_WORD_JOINER = "\u2060"  # has no width and no looks
_DEFUSED = re.compile(f"([<{{]){_WORD_JOINER}")


def write(track: Track) -> str:
    """The track as SubRip: numbered from 1, line feeds, a blank line after each cue.

    SubRip has no escapes, so what would not be read as text is changed: ``-->`` becomes ``->``, and
    what looks like a tag gets an invisible word joiner after its bracket.
    """
    items = [_item(cue) for cue in track.cues if clean_lines(cue.lines)]
    file = pysrt.SubRipFile(items, eol="\n")
    file.clean_indexes()  # nothing else in pysrt numbers the items
    out = io.StringIO()
    file.write_into(out)
    return out.getvalue()


def _item(cue: Cue) -> pysrt.SubRipItem:
    text = without_arrows("\n".join(clean_lines(cue.lines)))
    text = _BREAK.sub(_defused, _TAG.sub(_defused, text))
    return pysrt.SubRipItem(start=cue.start_ms, end=cue.end_ms, text=text)


def _defused(tag: re.Match[str]) -> str:
    return tag[0][0] + _WORD_JOINER + tag[0][1:]


def read(text: str) -> Reading:
    """Read SubRip as it is found in the wild, in the order of the file.

    A cue is a line of times and all that follows up to the next cue, blank lines included; the
    numbers of cues are ignored. Text that lands in no cue is told of in a notice.

    Raises:
        SubtitleSyntax: the text is not blank and has not one line of times.
    """
    lines = [line.lstrip("\ufeff") for line in _LINE_END.split(text)]
    repairs = Repairs(_NAME)
    preamble, *blocks = _blocks(lines)
    if not any(_Times.of(block.times) for block in blocks):
        _refuse(lines, blocks)
    if first := _first_line_of_text(preamble.body):
        repairs.add(first, "text before the first cue is left out", lost=preamble.body)
    cues = [cue for block in blocks if (cue := _cue(block, repairs))]
    return Reading(tuple(cues), repairs.notices(), repairs.faults())


@dataclass(slots=True)
class _Block:
    """A line that gives times, its number, and what follows it before the next such line.

    The first block of a file has no times: what stands before the first cue.
    """

    line: int
    times: str
    body: list[str] = field(default_factory=list)


def _blocks(lines: Sequence[str]) -> list[_Block]:
    blocks = [_Block(0, "")]
    expected = 1
    for number, line in enumerate(lines, 1):
        if _gives_times(line):
            expected = _take_index(blocks[-1], expected) + 1
            blocks.append(_Block(number, line))
        else:
            blocks[-1].body.append(line)
    return blocks


def _gives_times(line: str) -> bool:
    """Whether a line means to give times, rightly or not; ``a --> b`` is text."""
    left, arrow, right = line.partition(_ARROW)
    return bool(arrow) and any(_TIME.match(side.strip()) for side in (left, right))


def _take_index(block: _Block, expected: int) -> int:
    """Take the next cue's number off the end of ``block``; ``expected`` where there is none.

    A last line of digits may be text ("1984"). It is a number if two of three signs say so: the
    times follow at once, a blank line stands before it, it is the one that comes next.
    """
    body = block.body
    last = next((i for i in reversed(range(len(body))) if body[i].strip()), None)
    if last is None or not _INDEX.fullmatch(body[last].strip()):
        return expected
    index = int(body[last].strip())
    touches_times = last == len(body) - 1
    stands_alone = not body[last - 1].strip() if last else not block.times
    if touches_times + stands_alone + (index == expected) < 2:
        return expected
    del body[last:]
    return index


@dataclass(frozen=True, slots=True)
class _Times:
    """A line of times that was understood. ``rest`` is what follows the times."""

    start_ms: int
    end_ms: int
    rest: str
    short_fraction: bool

    @classmethod
    def of(cls, line: str) -> Self | None:
        left, _, right = (part.strip() for part in line.partition(_ARROW))
        start, end = _TIME.fullmatch(left), _TIME.match(right)
        if start is None or end is None:
            return None
        written = [time[0].replace(" ", "") for time in (start, end)]
        try:
            start_ms, end_ms = map(parse, written)
        except ValueError:
            return None
        short = any(map(_SHORT_FRACTION.search, written))
        return cls(start_ms, end_ms, right[end.end() :].strip(), short)


def _cue(block: _Block, repairs: Repairs) -> Cue | None:
    times = _Times.of(block.times)
    if times is None:
        repairs.wrong_times(
            block.line, "a cue whose times cannot be read is left out", lost=block.body
        )
        return None
    if times.short_fraction:
        repairs.once("short fractions of a second are read as decimal ones: ,5 is 500 ms")
    body = block.body
    if not _POSITIONS.fullmatch(times.rest):
        body = [times.rest, *body]  # text that slipped onto the line of times
    elif times.rest:
        repairs.left_out("positions")
    text = "\n".join(body)
    if _TAG.search(text):
        repairs.left_out("styling tags")
    item = pysrt.SubRipItem.from_lines(
        [
            f"{format_srt(times.start_ms)} {_ARROW} {format_srt(times.end_ms)}",
            *_plain(text).splitlines(),
            "",  # an item has a line of text, be it empty
        ]
    )
    start_ms, end_ms = item.start.ordinal, item.end.ordinal
    return make_cue(start_ms, end_ms, item.text, line=block.line, repairs=repairs)


def _plain(text: str) -> str:
    return _DEFUSED.sub(r"\1", _TAG.sub("", _BREAK.sub("\n", text)))


def _refuse(lines: Sequence[str], blocks: Sequence[_Block]) -> None:
    """Raise if the text has anything in it; a blank file is an empty track."""
    if blocks:
        raise SubtitleSyntax(_NAME, blocks[0].line, "the times cannot be read")
    if first := _first_line_of_text(lines):
        wanted = "no line has times such as 00:00:01,000 --> 00:00:02,000"
        raise SubtitleSyntax(_NAME, first, wanted)


def _first_line_of_text(lines: Sequence[str]) -> int:
    """The number, from 1, of the first line that is not blank; 0 where all are."""
    return next((number for number, line in enumerate(lines, 1) if line.strip()), 0)
