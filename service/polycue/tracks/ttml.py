"""TTML after IMSC 1.1's text profile, and the only module that imports ttconv.

ttconv is an extra: it is imported when a track is written or read, never before.
"""

import logging
import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Self
from xml.etree import ElementTree

from polycue.domain.cue import Cue
from polycue.domain.errors import FormatNotInstalled, SubtitleSyntax
from polycue.domain.language import UNDETERMINED
from polycue.domain.track import Track
from polycue.tracks.reading import Reading, Repairs
from polycue.tracks.text import clean_lines
from polycue.tracks.ttml_text import Walk
from polycue.tracks.ttml_xml import parsed

PROFILE = "http://www.w3.org/ns/ttml/profile/imsc1.1/text"

_NAME = "TTML"
_TTML = "{http://www.w3.org/ns/ttml}"
_METADATA = "http://www.w3.org/ns/ttml#metadata"
_NOT_XML = re.compile("[\ufffe\uffff]")  # what a line may hold and XML 1.0 may not
_REGION = "bottom"
_ON_LINES_OF_THEIR_OWN = {f"{_TTML}{name}" for name in ("head", "div", "p")}
_MAX_COMPLAINT_CHARS = 200


def require() -> None:
    """Return where TTML can be written and read.

    Raises:
        FormatNotInstalled: ttconv is not there.
    """
    _ttconv()


def _ttconv() -> Any:
    try:
        import ttconv.imsc.config
        import ttconv.imsc.reader
        import ttconv.imsc.writer
        import ttconv.model
        import ttconv.style_properties
    except ModuleNotFoundError as error:
        raise FormatNotInstalled(_NAME, "pip install 'polycue[imsc]'") from error
    return ttconv


def write(track: Track, *, note: str = "") -> str:
    """The track as an IMSC 1.1 text document; ``note`` stands in its head as a description.

    Raises:
        FormatNotInstalled: ttconv is not there.
    """
    library = _ttconv()
    document = _Document(library, track.language)
    for cue in track.cues:
        if lines := clean_lines(_NOT_XML.sub("\ufffd", line) for line in cue.lines):
            document.add(cue, lines)
    config = library.imsc.config
    signalled = config.ContentProfilesSignaling.CONTENT_PROFILES
    settings = config.IMSCWriterConfiguration(profile_signaling=signalled)
    root = library.imsc.writer.from_model(document.content, settings).getroot()
    _describe(root, " ".join(clean_lines(_NOT_XML.sub("", note).splitlines())))
    for element in root.iter():
        if element.tag in _ON_LINES_OF_THEIR_OWN:
            element.tail = "\n"
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


class _Document:
    """A document of ttconv's in the one style we write, as it grows cue by cue.

    White on the bottom of the picture; a line is a fifteenth of its height, IMSC's default, and
    text keeps a twentieth away from the edges.
    """

    def __init__(self, library: Any, language: str) -> None:
        self._model, self._styles = library.model, library.style_properties
        self.content = self._model.ContentDocument()
        self.content.set_lang("" if language == UNDETERMINED else language)
        self.content.set_content_profiles({PROFILE})
        body, self._division = self._model.Body(self.content), self._model.Div(self.content)
        body.set_space(self._model.WhiteSpaceHandling.PRESERVE)
        body.set_region(self._region())
        self._style(body)
        self.content.set_body(body)
        body.push_child(self._division)
        self._division.set_space(self._model.WhiteSpaceHandling.PRESERVE)

    def __repr__(self) -> str:
        return f"_Document({len(self._division)} cues)"

    def _percent(self, value: int) -> Any:
        return self._styles.LengthType(value, self._styles.LengthType.Units.pct)

    def _region(self) -> Any:
        styles, names = self._styles, self._styles.StyleProperties
        region, edge, inside = (
            self._model.Region(_REGION, self.content),
            self._percent(5),
            self._percent(90),
        )
        region.set_style(names.Origin, styles.CoordinateType(x=edge, y=edge))
        region.set_style(names.Extent, styles.ExtentType(height=inside, width=inside))
        region.set_style(names.DisplayAlign, styles.DisplayAlignType.after)
        self.content.put_region(region)
        return region

    def _style(self, body: Any) -> None:
        styles, names = self._styles, self._styles.StyleProperties
        black, white = styles.NamedColors.black.value, styles.NamedColors.white.value
        body.set_style(names.TextAlign, styles.TextAlignType.center)
        body.set_style(names.FontFamily, (styles.GenericFontFamilyType.proportionalSansSerif,))
        body.set_style(names.Color, white)
        body.set_style(
            names.TextOutline, styles.TextOutlineType(thickness=self._percent(5), color=black)
        )

    def add(self, cue: Cue, lines: Sequence[str]) -> None:
        paragraph = self._model.P(self.content)
        paragraph.set_begin(Fraction(cue.start_ms, 1000))
        paragraph.set_end(Fraction(cue.end_ms, 1000))
        if _runs_leftwards(lines[0]):
            names, directions = self._styles.StyleProperties, self._styles.DirectionType
            paragraph.set_style(names.Direction, directions.rtl)
        for number, line in enumerate(lines):
            if number:
                paragraph.push_child(self._model.Br(self.content))
            span = self._model.Span(self.content)
            span.push_child(self._model.Text(self.content, line))
            paragraph.push_child(span)
        for element in (paragraph, *paragraph):
            element.set_space(self._model.WhiteSpaceHandling.PRESERVE)
        self._division.push_child(paragraph)


def _runs_leftwards(line: str) -> bool:
    """Whether the first character that has a direction runs from right to left."""
    strong = (unicodedata.bidirectional(character) for character in line)
    return next((d for d in strong if d in {"L", "R", "AL"}), "L") != "L"


def _describe(root: ElementTree.Element, note: str) -> None:
    head = root.find(f"{_TTML}head")
    if note and head is not None:
        ElementTree.register_namespace("ttm", _METADATA)
        description = ElementTree.Element(f"{{{_METADATA}}}desc")
        description.text = note
        head.insert(0, description)


def read(text: str) -> Reading:
    """Read TTML of any profile, in the order of the document.

    Raises:
        SubtitleSyntax: it is not TTML, or declares a document type.
        LimitExceeded: it has too many elements.
        FormatNotInstalled: ttconv is not there.
    """
    library = _ttconv()
    root = parsed(text)
    repairs = Repairs(_NAME)
    with _Complaints() as complaints:
        try:
            document = library.imsc.reader.to_model(ElementTree.ElementTree(root))
            body = document and document.get_body()
            cues = tuple(Walk(library.model, repairs).cues(body)) if body else ()
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise SubtitleSyntax(_NAME, 0, f"ttconv cannot read it: {error}") from error
        except RecursionError as error:
            raise SubtitleSyntax(_NAME, 0, "elements are nested too deeply") from error
    if document is None:
        raise SubtitleSyntax(_NAME, 0, "its root is not TTML's element tt")
    for complaint in complaints.told():
        repairs.once(complaint)
    return Reading(cues, repairs.notices(), language=document.get_lang())


class _Complaints(logging.Handler):
    """What ttconv says in this thread, which it tells nobody but the log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._first, self._count, self._thread = "", 0, threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self._first = self._first or record.getMessage()[:_MAX_COMPLAINT_CHARS]
            self._count += 1

    def told(self) -> Iterator[str]:
        if self._count:
            yield f"ttconv does not understand {self._count} of its parts, first: {self._first}"

    def __enter__(self) -> Self:
        logger = logging.getLogger("ttconv")
        logger.propagate = False  # a hostile file would fill the server's log
        logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("ttconv").removeHandler(self)
