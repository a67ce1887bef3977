"""WebVTT text: a writer that escapes rightly, and a reader that keeps to the standard's algorithm.

After https://www.w3.org/TR/webvtt1/, sections "WebVTT file structure" and "WebVTT file parsing".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from polycue.domain.cue import Cue
from polycue.domain.errors import SubtitleSyntax
from polycue.domain.track import Track
from polycue.tracks import cue_text
from polycue.tracks.reading import Reading, Repairs, make_cue
from polycue.tracks.text import clean_lines, without_arrows
from polycue.tracks.timestamps import format_vtt, parse_vtt

_NAME = "WebVTT"
_SIGNATURE = re.compile(r"WEBVTT(?:[ \t].*)?")
_ARROW = "-->"
_LINE_END = re.compile(r"\r\n|\r|\n")
_TIME = r"((?:[0-9]+:)?[0-9]{2}:[0-9]{2}\.[0-9]{3})(?![0-9])"
_TIMES = re.compile(rf"[ \t\f]*{_TIME}[ \t\f]*-->[ \t\f]*{_TIME}(.*)", re.DOTALL)


def write(track: Track, *, note: str = "") -> str:
    """The track as WebVTT, cues numbered from 1, ``note`` as a comment that players skip."""
    return document([block for _, block in blocks(track)], note=note)


def blocks(track: Track) -> list[tuple[Cue, str]]:
    """Each cue that has text, and the block that is written for it."""
    texts = ((cue, clean_lines(cue.lines)) for cue in track.cues)
    full = [(cue, lines) for cue, lines in texts if lines]
    return [(cue, _block(number, cue, lines)) for number, (cue, lines) in enumerate(full, 1)]


def document(blocks: Sequence[str], *, note: str = "", header: str = "") -> str:
    """A file of cue blocks; ``header`` is a line of metadata, which HLS has and WebVTT had once."""
    comment = [_comment(note)] if clean_lines(note.splitlines()) else []
    # The standard asks for two line feeds even where nothing follows.
    head = f"WEBVTT\n{header}\n\n" if header else "WEBVTT\n\n"
    return head + "\n".join([*comment, *blocks])


def _comment(note: str) -> str:
    lines = clean_lines(note.splitlines())
    return without_arrows("NOTE" + (" " if len(lines) == 1 else "\n") + "\n".join(lines) + "\n")


def _block(number: int, cue: Cue, lines: Sequence[str]) -> str:
    times = f"{format_vtt(cue.start_ms)} {_ARROW} {format_vtt(cue.end_ms)}"
    payload = cue_text.escape("\n".join(lines))
    return f"{number}\n{times}\n{payload}\n"


def read(text: str) -> Reading:
    """Read WebVTT as players do, in the order of the file.

    Voices, styling, positions, styles and regions are left out, as cues hold plain text; comments
    and what stands in the header are skipped.

    Raises:
        SubtitleSyntax: the text does not begin with the format's signature.
    """
    lines = _LINE_END.split(text.lstrip("\ufeff").replace("\0", "\ufffd"))
    if not _SIGNATURE.fullmatch(lines[0]):
        raise SubtitleSyntax(_NAME, 1, "a WebVTT file begins with the word WEBVTT")
    repairs = Repairs(_NAME)
    cues = [cue for block in _blocks(lines) if (cue := _cue(block, repairs))]
    return Reading(tuple(cues), repairs.notices(), repairs.faults())


@dataclass(frozen=True, slots=True)
class _Block:
    """What stands between blank lines. ``times`` is "" in a block that is no cue.

    ``line`` is the number of its first line, or of the times in a cue.
    """

    line: int
    times: str
    body: tuple[str, ...]


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    """The standard's block loop: an arrow begins a cue even without a blank line before it."""
    at = _end_of_body(lines, 1)  # the header
    while at < len(lines):
        if not lines[at]:
            at += 1
            continue
        if _ARROW not in lines[at] and at + 1 < len(lines) and _ARROW in lines[at + 1]:
            at += 1  # the cue's identifier
        is_cue = _ARROW in lines[at]
        end = _end_of_body(lines, at + 1)
        yield _Block(at + 1, lines[at] if is_cue else "", tuple(lines[at + is_cue : end]))
        at = end


def _end_of_body(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and lines[at] and _ARROW not in lines[at]:
        at += 1
    return at


def _cue(block: _Block, repairs: Repairs) -> Cue | None:
    if not block.times:
        _leave_out(block, repairs)
        return None
    try:
        start_ms, end_ms, settings = _times(block.times)
    except ValueError:
        repairs.wrong_times(
            block.line, "a cue whose times cannot be read is left out", lost=block.body
        )
        return None
    payload = "\n".join(block.body)
    if settings:
        repairs.left_out("cue settings")
    if cue_text.has_tags(payload):
        repairs.left_out("voices and styling")
    return make_cue(start_ms, end_ms, cue_text.plain(payload), line=block.line, repairs=repairs)


def _times(line: str) -> tuple[int, int, str]:
    match = _TIMES.fullmatch(line)
    if match is None:
        raise ValueError(f"not a line of times: {line[:40]!r}")
    start, end, settings = match.groups()
    return parse_vtt(start), parse_vtt(end), settings.strip()


def _leave_out(block: _Block, repairs: Repairs) -> None:
    keyword, *rest = block.body[0].split(maxsplit=1) or [""]
    if keyword == "NOTE":
        return
    if keyword in {"STYLE", "REGION"} and not rest:
        repairs.left_out("styles and regions")
    else:
        repairs.add(block.line, "text without times is left out", lost=block.body)
