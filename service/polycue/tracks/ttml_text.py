"""From the elements of a TTML document, as ttconv has them, to cues."""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from polycue.domain.cue import Cue
from polycue.tracks.reading import Repairs, make_cue

_BLANKS = re.compile(r"[ \t\r\n]+")
_LATEST_MS = 10**13  # as many digits as the times of the other formats
_ENDLESS_STAY_MS = 2000  # as any cue gets that has no usable end

# Begin and end in seconds from the start of the media; without an end, for ever.
Times = tuple[Fraction, Fraction | None]
_WHOLE: Times = (Fraction(0), None)


class Walk:
    """``model`` is ttconv's module of that name."""

    def __init__(self, model: Any, repairs: Repairs) -> None:
        self._model, self._repairs = model, repairs

    def __repr__(self) -> str:
        return f"Walk({self._repairs})"

    def cues(self, element: Any, outer: Times = _WHOLE) -> Iterator[Cue]:
        """The cues of an element's paragraphs in the order of the document."""
        times = _within(element, outer)
        if isinstance(element, self._model.P):
            yield from self._of_paragraph(element, times)
        else:
            for child in element:
                yield from self.cues(child, times)

    def _of_paragraph(self, paragraph: Any, outer: Times) -> Iterator[Cue]:
        """One cue, or one for each of the times that its spans have of their own."""
        texts: dict[Times, list[str]] = {}
        places: dict[Times, int] = {}
        for place, (times, text) in enumerate(self._pieces(paragraph, outer)):
            if text:
                if place - places.get(times, place) > 1:  # a line break or other text between them
                    texts[times].append("\n")
                texts.setdefault(times, []).append(text)
                places[times] = place
        for (begin, end), parts in texts.items():
            if cue := self._cue(begin, end, "".join(parts)):
                yield cue

    def _pieces(self, parent: Any, outer: Times) -> Iterator[tuple[Times, str]]:
        """The text in an element with its times, "" for a line break."""
        model = self._model
        for child in parent:
            times = _within(child, outer)
            if isinstance(child, model.Text):
                collapses = parent.get_space() is model.WhiteSpaceHandling.DEFAULT
                text = child.get_text()
                yield times, _BLANKS.sub(" ", text) if collapses else text
            elif isinstance(child, model.Br):
                yield times, ""
            elif isinstance(child, model.Rt):  # as where ruby cannot be drawn
                yield times, "("
                yield from self._pieces(child, times)
                yield times, ")"
            elif not isinstance(child, model.Rp):
                yield from self._pieces(child, times)

    def _cue(self, begin: Fraction, end: Fraction | None, text: str) -> Cue | None:
        if not text.strip():
            return None
        start_ms = _milliseconds(begin)
        end_ms = start_ms + _ENDLESS_STAY_MS if end is None else _milliseconds(end)
        if end is None:
            self._repairs.once("a cue without an end stays for two seconds")
        if max(start_ms, end_ms) > _LATEST_MS:
            self._repairs.once("cues at times beyond all films are left out")
            return None
        if end_ms <= start_ms:
            self._repairs.once("a cue that ends before it starts stays for two seconds")
            end_ms = start_ms + _ENDLESS_STAY_MS
        return make_cue(start_ms, end_ms, text, line=0, repairs=self._repairs)


def _within(element: Any, outer: Times) -> Times:
    """The times of an element, whose own are told from the begin of the one around it."""
    begin, end = element.get_begin(), element.get_end()
    if begin is None and end is None:
        return outer
    ends = [outer[0] + end] if end is not None else []
    ends += [outer[1]] if outer[1] is not None else []
    return outer[0] + (begin or 0), min(ends, default=None)


def _milliseconds(seconds: Fraction) -> int:
    return int(seconds * 1000 + Fraction(1, 2))
