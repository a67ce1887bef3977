"""Remove what a list names from a folder: ``leave_out.py LIST FOLDER``, in the build of the images.

Each line of the list is a pattern below the folder; ``strip PATTERN`` takes the debugging
information out of files instead, and ``!PATTERN`` keeps what an earlier line would take. A line
that matches nothing is an error: the package has changed, and somebody must look.
"""

import shutil
import subprocess
import sys
from pathlib import Path


def rules(text: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def found(folder: Path, pattern: str) -> set[Path]:
    paths = set(folder.glob(pattern))
    if not paths:
        raise SystemExit(f"{pattern}: nothing in {folder} is called that any more")
    return paths


def leave_out(folder: Path, lines: list[str]) -> None:
    gone: set[Path] = set()
    for line in lines:
        if line.startswith("strip "):
            files = found(folder, line.removeprefix("strip ").strip())
            subprocess.run(["strip", "--strip-debug", *files], check=True)  # noqa: S607
        elif line.startswith("!"):
            gone -= found(folder, line[1:])
        else:
            gone |= found(folder, line)
    for path in sorted(gone, reverse=True):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


if __name__ == "__main__":
    leave_out(Path(sys.argv[2]), rules(Path(sys.argv[1]).read_text()))
