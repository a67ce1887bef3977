"""Trees in an S3-compatible object store: the client's only module that imports s3fs, an extra.

Where the store is and who we are come from the usual environment: ``AWS_ENDPOINT_URL``,
``AWS_ACCESS_KEY_ID``, ``AWS_PROFILE``, an instance's role.
"""

import contextlib
import tempfile
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polycue_client.cli.bulk.trees import Entry, Found, Shelf
from polycue_client.cli.exits import Failed
from polycue_client.errors import FileExists

if TYPE_CHECKING:
    from polycue.api.v1 import artifacts_pb2, media_pb2
    from polycue_client.client import Polycue

SCHEME = "s3://"
_HOW = "pip install 'polycue[s3]'"


class Store:
    """A connection to the object store; threads may share it."""

    def __init__(self) -> None:
        """Makes no call yet.

        Raises:
            Failed: s3fs is not installed.
        """
        try:
            import s3fs
        except ImportError as error:
            raise Failed(
                f"{SCHEME} wants the extra s3, which is not installed; get it with: {_HOW}"
            ) from error
        self._fs: Any = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)

    def pages(self, bucket: str, prefix: str) -> Iterator[Mapping[str, Any]]:
        """The answers to a listing of one folder, in the order of the keys, a thousand each."""
        asked: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, "Delimiter": "/"}
        while True:
            with _told(f"{SCHEME}{bucket}/{prefix}"):
                page = self._fs.call_s3("list_objects_v2", **asked)
            yield page
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]

    def put(self, path: Path, bucket: str, key: str) -> None:
        with _told(f"{SCHEME}{bucket}/{key}"):
            self._fs.put_file(str(path), f"{bucket}/{key}")

    def has(self, bucket: str, key: str) -> bool:
        with _told(f"{SCHEME}{bucket}/{key}"):
            return bool(self._fs.exists(f"{bucket}/{key}"))


class BucketTree:
    """What lies below ``s3://bucket/prefix``. The server reads the films by itself."""

    def __init__(self, store: Store, uri: str) -> None:
        self._store = store
        self.bucket, _, prefix = _without_scheme(uri).partition("/")
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def __repr__(self) -> str:
        return f"BucketTree({self.address})"

    @property
    def address(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}"

    @property
    def label(self) -> str:
        return self.address

    def folders(self) -> Iterator[Found]:
        yield from self._below("")

    def _below(self, path: str) -> Iterator[Found]:
        try:
            files, folders = _listed(self._store, self.bucket, self._folder(path))
        except OSError as error:
            yield Found(path, {}, error)
            return
        yield Found(path, files)
        for name in folders:
            if not name.startswith("."):
                yield from self._below(f"{path}/{name}" if path else name)

    def shelf(self, path: str) -> Shelf:
        return BucketShelf(self._store, self.bucket, self._folder(path))

    def _folder(self, path: str) -> str:
        return f"{self.prefix}{path}/" if path else self.prefix

    def local(self, name: str) -> None:
        return None

    def source(self, name: str) -> "media_pb2.MediaSource":
        from polycue.api.v1 import media_pb2

        key = urllib.parse.quote(f"{self.prefix}{name}")
        return media_pb2.MediaSource(uri=f"{SCHEME}{self.bucket}/{key}")


class OneObject(BucketTree):
    """A single film that was named."""

    def __init__(self, store: Store, uri: str) -> None:
        folder, _, self._name = _without_scheme(uri).rpartition("/")
        super().__init__(store, folder)

    def folders(self) -> Iterator[Found]:
        for found in super().folders():
            there = found.files
            yield Found("", {self._name: there.get(self._name, Entry(0, "", 0.0))}, found.problem)
            return


class BucketShelf:
    def __init__(self, store: Store, bucket: str, folder: str) -> None:
        self._store, self._bucket, self._folder = store, bucket, folder

    def __repr__(self) -> str:
        return f"BucketShelf({self.address('')})"

    def there(self) -> Mapping[str, Entry]:
        return _listed(self._store, self._bucket, self._folder)[0]

    def has(self, name: str) -> bool:
        return self._store.has(self._bucket, self._folder + name)

    def check_writable(self) -> None:
        """Only an object that is written tells: what may be read of a policy differs by store."""

    def address(self, name: str) -> str:
        return f"{SCHEME}{self._bucket}/{self._folder}{name}"

    def publish(
        self,
        client: "Polycue",
        wanted: "Sequence[tuple[artifacts_pb2.Artifact, str]]",
        *,
        overwrite: bool,
    ) -> None:
        """All are here before the first is sent; an object appears once all of it is there."""
        with tempfile.TemporaryDirectory(prefix="polycue-") as folder:
            brought = [
                (_brought(client, artifact, Path(folder) / str(number)), artifact, name)
                for number, (artifact, name) in enumerate(wanted)
            ]
            if not overwrite:
                for _, _, name in brought:
                    if self.has(name):
                        raise FileExists(self.address(name))
            for path, _, name in brought:
                self._store.put(path, self._bucket, self._folder + name)


def _brought(client: "Polycue", artifact: "artifacts_pb2.Artifact", path: Path) -> Path:
    with path.open("wb") as file:
        client.download_into(file, artifact)
    return path


def _listed(store: Store, bucket: str, folder: str) -> tuple[dict[str, Entry], list[str]]:
    files, folders = dict[str, Entry](), list[str]()
    for page in store.pages(bucket, folder):
        for each in page.get("Contents", ()):
            name = each["Key"].removeprefix(folder)
            if name:  # else it stands for the folder itself
                version, changed = each["ETag"].strip('"'), each["LastModified"].timestamp()
                files[name] = Entry(each["Size"], version, changed)
        folders += [
            each["Prefix"].removeprefix(folder).strip("/")
            for each in page.get("CommonPrefixes", ())
        ]
    return files, folders


def _without_scheme(uri: str) -> str:
    return uri.removeprefix("s3:").lstrip("/")


@contextlib.contextmanager
def _told(address: str) -> Iterator[None]:
    """Let all that the store and the way to it can do wrong be an OSError that names the place."""
    try:
        yield
    except Exception as error:
        raise OSError(f"{address}: {str(error) or type(error).__name__}") from error
