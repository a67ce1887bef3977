r"""Tab-separated values as openai-whisper writes them: start and end in milliseconds, text.

A line break inside a cue is ``\n`` and a backslash ``\\``; whisper itself has no such breaks.
"""

import re
from collections.abc import Iterator

from polycue.domain.cue import Cue
from polycue.domain.errors import SubtitleSyntax
from polycue.domain.track import Track
from polycue.tracks.reading import Reading, Repairs, make_cue
from polycue.tracks.text import clean_lines

HEADER = "start\tend\ttext"

_NAME = "TSV"
_LINE_END = re.compile(r"\r\n|\r|\n")
_ROW = re.compile(r"[ ]*([0-9]{1,13})[ ]*\t[ ]*([0-9]{1,13})[ ]*\t(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\([\\nt])")
_UNESCAPED = {"\\": "\\", "n": "\n", "t": " "}


def write(track: Track) -> str:
    """The track with a line of names above its rows."""
    rows = (_row(cue) for cue in track.cues if clean_lines(cue.lines))
    return "".join(f"{row}\n" for row in (HEADER, *rows))


def _row(cue: Cue) -> str:
    text = "\\n".join(line.replace("\\", "\\\\") for line in clean_lines(cue.lines))
    return f"{cue.start_ms}\t{cue.end_ms}\t{text}"


def read(text: str) -> Reading:
    """The rows in the order of the file; the line of names may be missing.

    Raises:
        SubtitleSyntax: the text is not blank and has neither names nor one row.
    """
    lines = _LINE_END.split(text.lstrip("\ufeff"))
    repairs = Repairs(_NAME)
    named = lines[0].strip().lower() == HEADER
    cues = list(_cues(lines[1:] if named else lines, 2 if named else 1, repairs))
    if not cues and not named and text.strip():
        raise SubtitleSyntax(_NAME, 1, "no row has start and end in milliseconds, and text")
    return Reading(tuple(cues), repairs.notices(), repairs.faults())


def _cues(lines: list[str], first: int, repairs: Repairs) -> Iterator[Cue]:
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        if row := _ROW.fullmatch(line):
            text = _ESCAPE.sub(lambda match: _UNESCAPED[match[1]], row[3])
            if cue := make_cue(int(row[1]), int(row[2]), text, line=number, repairs=repairs):
                yield cue
        else:
            repairs.wrong_times(number, "a row without two times and text is left out", lost=[line])
