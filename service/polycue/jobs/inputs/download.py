"""A file on its way from another host: what has come of it, and how it goes on after a break."""

import hashlib
import re
from collections.abc import AsyncIterator
from typing import BinaryIO

import httpx

from polycue.domain.errors import SourceTooLarge, SourceUnreachable, SourceUnusable
from polycue.jobs.disk import storage_errors
from polycue.jobs.inputs.rules import OnHost

_MAY_PASS = {408, 425, 429, 500, 502, 503, 504}
_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]+/([0-9]+|\*)")
_TAG = re.compile(r"[ -~]+")  # what we can send back as it came


class Download:
    """Bytes written to ``file``, at most so many; ``sha256`` is theirs, in hex."""

    def __init__(self, file: BinaryIO, most_bytes: int) -> None:
        self._file, self._most_bytes = file, most_bytes
        self._tag = ""
        self._begin()

    def __repr__(self) -> str:
        return f"Download({self._size_bytes} bytes)"

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def goes_on(self) -> bool:
        """Whether there is something to go on with, and the host told a file from the next one."""
        return bool(self._size_bytes and self._tag)

    def headers(self) -> dict[str, str]:
        """Ask for the rest, or for the whole where it is another file by now."""
        if not self.goes_on:
            return {}
        return {"Range": f"bytes={self._size_bytes}-", "If-Range": self._tag}

    async def take(self, place: OnHost, response: httpx.Response) -> None:
        """Write what an answer brings.

        Raises:
            SourceUnusable, SourceUnreachable: it brings no file, or breaks off.
            SourceTooLarge: it has more bytes than may come.
        """
        self._check(place, response)
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            self._begin()
        tag = response.headers.get("ETag", "")
        is_weak = tag.startswith("W/")  # and promises no same bytes
        self._tag = tag if _TAG.fullmatch(tag) and not is_weak else ""
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and self._size_bytes + int(announced) > self._most_bytes:
            raise SourceTooLarge(place.host, self._most_bytes)
        async for data in _pieces(place, response):
            self._add(place, data)

    def _check(self, place: OnHost, response: httpx.Response) -> None:
        status = response.status_code
        if status in _MAY_PASS:
            raise SourceUnreachable(place.host, f"it answers {status}")
        if status == httpx.codes.PARTIAL_CONTENT and self._size_bytes:
            found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
            same = response.headers.get("ETag", self._tag) == self._tag
            if not (found and same and int(found[1]) == self._size_bytes):
                raise SourceUnusable(place.host, "it sends another part than was asked for")
        elif status != httpx.codes.OK:
            raise SourceUnusable(place.host, f"it answers {status}")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise SourceUnusable(place.host, "it sends the file compressed, unasked")

    def _begin(self) -> None:
        with storage_errors("the job's input"):
            self._file.seek(0)
            self._file.truncate()
        self._hash, self._size_bytes = hashlib.sha256(), 0

    def _add(self, place: OnHost, data: bytes) -> None:
        if self._size_bytes + len(data) > self._most_bytes:
            raise SourceTooLarge(place.host, self._most_bytes)
        with storage_errors("the job's input"):
            self._file.write(data)
            self._file.flush()  # now, where its failure is told as what it is
        self._hash.update(data)
        self._size_bytes += len(data)


async def _pieces(place: OnHost, response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for data in response.aiter_raw():  # raw: nothing is unpacked
            yield data
    except OSError as error:  # such as a record that TLS finds tampered with
        raise SourceUnreachable(place.host, "the connection broke") from error
