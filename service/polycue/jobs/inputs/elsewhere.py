"""Brings what a URI means to where a job works."""

import os
import urllib.parse
from pathlib import Path

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import SourceRefused
from polycue.domain.request import InputFile
from polycue.jobs.inputs.bench import Bench
from polycue.jobs.inputs.buckets import Buckets
from polycue.jobs.inputs.roots import Roots
from polycue.jobs.inputs.rules import InBucket, OnDisk, OnHost, SourceRules, place_of
from polycue.jobs.inputs.web import Web

LONGEST_FILENAME_BYTES = 200  # file systems take 255, and results add ".zh-Hant.forced.json"
UNNAMED = "media"


class Elsewhere:
    """``buckets`` is None where no bucket may be read."""

    def __init__(self, rules: SourceRules, web: Web, buckets: Buckets | None) -> None:
        self._rules, self._web, self._buckets = rules, web, buckets
        self._roots = Roots(rules.file_roots)

    @property
    def reads_others(self) -> bool:
        """Whether anything but the server's own disk may be read."""
        return bool(self._rules.hosts or self._rules.buckets)

    def name_of(self, uri: str, field: str) -> str:
        """What the file is called. Nothing but the server's own disk is asked.

        Raises:
            InvalidRequest: the URI is malformed, or means a file that cannot be read.
            SourceRefused: it may not be read.
        """
        place = place_of(uri, field, self._rules)
        if isinstance(place, OnDisk):
            descriptor, path = self._roots.open(place.path, field)
            os.close(descriptor)
            return fitting(path.name)
        return _name_in(place)

    def bench(self, folder: Path, cancel: CancelToken) -> Bench:
        return Bench(folder, cancel, room_bytes=self._rules.max_bytes)

    def bring(self, uri: str, field: str, bench: Bench) -> InputFile:
        """Put the file onto the bench. Blocks.

        A file of the server's own is a link to a descriptor: ``/proc/self/fd/N`` means the same
        file in every process that inherits N, and no other one whatever happens to its name.
        """
        place = place_of(uri, field, self._rules)
        if isinstance(place, OnDisk):
            descriptor, path = self._roots.open(place.path, field)
            bench.held.callback(os.close, descriptor)
            name = fitting(path.name)
            link = bench.shelf() / name
            link.symlink_to(f"/proc/self/fd/{descriptor}")
            return InputFile(link, name)
        name = _name_in(place)
        path = bench.shelf() / name
        identity = self._fetch(place, field, path, bench)
        bench.room_bytes -= path.stat().st_size
        return InputFile(path, name, identity)

    def _fetch(self, place: OnHost | InBucket, field: str, path: Path, bench: Bench) -> str:
        cancel, most_bytes = bench.cancel, bench.room_bytes
        if isinstance(place, OnHost):
            return f"sha256:{self._web.fetch(place, field, path, cancel, most_bytes)}"
        if self._buckets is None:
            raise SourceRefused(field, "this server reads no buckets; upload the media")
        return f"etag:{self._buckets.fetch(place, path, cancel, most_bytes)}"


def fitting(name: str) -> str:
    """A file's name, fit for every file system and short enough to name results after it."""
    path = Path("".join(char if char.isprintable() else "_" for char in name))
    suffix = path.suffix if len(path.suffix) < 16 else ""
    room = LONGEST_FILENAME_BYTES - len(os.fsencode(suffix))
    stem = os.fsencode(path.stem)[:room].decode("utf-8", "ignore")
    return f"{stem or UNNAMED}{suffix}"


def _name_in(place: OnHost | InBucket) -> str:
    path = place.url.path if isinstance(place, OnHost) else place.key
    name = Path(urllib.parse.unquote(path)).name
    return fitting(UNNAMED if name in {"", ".."} else name)
