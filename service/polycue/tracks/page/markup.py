"""Text that may hold anything, made fit to stand in HTML."""

import html
import math

from polycue.tracks.text import without_surrogates

# NUL and its like may not stand in HTML; Unicode has pictures of them, so that they are seen.
_PICTURES = {code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A)}
_PICTURES |= {0x7F: 0x2421} | dict.fromkeys(range(0x80, 0xA0), 0xFFFD)


# A text that is longer says nothing more to a person, and a page of megabytes opens on no phone.
_MOST_CHARS = 1_000


def escaped(text: str) -> str:
    """For an element or, in double quotes, an attribute; cut where it is long."""
    if len(text) > _MOST_CHARS:
        text = f"{text[:_MOST_CHARS]}… ({len(text):,} characters)"
    return html.escape(without_surrogates(text).translate(_PICTURES))


def clock(time_ms: int) -> str:
    """``1:02:03.450``, the hours only where there are any."""
    minutes, rest_ms = divmod(time_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest_ms // 1000:02}.{rest_ms % 1000:03}"
    return f"{hours}:{minutes:02}:{seconds}" if hours else f"{minutes}:{seconds}"


def number(value: float | None) -> str:
    """With thousands parted and no digit too many; a dash for what is not known."""
    if value is None or not math.isfinite(value):
        return "–"
    rounded = round(value, 1)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,.1f}"


def share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def counted(count: int, what: str) -> str:
    """``1 cue``, ``2 cues``."""
    return f"{count:,} {what if count == 1 else what + 's'}"
