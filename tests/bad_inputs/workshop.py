"""Where bad inputs are made: base clips by ffmpeg, and what no ffmpeg would write by hand."""

import functools
import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

MIB = 2**20
_MAKERS = (
    *("attacks", "structure", "sound", "exhaustion", "names", "more"),
    *("mutated", "workshop"),
)
_SINE = ("-f", "lavfi", "-i", "sine=440:d=10:r=44100")
_PICTURE = ("-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=10")


class Workshop:
    """Makes files in one folder: the same bytes each time, but for the canaries' addresses.

    The folder is nobody else's: what two make at once has the address of one of them.
    """

    def __init__(self, folder: Path, *, http: str, bait: Path) -> None:
        """``http`` is the URL of a server, ``bait`` a file elsewhere; nobody must touch either."""
        self.folder, self.http, self.bait = folder, http, bait

    def path(self, name: str) -> Path:
        return self.folder / name

    def file(self, name: str, content: bytes | str) -> Path:
        path = self.path(name)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def ffmpeg(self, name: str, *arguments: str | Path) -> Path:
        """What ffmpeg makes of these arguments, unless an earlier run has made it."""
        path, kept = self.path(name), cache() / name
        if not kept.exists():
            half_done = kept.with_name(f"half-done-{os.getpid()}-{name}")
            subprocess.run(
                ["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments), half_done],
                check=True,
                capture_output=True,
                timeout=200,
            )
            half_done.rename(kept)
        if not path.exists():
            shutil.copyfile(kept, path)
        return path

    @functools.cached_property
    def good(self) -> Path:
        """Ten seconds of H.264 and AAC in MP4, its index in front."""
        return self.ffmpeg(
            "good.mp4",
            *(*_SINE, *_PICTURE, "-map", "1", "-map", "0", "-fflags", "+bitexact"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
            *("-c:a", "aac", "-b:a", "64k", "-movflags", "+faststart"),
        )

    @functools.cached_property
    def index_last(self) -> Path:
        return self.copy("index_last.mp4")

    @functools.cached_property
    def mkv(self) -> Path:
        return self.copy("good.mkv")

    @functools.cached_property
    def ts(self) -> Path:
        return self.copy("good.ts")

    @functools.cached_property
    def mp3(self) -> Path:
        return self.ffmpeg("t.mp3", "-f", "lavfi", "-i", "sine=440:d=2")

    @functools.cached_property
    def noise(self) -> bytes:
        """A mebibyte that is nothing, the same each time."""
        return b"".join(zlib.compress(struct.pack("<Q", i) * 9)[2:26] for i in range(43691))[:MIB]

    def copy(self, name: str, *arguments: str | Path) -> Path:
        """The good film with its streams copied."""
        return self.ffmpeg(name, "-i", self.good, "-c", "copy", *arguments)

    def part(self, name: str, of: Path, end: int | None, start: int = 0) -> Path:
        return self.file(name, of.read_bytes()[start:end])

    def sparse(self, name: str, head: bytes, size: int) -> Path:
        """A file that says it is large and takes no room."""
        path = self.file(name, head)
        with path.open("r+b") as file:
            file.truncate(size)
        return path

    def patched(
        self, name: str, patch: Callable[[bytearray], None], of: Path | None = None
    ) -> Path:
        content = bytearray((of or self.good).read_bytes())
        patch(content)
        return self.file(name, bytes(content))


def cache() -> Path:
    """A folder for what takes long to make, another one for every version of what makes it."""
    sources = [Path(__file__).with_name(f"{name}.py") for name in _MAKERS]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    folder = Path(tempfile.gettempdir(), f"polycue-bad-inputs-{os.getuid()}-{digest[:12]}")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def wav(
    samples: bytes,
    *,
    rate: int = 16_000,
    channels: int = 1,
    bits: int = 16,
    data_bytes: int | None = None,
    is_float: bool = False,
) -> bytes:
    size = len(samples) if data_bytes is None else data_bytes
    block = channels * bits // 8
    rate_bytes = min(rate * block, 2**32 - 1)
    return b"".join(
        (
            *(b"RIFF", struct.pack("<I", min(36 + size, 2**32 - 1)), b"WAVEfmt "),
            struct.pack("<IHHI", 16, 3 if is_float else 1, channels, rate),
            struct.pack("<IHH", rate_bytes, block & 0xFFFF, bits),
            *(b"data", struct.pack("<I", size), samples),
        )
    )


def box(kind: bytes, content: bytes) -> bytes:
    """One of MP4's."""
    return struct.pack(">I", len(content) + 8) + kind + content


def set_in_box(
    kind: bytes, offset: int, value: bytes, *, every: bool = False
) -> Callable[..., None]:
    """Overwrites bytes of the last box of a kind, or of each, from the kind's first letter on."""

    def patch(content: bytearray) -> None:
        at = content.rfind(kind)
        while at >= 0:
            content[at + offset : at + offset + len(value)] = value
            at = content.rfind(kind, 0, at) if every else -1

    return patch


def riff(kind: bytes, content: bytes) -> bytes:
    """A chunk of RIFF, as in AVI."""
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
