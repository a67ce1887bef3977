"""Inputs whose containers are empty, cut, damaged or lie."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from bad_inputs.entry import FINE, NOT_MEDIA, Entries, Entry, Expected, Way, rejected, warned
from bad_inputs.workshop import MIB, Workshop, box, set_in_box

_DAMAGED = rejected("NOT_MEDIA", "UNDECODABLE", "LIMIT_MEMORY", "NO_AUDIO_STREAM")
Make = Callable[[Workshop], Path]


def entries() -> Entries:
    for number, title, expected, make in (*_nothing(), *_cut(), *_damaged(), *_lying()):
        yield Entry(number, title, make, expected)
    yield Entry("15", "empty file", _empty, NOT_MEDIA, Way.FILE)
    yield Entry("15u", "empty upload", _empty, rejected("INVALID_FIELD"))


def _empty(shop: Workshop) -> Path:
    return shop.file("x15.mp4", b"")


def _nothing() -> tuple[tuple[str, str, Expected, Make], ...]:
    return (
        ("16", "one byte", NOT_MEDIA, lambda s: s.file("x16.mp4", b"\0")),
        ("17", "1 MiB of noise", NOT_MEDIA, lambda s: s.file("x17.mp4", s.noise)),
        ("18", "64 MiB of zeros", NOT_MEDIA, lambda s: s.file("x18.mp4", bytes(64 * MIB))),
        ("19", "text", NOT_MEDIA, lambda s: s.file("x19.mp4", "Once upon a time\n" * 99)),
        ("20", "ZIP", NOT_MEDIA, lambda s: s.file("x20.mp4", b"PK\3\4" + s.noise[:4096])),
        ("21", "PDF", NOT_MEDIA, lambda s: s.file("x21.mp4", "%PDF-1.7\n")),
    )


def _cut() -> tuple[tuple[str, str, Expected, Make], ...]:
    def half(path: Path) -> int:
        return path.stat().st_size // 2

    cut = warned("TRUNCATED_MEDIA")
    return (
        ("22", "first half of an MP4", cut, lambda s: s.part("x22.mp4", s.good, half(s.good))),
        (
            *("23", "first half of an MP4 with its index last", NOT_MEDIA),
            lambda s: s.part("x23.mp4", s.index_last, half(s.index_last)),
        ),
        ("24", "an MP4's first 40 bytes", NOT_MEDIA, lambda s: s.part("x24.mp4", s.good, 40)),
        ("25", "first half of a Matroska", cut, lambda s: s.part("x25.mkv", s.mkv, half(s.mkv))),
        ("28", "TS without its start", FINE, lambda s: s.part("x28.ts", s.ts, None, 100_000)),
    )


def _damaged() -> tuple[tuple[str, str, Expected, Make], ...]:
    return (
        (
            *("26", "noise in its packets", warned("DECODE_ERRORS")),
            lambda s: s.ffmpeg(
                *("x26.mkv", "-i", s.mkv, "-c", "copy"),
                *("-bsf:a", "noise=amount=200", "-bsf:v", "noise=amount=200"),
            ),
        ),
        (
            *("27", "every third packet of sound dropped", FINE),
            lambda s: s.ffmpeg(
                *("x27.ts", "-i", s.ts, "-c", "copy", "-bsf:a", r"noise=drop=not(mod(n\,3))"),
            ),
        ),
        (
            *("29", "two TS in a row", warned("DISCONTINUITY")),
            lambda s: s.file("x29.ts", s.ts.read_bytes() * 2),
        ),
        (
            *("30", "noise, then TS", FINE),
            lambda s: s.file("x30.ts", s.noise + s.ts.read_bytes()),
        ),
        (
            *("31", "32 MiB of zeros, then MP3", _DAMAGED),
            lambda s: s.file("x31.mp4", bytes(32 * MIB) + s.mp3.read_bytes()),
        ),
        (
            *("32", "an ID3 tag that says 200 MiB", _DAMAGED),
            lambda s: s.file("x32.mp3", b"ID3\4\0\0\0d\0\0" + bytes(1024) + s.mp3.read_bytes()),
        ),
    )


def _lying() -> tuple[tuple[str, str, Expected, Make], ...]:
    return (
        ("33", "boxes 20,000 deep", NOT_MEDIA, _nested),
        ("34", "a box of one byte", _DAMAGED, lambda s: s.patched("x34.mp4", _moov_of_one_byte)),
        (
            *("35", "two thousand million entries of time", _DAMAGED),
            lambda s: s.patched("x35.mp4", set_in_box(b"stts", 8, b"\x7f\xff\xff\xff")),
        ),
        (
            *("36", "a thousand million samples", _DAMAGED),
            lambda s: s.patched("x36.mp4", set_in_box(b"stsz", 12, b"\x3f\xff\xff\xff")),
        ),
        ("37", "an index of 256 MiB in 261 KB", _DAMAGED, _packed_index),
    )


def _nested(shop: Workshop) -> Path:
    depth = 20_000
    heads = b"".join(struct.pack(">I4s", 8 * (depth - i), b"moov") for i in range(depth))
    return shop.file("x33.mp4", shop.good.read_bytes()[:32] + heads)


def _moov_of_one_byte(content: bytearray) -> None:
    at = content.find(b"moov")
    content[at - 4 : at] = b"\0\0\0\1"


def _packed_index(shop: Workshop) -> Path:
    size = 256 * MIB
    packed = zlib.compress(bytes(size))
    index = box(b"cmov", box(b"dcom", b"zlib") + box(b"cmvd", struct.pack(">I", size) + packed))
    return shop.file("x37.mp4", shop.good.read_bytes()[:32] + box(b"moov", index))
