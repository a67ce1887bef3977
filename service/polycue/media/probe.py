"""Which streams a file has, where they start and how long it is."""

import json
import os
import re
import stat
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import NotMedia, ToolFailed, Unreadable
from polycue.domain.language import from_iso639_2
from polycue.domain.media import Media, Stream, StreamKind
from polycue.media import arguments, command, complaints, quicktime
from polycue.media.failure import telling

PROBE_TIMEOUT_S = 60.0

# What muxers write where nobody gave a track a title.
_NO_TITLE = re.compile(
    r"handler$|^(core media|apple|gpac|iso media|l-smash|bento4|mainconcept|stereo|mono$)", re.I
)
# Codecs' names that say nothing; the container's tag ("tmcd", "text", "gpmd") does.
_NO_CODEC = {"", "unknown", "none", "bin_data"}
# An EBML file names its kind, DocType, within its first element (RFC 8794, 11.2.6).
_DOC_TYPE = re.compile(rb"\x42\x82[\x84\x88](webm|matroska)")
_HEAD_BYTES = 64
_MAX_FRAME_RATE = 1000  # cover pictures claim 90000

_Json = dict[str, Any]


def probe(path: Path, *, cancel: CancelToken) -> Media:
    """Look into a file without decoding more than ffprobe needs.

    Raises:
        Unreadable: there is no such file, it may not be read, or it is a folder or a device.
        NotMedia: no demuxer that is let in finds a stream in it.
        TooManyStreams, MediaOverLimit: it costs more than a file may.
        ToolMissing, ToolKilled, ToolTimedOut, SandboxFailed: as they say.
    """
    head = _head(path)
    document = _ask(path, cancel)
    facts = document.get("format", {})
    container = str(facts.get("format_name", ""))
    read_language = quicktime.tag if container.startswith("mov,") else _language
    streams = _streams(document.get("streams", []), read_language)
    if not streams:
        raise NotMedia(path, "there is no stream in it")
    return Media(
        path=path,
        container=container,
        start_ms=_ms(facts.get("start_time")) or 0,
        duration_ms=_ms(facts.get("duration")),
        streams=streams,
        brand=_brand(head, _tags(facts)),
    )


def _head(path: Path) -> bytes:
    """The first bytes of a file that can be read."""
    try:
        # Not blocking: opening a pipe would wait for its writer.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise Unreadable(path, error.strerror or "cannot be opened") from error
    except ValueError as error:  # a NUL in the name
        raise Unreadable(path, "is not a file's name") from error
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise Unreadable(path, "is not a regular file")
        head = os.read(fd, _HEAD_BYTES)
    finally:
        os.close(fd)
    if not head:
        raise NotMedia(path, "it is empty")
    return head


def _ask(path: Path, cancel: CancelToken) -> _Json:
    try:
        completed = command.run(arguments.probe(path), timeout_s=PROBE_TIMEOUT_S, cancel=cancel)
    except ToolFailed as error:
        if known := telling(path, error):
            raise known from error
        if not complaints.says_refused(error.stderr_tail):
            raise NotMedia(path, complaints.reason(error.stderr_tail, path)) from error
        completed = _ask_without_decoders(path, cancel)
    document: _Json = json.loads(completed.stdout.decode(errors="replace"))
    return document


def _ask_without_decoders(path: Path, cancel: CancelToken) -> command.Completed:
    """For a film with a codec that is not let in: its other streams may still be read."""
    call = arguments.probe(path, decoding=False)
    try:
        return command.run(call, timeout_s=PROBE_TIMEOUT_S, cancel=cancel)
    except ToolFailed as error:
        if known := telling(path, error):
            raise known from error
        refused = complaints.says_refused(error.stderr_tail)
        reason = complaints.reason(error.stderr_tail, path)
        raise NotMedia(path, "no video or audio format" if refused else reason) from error


def _streams(found: list[_Json], read_language: Callable[[str], str]) -> tuple[Stream, ...]:
    ordinals = dict.fromkeys(StreamKind, 0)
    streams = []
    for facts in found:
        kind = _kind(facts)
        language = read_language(_tags(facts).get("language", ""))
        streams.append(_stream(facts, kind, ordinals[kind], language))
        ordinals[kind] += 1
    return tuple(streams)


def _kind(facts: _Json) -> StreamKind:
    try:
        return StreamKind(facts.get("codec_type", ""))
    except ValueError:
        return StreamKind.DATA


def _stream(facts: _Json, kind: StreamKind, ordinal: int, language: str) -> Stream:
    tags = _tags(facts)
    return Stream(
        index=int(facts["index"]),
        ordinal=ordinal,
        kind=kind,
        codec=_codec(facts, kind),
        language=language,
        title=_title(tags),
        start_ms=_ms(facts.get("start_time")) or 0,
        duration_ms=_ms(facts.get("duration")) or _clock_ms(tags.get("duration", "")),
        dispositions=frozenset(name for name, on in facts.get("disposition", {}).items() if on),
        channels=int(facts.get("channels", 0)),
        frame_rate=_frame_rate(facts) if kind is StreamKind.VIDEO else None,
        pixels=int(facts.get("width", 0)) * int(facts.get("height", 0)),
    )


def _language(code: str) -> str:
    """Three letters, or a tag, which Matroska may have since 2020."""
    return from_iso639_2(code.strip().replace("_", "-"))


def _tags(facts: _Json) -> dict[str, str]:
    """By lower-case name: Matroska shouts where MP4 does not."""
    return {name.lower(): str(value) for name, value in facts.get("tags", {}).items()}


def _codec(facts: _Json, kind: StreamKind) -> str:
    name = str(facts.get("codec_name", ""))
    if kind is StreamKind.DATA and name in _NO_CODEC:
        return str(facts.get("codec_tag_string", name))
    return "" if name in _NO_CODEC else name


def _title(tags: dict[str, str]) -> str:
    """A track's title, or a font's or a cover's file name."""
    handler = tags.get("handler_name", "").strip()
    named = "" if _NO_TITLE.search(handler) else handler
    return tags.get("title", "").strip() or named or tags.get("filename", "")


def _frame_rate(facts: _Json) -> Fraction | None:
    for name in ("avg_frame_rate", "r_frame_rate"):
        over, _, under = str(facts.get(name, "")).partition("/")
        if over.isdigit() and under.isdigit() and int(under):
            rate = Fraction(int(over), int(under))
            if 0 < rate <= _MAX_FRAME_RATE:
                return rate
    return None


def _ms(seconds: Any) -> int | None:
    try:
        return round(float(seconds) * 1000)
    except (TypeError, ValueError, OverflowError):
        return None


def _clock_ms(text: str) -> int | None:
    """A Matroska statistics tag: ``00:00:10.023000000``."""
    hours, minutes, seconds = [*text.split(":"), "", "", ""][:3]
    whole = _ms(seconds)
    if whole is None or not (hours.isdigit() and minutes.isdigit()):
        return None
    return (int(hours) * 60 + int(minutes)) * 60_000 + whole


def _brand(head: bytes, tags: dict[str, str]) -> str:
    # Matroska first: a copy of an MP4 carries the MP4's brand along as a tag.
    if found := _DOC_TYPE.search(head):
        return found[1].decode()
    return tags.get("major_brand", "").strip()
