"""Awkward films for tests, each cut from the demo film by one ffmpeg command in seconds."""

import subprocess
from pathlib import Path

FFMPEG = ["ffmpeg", "-nostdin", "-v", "error", "-y"]


def cut(film: Path, to: Path, *, seconds: float, options: tuple[str, ...] = ()) -> Path:
    """The first seconds of ``film``, sound encoded anew so that it ends where the picture does."""
    arguments: list[str | Path] = [
        "-i",
        film,
        "-t",
        str(seconds),
        "-c:v",
        "copy",
        "-c:a",
        "aac",
        *options,
        to,
    ]
    return _make(*arguments, to=to)


def with_late_sound(clip: Path, to: Path, *, seconds: float) -> Path:
    """The sound starts later than the picture, by timestamp and not by silence."""
    inputs: list[str | Path] = ["-itsoffset", str(seconds), "-i", clip, "-i", clip]
    return _make(*inputs, "-map", "1:v", "-map", "0:a", "-c", "copy", to, to=to)


def with_cuts(clip: Path, to: Path, *frames: int) -> Path:
    """The sound under hard cuts at these frames of 25 per second, every other shot a dark one."""
    dark = "+".join(
        f"between(n,{first},{after - 1})"
        for first, after in zip(frames[::2], (*frames[1::2], 1_000_000), strict=False)
    )
    drawn = f"scale=160:90,drawbox=c=black:t=fill:enable='{dark}'"
    encoded = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "copy")
    return _make("-i", clip, "-vf", drawn, *encoded, to, to=to)


def without_sound(clip: Path, to: Path) -> Path:
    return _make("-i", clip, "-an", "-c", "copy", to, to=to)


def with_silence(clip: Path, to: Path) -> Path:
    silence = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo"]
    maps = ["-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-shortest"]
    return _make("-i", clip, *silence, *maps, to, to=to)


def with_three_tracks(clip: Path, to: Path) -> Path:
    """A default commentary (a tone), a German track (noise), and the narrator in English."""
    sources = [
        "-f",
        "lavfi",
        "-i",
        "sine=300:r=48000",
        "-f",
        "lavfi",
        "-i",
        "anoisesrc=r=48000:a=0.05",
    ]
    maps = [
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-map",
        "2:a",
        "-map",
        "0:a",
        "-c:v",
        "copy",
        "-c:a",
        "aac",
    ]
    tags = ["-metadata:s:a:0", "title=Director's commentary", "-metadata:s:a:0", "language=eng"]
    tags += ["-metadata:s:a:1", "language=ger", "-metadata:s:a:2", "language=eng"]
    flags = ["-disposition:a:0", "default", "-disposition:a:1", "0", "-disposition:a:2", "0"]
    return _make("-i", clip, *sources, *maps, *tags, *flags, "-shortest", to, to=to)


def truncated(clip: Path, to: Path, *, share: float) -> Path:
    """As a broken download leaves it: an index at the front that promises more than there is."""
    whole = to.with_suffix(".whole.mp4")
    _make("-i", clip, "-c", "copy", "-movflags", "+faststart", whole, to=whole)
    data = whole.read_bytes()
    to.write_bytes(data[: int(len(data) * share)])
    return to


def run(*arguments: str | Path) -> None:
    subprocess.run([*FFMPEG, *map(str, arguments)], check=True, timeout=200)


def _make(*arguments: str | Path, to: Path) -> Path:
    run(*arguments)
    return to
