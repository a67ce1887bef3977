"""WebVTT's cue text: the mark-up inside a cue, to plain text and back.

After https://www.w3.org/TR/webvtt1/, "WebVTT cue text tokenizer", with one leniency: nearly every
writer leaves ``<`` raw, and the standard would then throw the rest of "i < 3" away. What cannot be
a tag is text here.
"""

import html
import re
from collections.abc import Iterator

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

# <v.loud Ann>, <b/>, </v>, <>, <00:01:02.345>
_TAG = re.compile(r"<(?:(?P<name>/?[A-Za-z]+)(?:[.\s][^>]*|/)?|/?|[0-9:.]+)>")


def escape(text: str) -> str:
    """Plain text as cue text. Escaping ``>`` also keeps ``-->`` out, which no cue may hold."""
    return text.translate(_ESCAPES)


def has_tags(payload: str) -> bool:
    return next(_tags(payload), None) is not None


def plain(payload: str) -> str:
    """Cue text without its mark-up, character references decoded, line breaks kept.

    Ruby text stands in parentheses behind what it explains, as where ruby cannot be drawn.
    """
    out: list[str] = []
    done, in_ruby_text = 0, False
    for tag in _tags(payload):
        out.append(html.unescape(payload[done : tag.start()]))
        done = tag.end()
        if in_ruby_text and tag["name"] in {"rt", "/rt", "/ruby"}:
            out.append(")")
            in_ruby_text = False
        if tag["name"] == "rt":
            out.append("(")
            in_ruby_text = True
    out.append(html.unescape(payload[done:]))
    return "".join(out) + (")" if in_ruby_text else "")


def _tags(payload: str) -> Iterator[re.Match[str]]:
    # Behind the last '>' no tag can end; looking there for one would take quadratic time.
    return _TAG.finditer(payload, 0, payload.rfind(">") + 1)
