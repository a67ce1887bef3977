"""The public list of Argos packages, and their archives.

Argos's own client is not used for this: it has no timeout, reads archives wholly into memory,
writes into the user's home, and swallows errors.
"""

import http.client
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polycue.domain import language
from polycue.domain.errors import DownloadFailed, InvalidRequest, ModelMissing
from polycue.models.facts import version_order
from polycue.models.manifest import Progress

# What argostranslate.settings reads, too.
INDEX_URL = "https://raw.githubusercontent.com/argosopentech/argospm-index/main/index.json"

_TIMEOUT_S = 30
_MOST_INDEX_BYTES = 16 * 2**20
_MOST_ARCHIVE_BYTES = 2 * 2**30
_BLOCK_BYTES = 2**18
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_ADVICE = (
    "check the network, or fetch it on another machine and run 'polycue models import' on the file"
)


@dataclass(frozen=True, slots=True)
class ArgosPackage:
    """A package that can be pulled. Languages are BCP-47."""

    source: str
    target: str
    version: str
    links: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.source}:{self.target}"


class ArgosIndex:
    """The list at ``url``, which may be that of the ``index.json`` or of the folder it is in."""

    def __init__(self, url: str = INDEX_URL) -> None:
        self._url = url if url.endswith(".json") else url.rstrip("/") + "/index.json"

    def packages(self) -> tuple[ArgosPackage, ...]:
        """All packages for translating, in order of name and version; asks the network each time.

        Raises:
            DownloadFailed: the list cannot be had or read.
        """
        with _opened(self._url, "the list of Argos packages") as response:
            data = response.read(_MOST_INDEX_BYTES)
        try:
            listed = _packages(data)
        except (ValueError, TypeError, AttributeError) as error:
            raise DownloadFailed(self._url, "it is no list of packages", _ADVICE) from error
        return tuple(sorted(listed, key=lambda p: (p.name, version_order(p.version))))

    def find(self, source: str, target: str) -> ArgosPackage:
        """The newest package from ``source`` to ``target``.

        Raises:
            ModelMissing: there is none, but its command gets two that lead there through English.
            InvalidRequest: there is no such way either.
            DownloadFailed: the list cannot be had or read.
        """
        packages = self.packages()
        fitting = [p for p in packages if (p.source, p.target) == (source, target)]
        if fitting:
            return fitting[-1]
        legs = [f"{source}:en", f"en:{target}"]
        if {p.name for p in packages}.issuperset(legs):
            raise ModelMissing(f"{source}:{target}", f"polycue models pull {' '.join(legs)}")
        raise InvalidRequest(
            "pair", f"nobody offers {source}:{target}; see 'polycue models list --available'"
        )

    def fetch(self, package: ArgosPackage, to: Path, progress: Progress) -> str:
        """Write the package's archive to ``to`` and return the address it came from.

        Raises:
            DownloadFailed: none of its links gives it.
        """
        failure = DownloadFailed(package.name, "the index names no web address for it", _ADVICE)
        for link in package.links:
            try:
                _fetch(link, to, progress)
            except DownloadFailed as error:
                failure = error
            else:
                return link
        raise failure


def _fetch(link: str, to: Path, progress: Progress) -> None:
    with _opened(link, link) as response, to.open("wb") as file:
        announced = response.headers.get("Content-Length", "")
        total = int(announced) if announced.isdecimal() else None
        done = 0
        while block := response.read(_BLOCK_BYTES):
            done += len(block)
            if done > _MOST_ARCHIVE_BYTES:
                raise DownloadFailed(link, "it is larger than any package", _ADVICE)
            file.write(block)
            progress(done, total)
        if total is not None and done < total:
            raise DownloadFailed(link, f"the connection ended after {done} bytes", _ADVICE)


@contextmanager
def _opened(url: str, what: str) -> Iterator[http.client.HTTPResponse]:
    """The answer to a request for ``url``, over TLS unless from this very machine."""
    if not _is_safe(url):
        raise DownloadFailed(what, f"{url} is not an https address", _ADVICE)
    request = urllib.request.Request(url, headers={"User-Agent": "polycue"})  # noqa: S310 - checked
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310
            if not _is_safe(response.url):
                raise DownloadFailed(what, f"{url} leads to {response.url}", _ADVICE)
            yield response
    except urllib.error.HTTPError as error:
        error.close()
        raise DownloadFailed(what, f"{url} answers {error.code}", _ADVICE) from error
    except urllib.error.URLError as error:
        raise DownloadFailed(what, f"{url} cannot be reached ({error.reason})", _ADVICE) from error
    except (TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException) as error:
        raise DownloadFailed(what, f"{url} broke off ({error})", _ADVICE) from error


def _is_safe(url: str) -> bool:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _packages(data: bytes) -> list[ArgosPackage]:
    content = json.loads(data)
    if not isinstance(content, list):
        raise TypeError(f"not a list: {type(content)}")
    return [package for package in map(_package, content) if package]


def _package(listed: dict[str, Any]) -> ArgosPackage | None:
    codes = listed.get("from_code"), listed.get("to_code")
    if listed.get("type", "translate") != "translate" or not all(codes):
        return None
    return ArgosPackage(
        source=language.from_argos(str(codes[0])),
        target=language.from_argos(str(codes[1])),
        version=str(listed.get("package_version", "")),
        links=tuple(str(link) for link in listed.get("links", []) if _is_safe(str(link))),
    )
