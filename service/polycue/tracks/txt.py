"""Plain text: what is said, to be read, searched and pasted. Without times it is not read back."""

from collections.abc import Iterator, Sequence

import regex  # type: ignore[import-untyped]

from polycue.domain.cue import Cue
from polycue.domain.scripts import runs_on
from polycue.domain.track import Track
from polycue.tracks.text import clean_lines

# The pause at which the layout of cues starts anew; a listener takes it for the end of a passage.
_PASSAGE_PAUSE_MS = 2000

_SENTENCE_END = regex.compile(r"[.!?…‥。．｡！？؟۔।॥]['\"\p{Pe}\p{Pi}\p{Pf}]*$")
_DASHES = ("-", "–", "—")  # what the lines of two speakers in one cue begin with


def write(track: Track) -> str:
    """Running text in which a line ends where a line of a cue ends a sentence.

    A blank line stands at each pause of two seconds. Two speakers in one cue have a line each.
    """
    return "".join(f"{line}\n" for line in _lines(track.cues))


def _lines(cues: Sequence[Cue]) -> Iterator[str]:
    running, end_ms = "", 0
    for cue in cues:
        if not (texts := clean_lines(cue.lines)):
            continue
        if end_ms and cue.start_ms - end_ms >= _PASSAGE_PAUSE_MS:
            yield from (running, "") if running else ("",)
            running = ""
        for text in texts:
            if running and text.startswith(_DASHES):
                yield running
                running = ""
            running = _joined(running, text)
            if _SENTENCE_END.search(text):
                yield running
                running = ""
        end_ms = cue.end_ms
    if running:
        yield running


def _joined(before: str, after: str) -> str:
    return f"{before}{after}" if not before or runs_on(before, after) else f"{before} {after}"
