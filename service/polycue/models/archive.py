"""An ``.argosmodel`` archive unpacked with suspicion: Argos itself writes wherever it says."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from polycue.domain.errors import ModelDamaged
from polycue.models.facts import ArgosFacts, argos_facts

_MOST_ENTRIES = 10_000
_MOST_BYTES = 4 * 2**30  # the largest of the Argos index has 0.3 GB
_MOST_RATIO = 100  # unpacked to packed; weights shrink by half, vocabularies to a quarter
_MOST_NAME_BYTES = 255  # what a file system takes
_BLOCK_BYTES = 2**20
# Sentence splitters, which polycue does not use; Stanza's are pickles, which run code when loaded.
_LEFT_OUT = {"stanza", "spacy"}
_CLASHES = (FileExistsError, NotADirectoryError, IsADirectoryError)  # of names in one archive
_DAMAGE = (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, UnicodeDecodeError)


def extract_argos(archive: Path, into: Path) -> ArgosFacts:
    """Unpack the package in ``archive`` into the new folder ``into``, its own top folder left out.

    Raises:
        ModelDamaged: the archive is none, is no package, or would write or grow beyond its folder.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = dict(_entries(archive, opened))
            metadata = entries.get("metadata.json")
            if metadata is None or metadata.file_size > _BLOCK_BYTES:
                raise ModelDamaged(archive.name, "it has no metadata.json")
            facts = argos_facts(opened.read(metadata))
            if facts is None:
                raise ModelDamaged(archive.name, "its metadata.json is not that of a translator")
            for name, entry in entries.items():
                _unpack(opened, entry, into / name)
    except (*_DAMAGE, *_CLASHES) as error:
        raise ModelDamaged(archive.name, f"it cannot be unpacked: {error}") from error
    return facts


def _entries(archive: Path, opened: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """The files to unpack by their place in the package."""
    listed = opened.infolist()
    unpacked = sum(entry.file_size for entry in listed)
    if len(listed) > _MOST_ENTRIES or unpacked > _MOST_BYTES:
        raise ModelDamaged(archive.name, f"it holds {len(listed)} files of {unpacked} bytes")
    if unpacked > _MOST_RATIO * max(archive.stat().st_size, _BLOCK_BYTES):
        raise ModelDamaged(archive.name, f"it would grow to {unpacked} bytes")
    tops = set()
    for entry in listed:
        path = PurePosixPath(entry.filename)
        mode = entry.external_attr >> 16
        long = any(len(part.encode()) > _MOST_NAME_BYTES for part in path.parts)
        is_place = bool(path.parts) and not path.is_absolute() and ".." not in path.parts
        if not is_place or "\\" in entry.filename or long:
            raise ModelDamaged(archive.name, f"it would write to {entry.filename!r}")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ModelDamaged(archive.name, f"{entry.filename!r} is packed in an unusual way")
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ModelDamaged(archive.name, f"{entry.filename!r} is a link or a device")
        tops.add(path.parts[:1])
        if not entry.is_dir() and path.parts[1:2] and path.parts[1] not in _LEFT_OUT:
            yield str(PurePosixPath(*path.parts[1:])), entry
    if len(tops) != 1:
        raise ModelDamaged(archive.name, "a package has one folder")


def _unpack(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry) as packed, to.open("xb") as file:
        while block := packed.read(_BLOCK_BYTES):
            file.write(block)
