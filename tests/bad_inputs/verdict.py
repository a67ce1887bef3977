"""Whether what came of an input is what has to come of it."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from bad_inputs.entry import Entry
from bad_inputs.service import Outcome

MOST_S, MOST_MB = 10.0, 512.0
MOST_ERROR_BYTES = 4096
# Reasons that no input may come to, whatever else is expected.
_OWN_FAULT = {
    "HANGS",
    "INTERNAL",
    "TOOL_FAILED",
    "TOOL_TIMED_OUT",
    "SANDBOX_FAILED",
    "STORE_FAILED",
}
# A path from the root or below a job's own folders, a traceback, an address in memory.
_INTERNAL_TEXT = re.compile(r"(?<![\w./])/\w[^\s/]*/|file:///|\binputs/\d|Traceback|\b0x")
_SECRETS = ("root:x:", "nobody's business")


def problems(
    entry: Entry,
    outcome: Outcome,
    memory_mb: float,
    touched: Sequence[str],
    *,
    missing: str = "",
    most_s: float = MOST_S,
) -> Iterator[str]:
    """``missing`` is a defence that was taken away; then only harm counts, not what was said."""
    if not missing:
        yield from _wrong(entry, outcome)
    if outcome.reason in _OWN_FAULT:
        yield f"ended as {outcome.reason}: {outcome.message}"
    if touched:
        yield f"touched {', '.join(touched)}"
    if any(secret in outcome.text for secret in _SECRETS):
        yield "a secret is in its result"
    if outcome.seconds > most_s:
        yield f"took {outcome.seconds:.1f} s"
    if memory_mb > MOST_MB and missing != "sandbox":
        yield f"took {memory_mb:.0f} MB"
    yield from _said_too_much(outcome)


def internal_text(message: str) -> str:
    """What of a message only the server should know, "" for nothing."""
    found = _INTERNAL_TEXT.search(message)
    return found[0] if found else ""


def _wrong(entry: Entry, outcome: Outcome) -> Iterator[str]:
    expected = entry.expected
    if expected.reasons and outcome.reason not in expected.reasons:
        yield f"expected {expected}"
    if not expected.reasons and (outcome.reason or not expected.notices <= outcome.notices):
        yield f"expected {expected}"
    if entry.cues is False and outcome.cues:
        yield f"{outcome.cues} cues where nobody speaks"


def _said_too_much(outcome: Outcome) -> Iterator[str]:
    if outcome.error_bytes > MOST_ERROR_BYTES:
        yield f"an error of {outcome.error_bytes} bytes"
    if leaked := internal_text(outcome.message):
        yield f"internal text: {leaked}"
    if any(unicodedata.category(char) == "Cc" for char in outcome.message):
        yield "control characters in its message"
    if any(unicodedata.category(char) == "Cc" for char in outcome.text.replace("\n", "")):
        yield "control characters in its result"
