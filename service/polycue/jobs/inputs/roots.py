"""The operator's files: opened below a root without following a link, and held open.

What was checked is what is read: nobody can put a link where a file or a folder was in between.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from polycue.domain.errors import InvalidRequest, SourceRefused

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not to wait for whoever writes into a pipe, nor to make a terminal ours.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

_ELSEWHERE = "lies below none of the folders this server may read"


class Roots:
    """Links below a folder are followed as long as they lead below one; none elsewhere is."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folder.resolve() for folder in folders)
        self._named = (*self._folders, *(folder.absolute() for folder in folders))

    def open(self, path: Path, field: str) -> tuple[int, Path]:
        """A descriptor to read from, to be closed by the caller, and the path without links.

        Raises:
            SourceRefused: no folder may be read, or the path leads out of all of them.
            InvalidRequest: there is no such file, or none that can be read.
        """
        if not self._folders:
            raise SourceRefused(field, "this server reads no files of its own; upload the media")
        # Before the disk is asked: a link elsewhere, such as that of a process to its root, would
        # tell by the way it leads here that it exists.
        if not any(Path(os.path.normpath(path)).is_relative_to(each) for each in self._named):
            raise SourceRefused(field, _ELSEWHERE)
        try:
            path = path.resolve()
        except (OSError, RuntimeError, ValueError) as error:  # a loop, a name too long, a NUL
            raise InvalidRequest(field, "is no path that can be read") from error
        root = next((each for each in self._folders if path.is_relative_to(each)), None)
        if root is None:
            raise SourceRefused(field, _ELSEWHERE)
        try:
            return _plain_file(root, path.relative_to(root), field), path
        except PermissionError as error:
            raise InvalidRequest(field, "the server may not read this file") from error
        except OSError as error:
            raise InvalidRequest(field, "there is no such file") from error


def _plain_file(root: Path, path: Path, field: str) -> int:
    """Walk down from the root, one name after the other."""
    folder = os.open(root, _FOLDER)
    try:
        for name in path.parts[:-1]:
            below = os.open(name, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        file = os.open(path.name or ".", _FILE, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise InvalidRequest(field, "there is no such file")
    return file
