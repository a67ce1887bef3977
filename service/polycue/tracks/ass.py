"""Advanced SubStation Alpha, and the only module that imports pysubs2.

pysubs2 is the model of a file and writes it. Reading is done here: pysubs2's reader ends at the
first time it cannot read, takes no hour above 99, trusts that fields come in its own order, and
needs quadratic time for a line full of overrides. Cues are plain text, so styling is dropped on
reading.
"""

import io
import re
import unicodedata
from collections.abc import Iterator, Sequence

import pysubs2
from pysubs2.formats.substation import SubstationFormat

from polycue.domain.cue import Cue
from polycue.domain.errors import SubtitleSyntax
from polycue.domain.language import UNDETERMINED
from polycue.domain.track import Track
from polycue.tracks.reading import Reading, Repairs, make_cue
from polycue.tracks.text import clean_lines
from polycue.tracks.timestamps import format_ass, parse

_NAME = "ASS"
_LINE_END = re.compile(r"\r\n|\r|\n")
_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect")
_EVENT = re.compile(r"\s*Dialogue\s*:(.*)", re.IGNORECASE | re.DOTALL)
_FORMAT = re.compile(r"\s*Format\s*:(.*,\s*Text\s*)", re.IGNORECASE)
_WRAP_STYLE_2 = re.compile(r"\s*WrapStyle\s*:\s*2\s*", re.IGNORECASE)
_SECTION = re.compile(r"^\s*\[(?:script info|v4\+? styles\+?|events)\]", re.IGNORECASE)

# ASS has no escapes of its own. These are what libass reads: braces behind a backslash, and a
# backslash before a character without width or looks, so that it begins nothing.
_WORD_JOINER = "\u2060"
_ESCAPES = str.maketrans({"\\": f"\\{_WORD_JOINER}", "{": "\\{", "}": "\\}"})
_UNESCAPED = {_WORD_JOINER: "\\", "{": "{", "}": "}", "N": "\n", "n": " ", "h": "\u00a0"}
_ESCAPE = re.compile(rf"\\([{{}}Nnh{_WORD_JOINER}])")
_TOKEN = re.compile(rf"{_ESCAPE.pattern}|\{{([^}}]*)\}}")
_DRAWING = re.compile(r"\\p([0-9])")

# For a picture of 1920 x 1080; players scale it. A line is a fifteenth of the height, as a cell of
# IMSC is, and text keeps a twentieth away from the edges.
_WIDTH, _HEIGHT = 1920, 1080
_FONT_SIZE = _HEIGHT // 15
_DIRECTION_OF_TEXT = -1  # of libass: other values write every line from left to right


class _Substation(SubstationFormat):
    @staticmethod
    def ms_to_timestamp(requested_ms: int) -> str:
        """Hours beyond 9, which pysubs2 would cut off and players read."""
        return format_ass(requested_ms)


def write(track: Track, *, note: str = "") -> str:
    """The track as ASS in one style; ``note`` stands as a comment in its first section.

    Times are cut down to hundredths of a second: none becomes later, and up to 100 frames a second
    none falls back to the frame before its own. A cue that would vanish stays a hundredth, and what
    follows moves behind it.
    """
    full = [(cue, lines) for cue in track.cues if (lines := clean_lines(cue.lines))]
    file = pysubs2.SSAFile()
    file.info = _info(track.language)
    file.styles = {"Default": _style(full)}
    times = _hundredths([cue for cue, _ in full])
    file.events = [
        pysubs2.SSAEvent(start=start_ms, end=end_ms, text="\\N".join(map(_escaped, lines)))
        for (start_ms, end_ms), (_, lines) in zip(times, full, strict=True)
    ]
    out = io.StringIO()
    _Substation.to_file(file, out, "ass", header_notice="\n".join(clean_lines(note.splitlines())))
    return out.getvalue()


def _info(language: str) -> dict[str, str]:
    info = {
        "ScriptType": "v4.00+",
        "PlayResX": str(_WIDTH),
        "PlayResY": str(_HEIGHT),
        "WrapStyle": "0",
        "ScaledBorderAndShadow": "yes",
        "YCbCr Matrix": "None",  # colours are meant as they are written
    }
    return info if language == UNDETERMINED else {**info, "Language": language}


