"""Takes out of log lines what does not belong there, whoever put it in: a second line of defence.

The first is that nobody puts it in. But errors of libraries quote what they met: a file's name, a
key, an address with a password.
"""

import re
from typing import Any

_HIDDEN = "***"
_HALF_CHARS = 20_000  # of one value's begin and of its end; a traceback has a few thousand

# Without any of these no rule has anything to do, which is so for nearly all values.
_SUSPECT = re.compile(
    r"errno|://|bearer|basic|passw|secret|token|key|credential|authorization|detail|context|line ",
    re.I,
)

_NAMED = (
    r"((?:password|passwd|secret|token|api[_-]?key|access[_-]?key|credentials?|authorization)"
    r"['\"]?\s*[=:]\s*"
)

# A line is cleaned where it is written, the event loop among others: no pattern may begin with
# what can be long, and so be tried anew at each place of it.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # What Python says of a file, its name behind: "[Errno 2] No such file or directory: '/a/b'".
    (re.compile(r"(\[Errno -?\d+\] [^:'\n]{1,80}): [^\n]*"), r"\1"),
    # User and password in an address, also one without a user or without a password.
    (re.compile(r"(://)[^/\s'\"]+@"), rf"\1{_HIDDEN}@"),
    # A signed address is itself a key.
    (re.compile(r"(https?://[^\s?'\"]{1,2048}+)\?[^\s'\"]*", re.I), rf"\1?{_HIDDEN}"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.I), rf"\1 {_HIDDEN}"),
    (re.compile(_NAMED + r"['\"])(?!<)[^'\"\n]+", re.I), rf"\1{_HIDDEN}"),
    (re.compile(_NAMED + r")(?![<*])[^\s'\",;&)]+", re.I), rf"\1{_HIDDEN}"),
    # PostgreSQL quotes values there.
    (re.compile(r"\b(DETAIL|CONTEXT|LINE \d+): [^\n]*"), rf"\1: {_HIDDEN}"),
    # The message of a KeyError is the key, whatever that was.
    (re.compile(r"\bKeyError: [^\n]*"), "KeyError"),
)


def cleaned(value: Any) -> Any:
    """The same without secrets and names of files; texts in lists and mappings too."""
    match value:
        case str():
            return _cleaned(value)
        case dict():
            keys = value.get("exc_type") == "KeyError"  # as structlog tells of one
            return {
                key: "" if keys and key == "exc_value" else cleaned(one)
                for key, one in value.items()
            }
        case list() | tuple():
            return [cleaned(one) for one in value]
        case None | bool() | int() | float():
            return value
        case _:  # an error, a path: what would be written of it
            return _cleaned(repr(value))


def _cleaned(text: str) -> str:
    if not _SUSPECT.search(text):
        return text
    if len(text) > 2 * _HALF_CHARS:
        text = f"{text[:_HALF_CHARS]} ... {text[-_HALF_CHARS:]}"
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text
