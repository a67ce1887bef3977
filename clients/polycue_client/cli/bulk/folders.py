"""Trees on this machine's disks."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from polycue_client.cli.bulk.trees import Entry, Found, Shelf
from polycue_client.cli.inputs import check_writable

if TYPE_CHECKING:
    from polycue.api.v1 import artifacts_pb2, media_pb2
    from polycue_client.client import Polycue


class FolderTree:
    """Links to files are followed, those to folders are not: they may lead round in a circle."""

    def __init__(self, top: Path) -> None:
        self._top = top

    def __repr__(self) -> str:
        return f"FolderTree({self._top})"

    @property
    def address(self) -> str:
        return "" if self._top == Path() else str(self._top)

    @property
    def label(self) -> str:
        return os.fsdecode(self._top.resolve())

    def folders(self) -> Iterator[Found]:
        yield from self._below("")

    def _below(self, path: str) -> Iterator[Found]:
        try:
            files, folders = _listed(self._top / path)
        except OSError as error:
            yield Found(path, {}, error)
            return
        yield Found(path, files)
        for name in folders:
            yield from self._below(f"{path}/{name}" if path else name)

    def shelf(self, path: str) -> Shelf:
        return FolderShelf(self._top / path)

    def local(self, name: str) -> Path:
        return self._top / name

    def source(self, name: str) -> "media_pb2.MediaSource":
        from polycue.api.v1 import media_pb2
        from polycue_client.cli.workplace import file_uri

        return media_pb2.MediaSource(uri=file_uri(self._top / name))


class OneFile(FolderTree):
    """A single file that was named, whatever its suffix, as the only one of its folder."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.parent)
        self._name = path.name

    def folders(self) -> Iterator[Found]:
        try:
            status = self.local(self._name).stat()
        except OSError as error:
            yield Found(self._name, {}, error)
        else:
            yield Found("", {self._name: _entry(status)}, is_named=True)


class FolderShelf:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __repr__(self) -> str:
        return f"FolderShelf({self._folder})"

    def there(self) -> Mapping[str, Entry]:
        try:
            return _listed(self._folder, all_kinds=True)[0]
        except FileNotFoundError:
            return {}

    def has(self, name: str) -> bool:
        return os.path.lexists(self._folder / name)

    def check_writable(self) -> None:
        check_writable(self._folder)

    def address(self, name: str) -> str:
        return str(self._folder / name)

    def publish(
        self,
        client: "Polycue",
        wanted: "Sequence[tuple[artifacts_pb2.Artifact, str]]",
        *,
        overwrite: bool,
    ) -> None:
        from polycue_client.cli.outputs import fetch_all

        places = [(artifact, self._folder / name) for artifact, name in wanted]
        fetch_all(client, places, overwrite=overwrite)


def _listed(folder: Path, *, all_kinds: bool = False) -> tuple[dict[str, Entry], list[str]]:
    """The files of a folder and the folders in it, in order.

    Of ``all_kinds`` also those that are no plain files: a track of HLS is a folder.
    """
    files, folders = dict[str, Entry](), list[str]()
    with os.scandir(folder) as scanned:
        entries = sorted(scanned, key=lambda entry: os.fsencode(entry.name))
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            folders.append(entry.name)
        try:
            if all_kinds or entry.is_file():
                files[entry.name] = _entry(entry.stat())
        except OSError:  # a link that leads nowhere, or what has just gone
            continue
    return files, folders


def _entry(status: os.stat_result) -> Entry:
    return Entry(status.st_size, f"{status.st_size} {status.st_mtime_ns}", status.st_mtime)
