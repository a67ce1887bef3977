"""How large an image is, unpacked, and which part of it takes what; a megabyte is 10^6 bytes."""

import os
from collections.abc import Iterable
from pathlib import Path

PACKAGES = Path("opt/polycue/lib/python3.11/site-packages")
NAMED = {
    "CTranslate2": ("ctranslate2", "ctranslate2.libs"),
    "NumPy": ("numpy", "numpy.libs"),
    "onnxruntime": ("onnxruntime",),
    "gRPC": ("grpc",),
    "names of languages": ("language_data", "marisa_trie*"),
    "tokenizers, SentencePiece": ("tokenizers", "sentencepiece", "sentencepiece.libs"),
    "for PostgreSQL, S3": (
        *("psycopg*", "*botocore", "s3fs", "fsspec", "aiohttp", "yarl", "multidict", "frozenlist"),
    ),
    "cuBLAS": ("nvidia",),
    "Ray": ("ray",),
    "polycue": ("polycue", "polycue_client"),
}


def size_of(paths: Iterable[Path], seen: set[tuple[int, int]]) -> int:
    """Bytes of all files below, each once, whatever its names."""
    total = 0
    for path in paths:
        inner = (Path(d) / f for d, _, files in os.walk(path) for f in files)
        for file in inner if path.is_dir() and not path.is_symlink() else (path,):
            about = file.lstat()
            if (about.st_dev, about.st_ino) not in seen:
                seen.add((about.st_dev, about.st_ino))
                total += about.st_size
    return total


def measure(root: Path, ffmpeg: Iterable[Path]) -> dict[str, int]:
    """Bytes of each part; ``ffmpeg`` is its programs and the libraries they load."""
    seen: set[tuple[int, int]] = set()
    site = root / PACKAGES
    parts = {"ffmpeg and its libraries": size_of(ffmpeg, seen)}
    parts["Python"] = size_of(
        [*root.glob("usr/lib/python3*"), *root.glob("usr/bin/python3*")], seen
    )
    bytecode = list(site.rglob("*.pyc"))
    parts["bytecode of packages"] = size_of(bytecode, seen)
    for part, patterns in NAMED.items():
        size = size_of((path for pattern in patterns for path in site.glob(pattern)), seen)
        parts[part] = size
    parts["other packages"] = size_of([root / "opt"], seen)
    parts["demo models and film"] = size_of(
        [*root.glob("usr/share/polycue/models"), *root.glob("usr/share/polycue/*.mp4")], seen
    )
    parts["C library, certificates, fonts, time zones, licences"] = size_of([root], seen)
    return {part: size for part, size in parts.items() if size}


def table(parts: dict[str, int]) -> str:
    lines = [f"  {size / 1e6:8.1f} MB  {part}" for part, size in parts.items()]
    return "\n".join([*lines, f"  {sum(parts.values()) / 1e6:8.1f} MB  in all"])
