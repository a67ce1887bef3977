"""Places in a trace as W3C Trace Context writes them: ``00-<trace>-<span>-<flags>``."""

import re
import secrets

HEADER = "traceparent"

# Version 00 to the letter; of later ones the same four fields come first (W3C, 4.3).
_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


def parsed(text: str) -> tuple[int, int, int] | None:
    """The ids of trace and span, and the flags; None for what is none, whoever sent it."""
    found = _FORM.fullmatch(text[:256])
    if not found or found[1] == _NO_TRACE or found[2] == _NO_SPAN:
        return None
    if text.startswith("00") and found[4]:
        return None
    return int(found[1], 16), int(found[2], 16), int(found[3], 16)


def written(trace: int, span: int, flags: int) -> str:
    return f"00-{trace:032x}-{span:016x}-{flags & 1:02x}"


def is_sampled(text: str) -> bool:
    """Whether the trace is kept."""
    found = parsed(text)
    return found is not None and bool(found[2] & 1)


def below(text: str) -> str:
    """A place within that one for a span that is told of later; "" where that is none."""
    found = parsed(text)
    if found is None:
        return ""
    return written(found[0], secrets.randbits(64) or 1, found[2])
