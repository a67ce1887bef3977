"""How the parts of an image are weighed."""

from pathlib import Path

from images.__main__ import LIMITS_MB, documented_mb
from images.sizes import PACKAGES, measure


def test_every_file_counts_once_in_the_first_part_that_claims_it(tmp_path: Path) -> None:
    files = {
        "usr/bin/ffmpeg": 100,
        "usr/lib/libavcodec.so": 50,
        "usr/lib/libc.so.6": 30,
        f"{PACKAGES}/numpy/core.py": 7,
        f"{PACKAGES}/numpy/__pycache__/core.pyc": 5,
        f"{PACKAGES}/regex/regex.py": 3,
    }
    for name, size in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    (tmp_path / "usr/lib/also_libc.so").hardlink_to(tmp_path / "usr/lib/libc.so.6")
    parts = measure(tmp_path, [tmp_path / "usr/bin/ffmpeg", tmp_path / "usr/lib/libavcodec.so"])
    assert parts == {
        "ffmpeg and its libraries": 150,
        "bytecode of packages": 5,
        "NumPy": 7,
        "other packages": 3,
        "C library, certificates, fonts, time zones, licences": 30,
    }


def test_the_guide_tells_of_sizes_that_are_allowed() -> None:
    for target, limit_mb in LIMITS_MB.items():
        assert 0 < documented_mb(target) <= limit_mb
