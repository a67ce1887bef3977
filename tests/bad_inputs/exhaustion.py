"""Inputs that are to cost time, memory or room."""

from collections.abc import Callable
from pathlib import Path

from bad_inputs.entry import FINE, NOT_MEDIA, Entries, Entry, Expected, Way, rejected
from bad_inputs.workshop import Workshop, set_in_box, wav

_TOO_LONG = rejected("LIMIT_EXCEEDED")
Row = tuple[str, str, Expected, Way, Callable[[Workshop], Path]]


def entries() -> Entries:
    for number, title, expected, way, make in (*_long(), *_large(), *_talkative()):
        yield Entry(number, title, make, expected, way)


def _long() -> tuple[Row, ...]:
    return (
        (
            *("64", "a WAV of 18.6 hours that takes no room", _TOO_LONG, Way.FILE),
            lambda s: s.sparse("x64.wav", wav(b"", data_bytes=2**31 - 44), 2**31),
        ),
        ("65", "ten hours of Opus in 10 MB", _TOO_LONG, Way.UPLOAD, _ten_hours),
        ("66", "a gap of 20 hours in the time stamps", FINE, Way.UPLOAD, _gap),
        (
            *("70", "lengths of 136 years", FINE, Way.UPLOAD),
            lambda s: s.patched("x70.mp4", _long_ago),
        ),
    )


def _large() -> tuple[Row, ...]:
    return (
        (
            *("67", "a picture of 16000 by 16000", FINE, Way.UPLOAD),
            lambda s: _beside(s, "x67.mkv", "color=black:s=16000x16000:r=1:d=1", "png"),
        ),
        (
            *("68", "a thousand pictures a second", FINE, Way.UPLOAD),
            lambda s: _beside(s, "x68.mkv", "color=black:s=16x16:r=1000:d=60", "mpeg4"),
        ),
        (
            *("69", "200 streams", rejected("TOO_MANY_STREAMS"), Way.UPLOAD),
            lambda s: s.copy("x69.mkv", *["-map", "0:a"] * 200),
        ),
        (
            "73",
            "a terabyte of nothing",
            NOT_MEDIA,
            Way.FILE,
            lambda s: s.sparse("x73.mp4", b"", 2**40),
        ),
        (
            *("74", "a good film in a file of 50 GB", FINE, Way.FILE),
            lambda s: s.sparse("x74.mp4", s.good.read_bytes(), 50 * 2**30),
        ),
    )


def _talkative() -> tuple[Row, ...]:
    return (
        (
            *("71", "a title of 100,000 letters", FINE, Way.UPLOAD),
            lambda s: s.copy("x71.mp4", "-metadata", f"title={'A' * 100_000}"),
        ),
        (
            *("72", "a title of markup and escapes", FINE, Way.UPLOAD),
            lambda s: s.copy(
                *(
                    "x72.mkv",
                    "-metadata",
                    "title=a\n\n1\n00:00:00,000 --> 00:00:09,000\n<script>\x1b[2J",
                ),
                *("-metadata:s:a:0", "title=\x1b]0;pwned\x07 --> </script>"),
            ),
        ),
    )


def _ten_hours(shop: Workshop) -> Path:
    minute = shop.ffmpeg(
        *("minute.opus", "-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono", "-t", "60"),
        *("-c:a", "libopus", "-b:a", "6k", "-frame_duration", "60"),
    )
    return shop.ffmpeg("x65.opus", "-stream_loop", "599", "-i", minute, "-c", "copy")


def _gap(shop: Workshop) -> Path:
    plain = shop.ffmpeg("plain.mkv", "-f", "lavfi", "-i", "sine=d=4", "-c:a", "pcm_s16le")
    leap = r"setts=ts=if(gt(N\,30)\,TS+72000/TB\,TS)"
    return shop.ffmpeg("x66.mkv", "-i", plain, "-c", "copy", "-bsf:a", leap)


def _beside(shop: Workshop, name: str, picture: str, codec: str) -> Path:
    return shop.ffmpeg(
        *(name, "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=d=4"),
        *("-c:v", codec, "-c:a", "aac"),
    )


def _long_ago(content: bytearray) -> None:
    set_in_box(b"mvhd", 20, b"\xff\xff\xff\xff")(content)
    set_in_box(b"mdhd", 20, b"\x7f\xff\xff\xff", every=True)(content)
