"""Times as subtitle formats write them, to and from whole milliseconds."""

import re

# Seven digits of hours are a thousand years, and still far inside the API's 64-bit durations.
_ANY = re.compile(r"(?:([0-9]{1,7}):)?([0-9]{1,2}):([0-9]{1,2})(?:[.,]([0-9]+))?", re.ASCII)
_VTT = re.compile(r"(?:([0-9]{1,7}):)?([0-5][0-9]):([0-5][0-9])\.([0-9]{3})", re.ASCII)


def format_srt(time_ms: int) -> str:
    """Write a time as SubRip does: ``01:02:03,004``.

    Hours take as many digits as they need, at least two.

    Raises:
        ValueError: the time is negative.
    """
    return _format(time_ms, decimal_mark=",")


def format_vtt(time_ms: int) -> str:
    """Write a time as WebVTT does, hours always included: ``01:02:03.004``.

    Raises:
        ValueError: the time is negative.
    """
    return _format(time_ms, decimal_mark=".")


def format_ass(time_ms: int) -> str:
    """Write a time as ASS does, cut down to hundredths of a second: ``1:02:03.00``.

    Raises:
        ValueError: the time is negative.
    """
    return _format(time_ms, decimal_mark=".").removeprefix("0")[:-1]


def parse(text: str) -> int:
    """Read a time as found in the wild.

    Hours and fraction may be left out and either decimal mark may stand. The fraction is a decimal
    one, so ``,5`` is half a second; what is finer than a millisecond is cut off.

    Raises:
        ValueError: it is not a time.
    """
    match = _ANY.fullmatch(text)
    if match is None:
        raise ValueError(f"not a time: {text[:40]!r}")
    hours, minutes, seconds, fraction = match.groups()
    return _total_ms(hours or "0", minutes, seconds, (fraction or "")[:3].ljust(3, "0"))


def parse_vtt(text: str) -> int:
    """Read a time by WebVTT's rules: hours may be left out, all else is exact.

    Raises:
        ValueError: it is not a WebVTT time.
    """
    match = _VTT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a WebVTT time: {text[:40]!r}")
    hours, minutes, seconds, milliseconds = match.groups()
    return _total_ms(hours or "0", minutes, seconds, milliseconds)


def _total_ms(hours: str, minutes: str, seconds: str, milliseconds: str) -> int:
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(milliseconds)


def _format(time_ms: int, *, decimal_mark: str) -> str:
    if time_ms < 0:
        raise ValueError(f"a time before the start: {time_ms} ms")
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{decimal_mark}{milliseconds:03}"
