"""Files that appear whole or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from polycue_client.errors import FileExists

LONGEST_WIRE_NAME_BYTES = 200  # UploadService takes no more
_LONGEST_SUFFIX_CHARS = 15  # what is longer is no suffix but a part of the name


@contextlib.contextmanager
def told_of(path: Path) -> Iterator[None]:
    """Let what goes wrong with a file be told by the name that people know it by."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


class Draft:
    """A file that is written without a name, and given the name ``to`` by ``publish``.

    Leaving the ``with`` block without ``publish`` removes what was written, and so does the end of
    the process. Where the file system has no files without a name, they have a hidden one, which
    stays where a process is killed.

    Raises:
        OSError: the folder cannot be written.
    """

    def __init__(self, to: Path) -> None:
        self.to = to
        self._hidden = to.with_name(f".polycue-{secrets.token_hex(8)}.part")
        self._is_named = False
        with told_of(to):
            self.file = os.fdopen(self._open(), "wb")

    def __repr__(self) -> str:
        return f"Draft({self.to}, {'published' if self.file.closed else 'open'})"

    def _open(self) -> int:
        # Not tempfile: its files are 0600 for ever, these get what the umask gives other files.
        with contextlib.suppress(OSError, AttributeError):  # other kernels and file systems
            return os.open(self.to.parent, os.O_TMPFILE | os.O_WRONLY, 0o666)
        self._is_named = True
        return os.open(self._hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with told_of(self.to):
                self.file.close()  # which writes what is left
        finally:
            self._hidden.unlink(missing_ok=True)

    def publish(self, *, overwrite: bool) -> None:
        """Let the file appear.

        Raises:
            FileExists: a file has that name by now, and ``overwrite`` is not set.
            OSError: it cannot be written.
        """
        with told_of(self.to):
            self._publish(overwrite=overwrite)

    def _publish(self, *, overwrite: bool) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())  # or a power cut leaves the new name on an empty file
        if overwrite:
            if not self._is_named:
                self._link(self._hidden)
            self._hidden.replace(self.to)
        else:
            self._publish_new()
        self.file.close()

    def _publish_new(self) -> None:
        try:
            self._link(self.to)  # unlike rename, fails where the name is taken
        except FileExistsError as error:
            raise FileExists(self.to) from error
        except OSError:  # FAT and some network shares have no hard links
            if os.path.lexists(self.to):
                raise FileExists(self.to) from None
            self._hidden.replace(self.to)

    def _link(self, to: Path) -> None:
        if self._is_named:
            os.link(self._hidden, to)
        else:  # with the descriptor os.link calls linkat, which alone follows the link in /proc
            file = self.file.fileno()
            os.link(f"/proc/self/fd/{file}", to, src_dir_fd=file)


def own_name(suggested: str) -> str:
    """A file name that stays in its folder, from one that a server suggested."""
    name = "".join(c for c in suggested.replace("\\", "/").rpartition("/")[2] if c.isprintable())
    return name.lstrip(".") or "artifact"


def wire_name(path: Path) -> str:
    """The file's name as the API takes it: printable UTF-8, at most 200 bytes with its suffix."""
    name = os.fsencode(path.name).decode("utf-8", "replace")
    plain = "".join(char if char.isprintable() else "_" for char in name)
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix) > _LONGEST_SUFFIX_CHARS:
        stem, dot, suffix = plain, "", ""
    room = LONGEST_WIRE_NAME_BYTES - len((dot + suffix).encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + suffix
