"""Inputs whose sound is missing, silent, broken, elsewhere in time, or for others only."""

import struct
from collections.abc import Callable
from pathlib import Path

from bad_inputs.entry import FINE, Entries, Entry, Expected, rejected, warned
from bad_inputs.workshop import Workshop, wav

_SILENT = warned("SILENT_AUDIO")
_NO_SUCH_SOUND = rejected("NOT_MEDIA", "NO_AUDIO_STREAM", "UNDECODABLE")
_KEY = "00112233445566778899aabbccddeeff"
Row = tuple[str, str, Expected, bool | None, Callable[[Workshop], Path]]


def entries() -> Entries:
    for number, title, expected, cues, make in (*_none(), *_numbers(), *_channels(), *_times()):
        yield Entry(number, title, make, expected, cues=cues)


def _made(name: str, *arguments: str) -> Callable[[Workshop], Path]:
    return lambda shop: shop.ffmpeg(name, "-f", "lavfi", "-i", *arguments)


def _wav(name: str, content: bytes) -> Callable[[Workshop], Path]:
    return lambda shop: shop.file(name, content)


def _none() -> tuple[Row, ...]:
    return (
        ("38", "no sound", rejected("NO_AUDIO_STREAM"), None, lambda s: s.copy("x38.mp4", "-an")),
        (
            *("39", "30 s of silence", _SILENT, False),
            _made("x39.mp4", "anullsrc=r=48000:cl=stereo", "-t", "30"),
        ),
        ("40", "a millisecond", _SILENT, False, _made("x40.wav", "aevalsrc=0:d=0.001:s=16000")),
        ("41", "a WAV of no samples", _SILENT, False, _wav("x41.wav", wav(b""))),
        ("42", "30 s of loud noise", FINE, None, _made("x42.mp4", "anoisesrc=d=30:a=1")),
    )


def _numbers() -> tuple[Row, ...]:
    one = struct.pack("<40h", *(9000 * (i < 20) - 4500 for i in range(40))) * 400  # 1 s, 400 Hz
    not_a_number, infinite = struct.pack("<f", float("nan")), struct.pack("<f", float("inf"))
    return (
        ("43", "samples of float", FINE, None, _made("x43.wav", "sine=d=2", "-c:a", "pcm_f32le")),
        (
            *("44", "80,000 samples that are no numbers", warned("INVALID_SAMPLES"), False),
            _wav("x44.wav", wav(not_a_number * 80_000, bits=32, is_float=True)),
        ),
        (
            *("45", "80,000 infinite samples", warned("INVALID_SAMPLES"), False),
            _wav("x45.wav", wav(infinite * 80_000, bits=32, is_float=True)),
        ),
        (
            *("46", "nothing but the largest sample", _SILENT, False),
            _wav("x46.wav", wav(struct.pack("<h", 32767) * 80_000)),
        ),
        (
            "47",
            "a WAV that says 4 GB",
            FINE,
            None,
            _wav("x47.wav", wav(one, data_bytes=0xFFFFFFF0)),
        ),
        ("48", "1 Hz", FINE, None, _wav("x48.wav", wav(b"\0\1" * 100, rate=1))),
        ("49", "4 GHz", _NO_SUCH_SOUND, None, _wav("x49.wav", wav(one, rate=2**32 - 1))),
        ("50", "65,535 channels", _NO_SUCH_SOUND, None, _wav("x50.wav", wav(one, channels=65535))),
        ("51", "no channels", _NO_SUCH_SOUND, None, _wav("x51.wav", wav(one, channels=0))),
        ("52", "0 Hz", _NO_SUCH_SOUND, None, _wav("x52.wav", wav(one, rate=0))),
    )


def _channels() -> tuple[Row, ...]:
    sine = "0.5*sin(440*2*PI*t)"
    return (
        (
            *("53", "left and right cancel out", warned("CANCELLED_PHASE"), None),
            _made("x53.mp4", f"aevalsrc={sine}|-{sine}:s=48000:d=5"),
        ),
        (
            "54",
            "only the right sounds",
            FINE,
            None,
            _made("x54.mp4", f"aevalsrc=0|{sine}:s=48000:d=5"),
        ),
        (
            *("55", "8 kHz, mu-law", FINE, None),
            _made("x55.wav", "sine=d=5", "-ar", "8000", "-c:a", "pcm_mulaw"),
        ),
        (
            *("56", "384 kHz, 16 channels", FINE, None),
            _made("x56.wav", "sine=d=0.8", "-ar", "384000", "-ac", "16", "-c:a", "pcm_s32le"),
        ),
        (
            *("57", "three languages, one of them bogus", FINE, None),
            lambda s: s.copy(
                *("x57.mp4", "-map", "0:v", "-map", "0:a", "-map", "0:a", "-map", "0:a"),
                *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"),
                *("-metadata:s:a:2", "language=xx-bogus"),
                *("-disposition:a:0", "0", "-disposition:a:1", "default"),
            ),
        ),
    )


def _times() -> tuple[Row, ...]:
    return (
        (
            *("58", "sound 3 s late", FINE, None),
            lambda s: s.ffmpeg(
                *("x58.mp4", "-itsoffset", "3", "-i", s.good, "-i", s.good),
                *("-map", "1:v", "-map", "0:a", "-c", "copy"),
            ),
        ),
        (
            *("59", "an edit list", FINE, None),
            lambda s: s.ffmpeg("x59.mp4", "-ss", "1", "-i", s.good, "-c", "copy"),
        ),
        (
            *("60", "a clock that starts at ten hours", FINE, None),
            lambda s: s.copy("x60.ts", "-output_ts_offset", "36000"),
        ),
        (
            *("61", "encrypted", rejected("ENCRYPTED"), None),
            lambda s: s.copy(
                *("x61.mp4", "-encryption_scheme", "cenc-aes-ctr"),
                *("-encryption_key", _KEY, "-encryption_kid", _KEY),
            ),
        ),
        ("62", "mono at 44.1 kHz, then stereo at 48", FINE, None, _changing),
        ("63", "200 links of Ogg", FINE, None, _links),
    )


def _changing(shop: Workshop) -> Path:
    parts = [
        shop.ffmpeg(
            *(f"part{channels}.ts", "-f", "lavfi", "-i", "sine=d=3"),
            *("-ar", rate, "-ac", channels, "-c:a", "aac"),
        ).read_bytes()
        for rate, channels in (("44100", "1"), ("48000", "2"))
    ]
    return shop.file("x62.ts", b"".join(parts))


def _links(shop: Workshop) -> Path:
    link = shop.ffmpeg("link.ogg", "-f", "lavfi", "-i", "sine=d=1", "-c:a", "libopus")
    return shop.file("x63.ogg", link.read_bytes() * 200)
