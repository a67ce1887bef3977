"""The files a command line names, and what is wrong with them before any work starts."""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import click

# What folders are searched for; a file that is named itself may have any suffix.
# fmt: off
MEDIA_SUFFIXES = frozenset(
    {
        ".3gp", ".aac", ".aiff", ".avi", ".flac", ".flv", ".m2ts", ".m4a", ".m4v", ".mka", ".mkv",
        ".mov", ".mp3", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogg", ".ogv", ".opus", ".ts",
        ".vob", ".wav", ".webm", ".wma", ".wmv"
    }
)
# fmt: on
_FORMAT_OF = {
    ".srt": "srt",
    ".vtt": "vtt",
    ".ass": "ass",
    ".ssa": "ass",
    ".ttml": "ttml",
    ".dfxp": "ttml",
    ".tsv": "tsv",
}
SUBTITLE_SUFFIXES = frozenset(_FORMAT_OF)
_NAMED = re.compile(
    r"(?P<stem>.+)\.(?P<language>[a-z]{2,3}(-[A-Za-z0-9]{2,8})*)(?<!\.sdh)(\.(sdh|forced))?"
)


def expanded(
    paths: Sequence[Path],
    suffixes: Iterable[str],
    *,
    wanted: Callable[[Path], bool] = lambda path: True,
) -> list[Path]:
    """The files, and what is ``wanted`` of the folders; a file that is named is always wanted.

    polycue's own muxed copies are not taken for films.

    Raises:
        click.UsageError: a folder has nothing that fits.
    """
    fitting = frozenset(suffixes)
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = sorted(filter(wanted, _within(path, fitting)))
            if not found:
                raise click.UsageError(f"there is nothing to do in the folder {path}")
            files.extend(found)
        else:
            files.append(path)
    return list(dict.fromkeys(files))


def _within(folder: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        hidden = path.name.startswith(".")
        copy = path.stem.endswith(".subtitled")
        if path.suffix.lower() in suffixes and path.is_file() and not hidden and not copy:
            yield path


def check_readable(path: Path) -> None:
    """Return where there is a file with something in it that may be read.

    Raises:
        OSError: there is not.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # opening a named pipe would wait for its writer
        raise OSError(f"{path} is not a file")
    if status.st_size == 0:
        raise OSError(f"{path} is empty")
    path.open("rb").close()


def check_writable(folder: Path) -> None:
    """Return where files can be written, or folders made in which they can.

    Raises:
        OSError: they cannot.
    """
    nearest = next(f for f in (folder, *folder.parents) if os.path.lexists(f))
    if not nearest.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(nearest))
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "no file can be written here", str(nearest))


def stem_and_language(path: Path) -> tuple[str, str]:
    """``film.en.srt`` is the stem "film" in "en"; ``film.srt`` is in "", which is not known.

    So is ``film.en.sdh.srt``.
    """
    named = _NAMED.fullmatch(path.stem)
    return (named["stem"], named["language"]) if named else (path.stem, "")


def format_named(path: Path) -> str:
    """The format that a file's name promises, "" where it promises none that is read."""
    return _FORMAT_OF.get(path.suffix.lower(), "")


def own_format(path: Path) -> str:
    return format_named(path) or "srt"
