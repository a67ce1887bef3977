"""What was named on the command line, as trees, and where results go."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import click

from polycue_client.cli.bulk.buckets import BucketTree, OneObject, Store
from polycue_client.cli.bulk.folders import FolderTree, OneFile
from polycue_client.cli.bulk.options import is_in_bucket
from polycue_client.cli.bulk.trees import Shelf, ShelfOf, Tree
from polycue_client.cli.inputs import MEDIA_SUFFIXES, check_writable
from polycue_client.cli.options import OutputChoice


class Places:
    """``trees`` in the order they were named. Results lie beside films, or below one folder.

    Raises:
        click.UsageError: two folders of one name are to be mirrored below one.
        click.ClickException: s3fs is needed and not installed.
        OSError: nothing can be written where the results are to go.
    """

    def __init__(self, named: Sequence[Path], output: OutputChoice) -> None:
        self._store: Store | None = None
        self.trees: list[Tree] = [self._tree(str(place)) for place in dict.fromkeys(named)]
        self._top = None if output.output_dir == "source" else self._tree_of(output.output_dir)
        if isinstance(self._top, FolderTree):
            check_writable(Path(output.output_dir))
        self._prefixes = dict(zip(map(id, self.trees), self._names(), strict=True))

    def __repr__(self) -> str:
        return f"Places({self.trees})"

    @property
    def roots(self) -> list[Path]:
        """The folders of this machine that an embedded server must be allowed to read."""
        local = [each for each in self.trees if isinstance(each, FolderTree)]
        return sorted({Path(each.label) for each in local})

    @property
    def buckets(self) -> list[str]:
        """What it must be allowed to read in buckets."""
        away = [each for each in self.trees if isinstance(each, BucketTree)]
        return sorted({f"{each.bucket}/{each.prefix}".rstrip("/") for each in away})

    @property
    def shelf_of(self) -> ShelfOf:
        return self._shelf

    def _shelf(self, tree: Tree, path: str) -> Shelf:
        if self._top is None:
            return tree.shelf(path)
        parts = filter(None, (self._prefixes[id(tree)], path))
        return self._top.shelf("/".join(parts))

    def _tree(self, place: str) -> Tree:
        is_film = PurePosixPath(place).suffix.lower() in MEDIA_SUFFIXES
        if is_in_bucket(place):
            kind = OneObject if is_film else BucketTree
            return kind(self._connected(), place)
        return FolderTree(Path(place)) if Path(place).is_dir() else OneFile(Path(place))

    def _tree_of(self, folder: str) -> Tree:
        """A folder for results, which need not be there yet."""
        if is_in_bucket(folder):
            return BucketTree(self._connected(), folder)
        return FolderTree(Path(folder))

    def _connected(self) -> Store:
        self._store = self._store or Store()
        return self._store

    def _names(self) -> list[str]:
        """Where several folders are mirrored below one, each has a folder of its own name there."""
        if len(self.trees) == 1 or self._top is None:
            return ["" for _ in self.trees]
        names = [
            "" if isinstance(tree, OneFile | OneObject) else PurePosixPath(tree.label).name
            for tree in self.trees
        ]
        for name, times in Counter(filter(None, names)).items():
            if times > 1:
                raise click.UsageError(
                    f"{times} of the folders are called {name}, and would be one below -o;"
                    " give them one at a time"
                )
        return names
