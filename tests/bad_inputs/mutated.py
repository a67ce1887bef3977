"""Small files of every container, and what chance makes of them."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from bad_inputs.workshop import Workshop

_SOUND = ("-f", "lavfi", "-i", "sine=440:d=2")
_FILM = ("-f", "lavfi", "-i", "testsrc=s=64x36:r=10:d=2", *_SOUND)
_H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
# A file's name, and how ffmpeg makes it; two seconds each.
_CLIPS: dict[str, tuple[str, ...]] = {
    "a.mp4": (*_FILM, *_H264, "-c:a", "aac"),
    "b.mp4": (*_FILM, *_H264, "-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov"),
    "c.mov": (*_FILM, *_H264, "-c:a", "pcm_s16le"),
    "d.mkv": (*_FILM, "-c:v", "mpeg4", "-c:a", "libvorbis"),
    "e.webm": (*_FILM, "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"),
    "f.avi": (*_FILM, "-c:v", "mpeg4", "-c:a", "mp3"),
    "g.ts": (*_FILM, *_H264, "-c:a", "mp2"),
    "h.mpg": (*_FILM, "-r", "25", "-c:v", "mpeg2video", "-c:a", "mp2"),
    "i.ogg": (*_SOUND, "-c:a", "libvorbis"),
    "j.opus": (*_SOUND, "-c:a", "libopus"),
    "k.flv": (*_FILM, *_H264, "-c:a", "aac"),
    "l.wav": _SOUND,
    "m.w64": _SOUND,
    "n.mp3": _SOUND,
    "o.aac": _SOUND,
    "p.flac": _SOUND,
    "q.wmv": (*_FILM, "-c:v", "wmv2", "-c:a", "wmav2"),
    "r.mxf": (*_FILM, "-r", "25", "-c:v", "mpeg2video", "-ar", "48000", "-c:a", "pcm_s16le"),
    "s.aiff": _SOUND,
    "t.caf": _SOUND,
    "u.ac3": _SOUND,
    "v.eac3": _SOUND,
    "w.au": _SOUND,
    "x.m4a": (*_SOUND, "-c:a", "alac"),
}

Change = Callable[[random.Random, bytearray], None]


def clips(shop: Workshop) -> list[Path]:
    return [shop.ffmpeg(name, *arguments) for name, arguments in _CLIPS.items()]


def mutants(path: Path, seed: int) -> Iterator[bytes]:
    """Damaged forms of a file without end, the same ones for the same seed."""
    content, chance = path.read_bytes(), random.Random(f"{path.name} {seed}")
    while True:
        changed = bytearray(content)
        for _ in range(chance.choice((1, 1, 2, 4))):
            chance.choice(_CHANGES)(chance, changed)
        yield bytes(changed)


def _place(chance: random.Random, content: bytearray) -> int:
    """Mostly near the start, where headers are."""
    near = min(len(content), chance.choice((64, 512, 4096, len(content))))
    return chance.randrange(max(1, near))


def _flip(chance: random.Random, content: bytearray) -> None:
    for _ in range(chance.choice((1, 8, 64))):
        content[_place(chance, content) % len(content)] ^= 1 << chance.randrange(8)


def _extreme(chance: random.Random, content: bytearray) -> None:
    """A number as large or as small as it gets."""
    at, width = _place(chance, content), chance.choice((1, 2, 4, 8))
    value = chance.choice((b"\0", b"\xff", b"\x7f", b"\x80"))[0]
    content[at : at + width] = bytes([value]) + bytes([chance.choice((0, 255))]) * (width - 1)


def _cut(chance: random.Random, content: bytearray) -> None:
    del content[max(1, chance.randrange(len(content))) :]


def _drop(chance: random.Random, content: bytearray) -> None:
    at = _place(chance, content)
    del content[at + 1 : at + 1 + chance.choice((1, 4, 188, 4096))]


def _repeat(chance: random.Random, content: bytearray) -> None:
    at = _place(chance, content)
    part = content[at : at + chance.choice((4, 64, 4096))]
    content[at:at] = part * chance.choice((1, 2, 200))


def _random(chance: random.Random, content: bytearray) -> None:
    at = _place(chance, content)
    size = min(chance.choice((4, 64, 1024)), len(content) - at)
    content[at : at + size] = chance.randbytes(size)


_CHANGES: tuple[Change, ...] = (_flip, _flip, _extreme, _extreme, _cut, _drop, _repeat, _random)
