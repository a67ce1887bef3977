import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.media import Media
from polycue.media.probe import probe
from support.beeps import BEEPS, PICTURE, run_ffmpeg


@pytest.fixture(scope="session", autouse=True)
def _ffmpeg_is_there() -> None:
    if shutil.which("ffmpeg") is None:
        pytest.fail("ffmpeg is not installed; get it with 'apt-get install ffmpeg'")


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def film(clips: Path) -> Path:
    """Five seconds of H.264, and of AAC with two beeps, in MP4."""
    run_ffmpeg(
        *("-f", "lavfi", "-i", PICTURE, "-f", "lavfi", "-i", BEEPS),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", "-b:a", "64k", "-movflags", "+faststart"),
        clips / "film.mp4",
    )
    return clips / "film.mp4"


@pytest.fixture(scope="session")
def web_film(clips: Path) -> Path:
    """The same in VP8 and Opus, in WebM."""
    run_ffmpeg(
        *("-f", "lavfi", "-i", PICTURE, "-f", "lavfi", "-i", BEEPS),
        *("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "100k"),
        *("-c:a", "libopus"),
        clips / "film.webm",
    )
    return clips / "film.webm"


@pytest.fixture
def ffmpeg(tmp_path: Path) -> Callable[..., Path]:
    """Call ffmpeg with these arguments and an output of this name in the test's own folder."""

    def call(name: str, *arguments: str | Path) -> Path:
        run_ffmpeg(*arguments, tmp_path / name)
        return tmp_path / name

    return call


@pytest.fixture
def look() -> Callable[[Path], Media]:
    return lambda path: probe(path, cancel=CancelToken())


@pytest.fixture
def children() -> Callable[[], list[int]]:
    """The processes that this one started during the test and that still run."""

    def running() -> Iterator[int]:
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text()
            except OSError:  # it ended meanwhile
                continue
            if re.search(rf"^PPid:\s+{os.getpid()}$", text, re.M) and "(zombie)" not in text:
                yield int(status.parent.name)

    before = set(running())  # other tests' servers
    return lambda: [pid for pid in running() if pid not in before]
