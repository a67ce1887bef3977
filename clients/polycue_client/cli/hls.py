"""HLS tracks: an archive on the wire, a folder of a playlist and its segments here."""

import contextlib
import errno
import os
import re
import secrets
import shutil
import tempfile
import zipfile
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from polycue_client.drafts import told_of
from polycue_client.errors import FileExists, ServerFault

FOLDER_SUFFIX = ".hls"
_ARCHIVE_SUFFIX = ".hls.zip"
_MEMBER = re.compile(r"index\.m3u8|[0-9]{1,9}\.vtt")
_MOST_MEMBERS = 100_000
_MOST_BYTES = 1 << 29  # twice what a server makes
_IN_MEMORY_BYTES = 1 << 24


def local_name(filename: str) -> str:
    """What a result is called here: ``film.en.hls`` for the archive ``film.en.hls.zip``."""
    return filename.removesuffix(".zip") if filename.endswith(_ARCHIVE_SUFFIX) else filename


class FolderDraft:
    """As ``Draft``, for an archive that becomes the folder ``to``.

    ``file`` takes the archive; ``unpack`` makes the folder under a hidden name, and ``publish``
    gives it its own.

    Raises:
        OSError: what is there holds more than an HLS track; it is never replaced.
    """

    def __init__(self, to: Path) -> None:
        if os.path.lexists(to) and not _is_track(to):
            raise OSError(errno.EEXIST, "is no HLS track, and is not replaced by one", str(to))
        self.to = to
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115
        self._hidden = to.with_name(f".polycue-{secrets.token_hex(8)}.part")

    def __repr__(self) -> str:
        return f"FolderDraft({self.to})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()
        shutil.rmtree(self._hidden, ignore_errors=True)

    def unpack(self) -> None:
        """Write the folder's files.

        Raises:
            ServerFault: the archive is damaged, or holds what an HLS track does not.
        """
        try:
            with told_of(self.to):
                self._unpack()
        except zipfile.BadZipFile as error:
            raise ServerFault(f"the archive for {self.to.name} is damaged: {error}") from error

    def _unpack(self) -> None:
        self._hidden.mkdir()
        with zipfile.ZipFile(self.file) as archive:
            for member in _checked(archive):
                _write(self._hidden / member.filename, archive.read(member))

    def publish(self, *, overwrite: bool) -> None:
        """Let the folder appear.

        Raises:
            FileExists: something has that name by now, and ``overwrite`` is not set.
            OSError: it cannot be written.
        """
        with told_of(self.to):
            self._publish(overwrite=overwrite)

    def _publish(self, *, overwrite: bool) -> None:
        if not os.path.lexists(self.to):
            self._hidden.rename(self.to)
        elif overwrite:
            aside = self._hidden.with_suffix(".old")
            self.to.rename(aside)
            self._hidden.rename(self.to)
            shutil.rmtree(aside)
        else:
            raise FileExists(self.to)


def _is_track(path: Path) -> bool:
    """Whether it is a folder with nothing in it but what we write."""
    with contextlib.suppress(OSError):
        return not path.is_symlink() and all(
            _MEMBER.fullmatch(entry.name) and entry.is_file() for entry in path.iterdir()
        )
    return False


def _checked(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members, none of which may lie elsewhere, or be more than a disk has room for."""
    members = archive.infolist()
    size_bytes = sum(member.file_size for member in members)
    strange = [m.filename for m in members if not _MEMBER.fullmatch(m.filename)]
    if strange or len(members) > _MOST_MEMBERS or size_bytes > _MOST_BYTES:
        raise ServerFault(f"the server sent an archive that is no HLS track {strange[:1]}")
    return members


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # or a power cut leaves empty files in the folder
