"""TTML as XML, which comes from strangers: what a reader of text and times needs, and no more.

A document that declares a type, and with it entities, is refused.
"""

import re
from typing import NoReturn
from xml.etree import ElementTree

from polycue.domain.errors import LimitExceeded, SubtitleSyntax

_NAME = "TTML"
_TTML = "{http://www.w3.org/ns/ttml}"
_STYLING = "{http://www.w3.org/ns/ttml#styling}"
_PARAMETER = "{http://www.w3.org/ns/ttml#parameter}"
_TIME_PARAMETERS = ("frameRate", "frameRateMultiplier", "tickRate", "timeBase", "dropMode")
_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?tt[\s>]")
_MAX_ELEMENTS = 200_000  # a cue of two lines has four; ttconv needs 0.1 ms for each

# What a reader of text and times needs of an element, and the values it may have; () is any.
_XML = "{http://www.w3.org/XML/1998/namespace}"
_KEPT: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("begin", "end", "dur", f"{_XML}lang"), ()),
    **dict.fromkeys((f"{_PARAMETER}{name}" for name in _TIME_PARAMETERS), ()),
    "timeContainer": ("par", "seq"),
    f"{_XML}space": ("default", "preserve"),
    f"{_STYLING}ruby": ("container", "base", "baseContainer", "text", "textContainer", "delimiter"),
}


def looks_like(start: str) -> bool:
    """Whether a text that begins so is TTML."""
    return start.lstrip().startswith("<") and _ROOT.search(start) is not None


def parsed(text: str) -> ElementTree.Element:
    """The root of a document, with nothing in it that says how text looks.

    Raises:
        SubtitleSyntax: it is not well-formed, or declares a document type.
        LimitExceeded: it has too many elements.
    """
    root = _root(text)
    _require_few(root)
    _undress(root)
    return root


def _root(text: str) -> ElementTree.Element:
    # Expat fetches nothing, and entities, its one danger, are refused with the document type.
    parser = ElementTree.XMLParser(target=_WithoutDoctype())  # noqa: S314
    try:
        parser.feed(text.lstrip("\ufeff"))
        return parser.close()
    except ElementTree.ParseError as error:
        line, _ = error.position
        raise SubtitleSyntax(_NAME, line, f"not well-formed XML: {error.msg}") from error
    except UnicodeEncodeError as error:
        raise SubtitleSyntax(_NAME, 0, "it has half characters") from error


def _require_few(root: ElementTree.Element) -> None:
    count = sum(1 for _ in root.iter())
    if count > _MAX_ELEMENTS:
        raise LimitExceeded(
            "subtitles", count, _MAX_ELEMENTS, "elements", "cut the file into parts"
        )


def _undress(root: ElementTree.Element) -> None:
    """Take off all that says how text looks: one strange colour would cost us the document."""
    for head in root.findall(f"{_TTML}head"):
        root.remove(head)
    for element in root.iter():
        for name in set(element.attrib) - _KEPT.keys():
            del element.attrib[name]
        for name, values in _KEPT.items():
            if values and element.get(name, values[0]) not in values:
                del element.attrib[name]


class _WithoutDoctype(ElementTree.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> NoReturn:
        """Called before anything in the declaration is read: entities could fill the memory."""
        raise SubtitleSyntax(_NAME, 0, "it declares a document type, and is not read therefore")
