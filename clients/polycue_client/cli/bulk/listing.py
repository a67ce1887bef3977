"""Which files of a tree are films, and which are passed over without a job, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from polycue_client.cli.bulk.trees import Film, Found, Glance, ShelfOf, Tree
from polycue_client.cli.inputs import MEDIA_SUFFIXES

# Names that programs give a download before it is whole.
_PARTIAL = frozenset({".part", ".partial", ".crdownload", ".download", ".filepart", ".!qb", ".tmp"})
NO_FILMS = "there are no films in it"
_CONTROL = ".aria2"  # lies beside a file that aria2 has not finished


@dataclass(frozen=True, slots=True)
class Passed:
    """A file, or a folder that cannot be read, of which no job is made."""

    address: str
    why: str
    is_fault: bool = False


def listed(trees: Sequence[Tree], shelf_of: ShelfOf) -> Iterator[Film | Passed]:
    """Films in the order of their names, folder by folder: no more than one is held in memory."""
    for tree in trees:
        is_empty = True
        for each in _of_tree(tree, shelf_of):
            is_empty = False
            yield each
        if is_empty:  # a name that is misspelt, most likely; of a bucket nothing else tells
            yield Passed(_address(tree, ""), NO_FILMS, is_fault=True)


def _of_tree(tree: Tree, shelf_of: ShelfOf) -> Iterator[Film | Passed]:
    for found in tree.folders():
        if found.problem:
            why = found.problem.strerror or str(found.problem)
            yield Passed(_address(tree, found.path), f"cannot be read: {why}", is_fault=True)
        else:
            yield from _of_folder(tree, found, shelf_of)


def count(trees: Sequence[Tree], shelf_of: ShelfOf) -> int:
    """How many of them there are now."""
    return sum(1 for _ in listed(trees, shelf_of))


def _of_folder(tree: Tree, found: Found, shelf_of: ShelfOf) -> Iterator[Film | Passed]:
    glance = Glance(shelf_of(tree, found.path))
    for name, entry in found.files.items():
        path = f"{found.path}/{name}" if found.path else name
        why = _why_not(name, found)
        if found.is_named:
            yield Film(tree, path, entry, glance)
        elif why:
            yield Passed(_address(tree, path), why)
        elif _is_media(name) and not name.startswith(".") and not _is_copy(name):
            yield Film(tree, path, entry, glance)


def _why_not(name: str, found: Found) -> str:
    """What a person may wonder about; "" for a film, and for what nobody would take for one."""
    whole = PurePosixPath(name)
    if whole.suffix.lower() in _PARTIAL and _is_media(whole.stem) and not name.startswith("."):
        return "is not whole yet, by its name"
    if not _is_media(name):
        return ""
    if name.startswith("."):
        return "is hidden"
    return "is not whole yet: aria2 is at it" if name + _CONTROL in found.files else ""


def _is_media(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in MEDIA_SUFFIXES


def _is_copy(name: str) -> bool:
    """Whether it is a muxed copy of ours."""
    return PurePosixPath(name).stem.endswith(".subtitled")


def _address(tree: Tree, path: str) -> str:
    return "/".join(filter(None, (tree.address.rstrip("/"), path))) or "."