def _style(texts: Sequence[tuple[Cue, Sequence[str]]]) -> pysubs2.SSAStyle:
    leftwards = any(_runs_leftwards(line) for _, lines in texts for line in lines)
    return pysubs2.SSAStyle(
        fontname="Arial",
        fontsize=_FONT_SIZE,
        outline=3,
        shadow=0,
        marginl=_WIDTH // 20,
        marginr=_WIDTH // 20,
        marginv=_HEIGHT // 20,
        encoding=_DIRECTION_OF_TEXT if leftwards else 1,
    )


def _runs_leftwards(line: str) -> bool:
    return not line.isascii() and any(unicodedata.bidirectional(c) in {"R", "AL"} for c in line)


def _hundredths(cues: Sequence[Cue]) -> Iterator[tuple[int, int]]:
    """Start and end of each cue in whole hundredths of a second, in milliseconds."""
    free_ms = 0
    for cue in cues:
        start_ms = max(cue.start_ms // 10 * 10, free_ms)
        free_ms = max(cue.end_ms // 10 * 10, start_ms + 10)
        yield start_ms, free_ms


def _escaped(line: str) -> str:
    return line.translate(_ESCAPES)


def looks_like(start: str) -> bool:
    """Whether a text that begins so is ASS, or SSA before it."""
    return _SECTION.match(start) is not None


def read(text: str) -> Reading:
    """Read ASS or SSA, in the order of the file. Comments and drawings are left out.

    Raises:
        SubtitleSyntax: the text is not blank and has none of the format's sections and no event.
    """
    lines = _LINE_END.split(text.lstrip("\ufeff"))
    repairs = Repairs(_NAME)
    cues = list(_cues(lines, repairs))
    if not cues and text.strip() and not any(map(looks_like, lines)):
        raise SubtitleSyntax(_NAME, 1, "there is no [Script Info], no [Events] and no Dialogue")
    return Reading(tuple(cues), repairs.notices(), repairs.faults())


def _cues(lines: Sequence[str], repairs: Repairs) -> Iterator[Cue]:
    fields: tuple[str, ...] = (*_FIELDS, "text")
    breaks_softly = False
    for number, line in enumerate(lines, 1):
        if event := _EVENT.fullmatch(line):
            values = event[1].split(",", len(fields) - 1)
            named = dict(zip(fields, (*map(str.strip, values[:-1]), values[-1]), strict=False))
            if cue := _cue(named, number, repairs, breaks_softly=breaks_softly):
                yield cue
        elif order := _FORMAT.fullmatch(line):
            fields = tuple(name.strip().lower() for name in order[1].split(","))
        elif _WRAP_STYLE_2.fullmatch(line):
            breaks_softly = True


def _cue(named: dict[str, str], line: int, repairs: Repairs, *, breaks_softly: bool) -> Cue | None:
    styled = named.get("text", "")
    try:
        start_ms, end_ms = parse(named.get("start", "")), parse(named.get("end", ""))
    except ValueError:
        repairs.wrong_times(line, "an event whose times cannot be read is left out", lost=[styled])
        return None
    text = _plain(styled, repairs, soft_break="\n" if breaks_softly else " ")
    return make_cue(start_ms, end_ms, text, line=line, repairs=repairs) if text else None


def _plain(styled: str, repairs: Repairs, *, soft_break: str) -> str:
    """The text without overrides; "" where nothing but overrides and drawings is left."""
    out: list[str] = []
    done, drawn, overridden = 0, False, False
    # Behind the last '}' no override can end; looking there for one would take quadratic time.
    for token in _TOKEN.finditer(styled, 0, styled.rfind("}") + 1):
        if not drawn:
            out += styled[done : token.start()], _unescaped(token[1], soft_break)
        done = token.end()
        if token[2]:
            overridden = True
            for scale in _DRAWING.findall(token[2]):
                drawn = scale != "0"
    if overridden:
        repairs.left_out("styles, positions and drawings")
    if not drawn:
        out.append(_ESCAPE.sub(lambda match: _unescaped(match[1], soft_break), styled[done:]))
    return "".join(out)


def _unescaped(escape: str | None, soft_break: str) -> str:
    return soft_break if escape == "n" else _UNESCAPED[escape] if escape else ""
