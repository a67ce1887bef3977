"""What an operator lets requests read, and what a URI means under these rules."""

import ipaddress
import re
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from polycue.domain.errors import InvalidRequest, SourceRefused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PORTS = {"https": 443, "http": 80}
_UNFIT = re.compile(r"[\x00-\x20\x7f\\]")
_NO_NAMES = {"", ".", ".."}
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class SourceRules:
    """What is empty forbids.

    ``hosts`` are names, ``*.suffix`` for all below one, or ``*``; with ``:port`` where it is not
    the usual one. ``buckets`` are ``bucket`` or ``bucket/prefix``, and nothing below ``own_bucket``
    is read. ``networks`` may be connected to although they are not public. ``max_bytes`` is for all
    that one piece of work fetches, ``timeout_s`` for each file.
    """

    file_roots: Sequence[Path] = ()
    hosts: Sequence[str] = ()
    buckets: Sequence[str] = ()
    own_bucket: str = ""
    networks: Sequence[Network] = ()
    plain_http: bool = False
    max_bytes: int = 10 * 1024**3
    timeout_s: float = 3600


@dataclass(frozen=True, slots=True)
class OnDisk:
    path: Path


@dataclass(frozen=True, slots=True)
class OnHost:
    """``host`` is as names are compared, and all of the URL that may be told to anybody."""

    url: httpx.URL

    @property
    def host(self) -> str:
        return self.url.raw_host.decode("ascii").rstrip(".")

    @property
    def port(self) -> int:
        return self.url.port or _PORTS[self.url.scheme]


@dataclass(frozen=True, slots=True)
class InBucket:
    bucket: str
    key: str


Place = OnDisk | OnHost | InBucket


def place_of(uri: str, field: str, rules: SourceRules) -> Place:
    """Where the URI leads, if anything may be read from there.

    Raises:
        InvalidRequest: it is malformed.
        SourceRefused: the operator allows no such source.
    """
    if _UNFIT.search(uri) and not uri.startswith("file:"):
        raise InvalidRequest(field, "has characters that a URI has not; write them as %XX")
    scheme = uri.partition(":")[0].lower()
    match scheme:
        case "file":
            return OnDisk(_path_of(uri, field))
        case "https" | "http":
            return on_host(uri, field, rules)
        case "s3":
            return _in_bucket(uri, field, rules)
        case _:
            raise InvalidRequest(field, "is no URI that can be read: file, https or s3")


def on_host(uri: str, field: str, rules: SourceRules) -> OnHost:
    """The address, if the operator allows its host; as ``place_of``."""
    try:
        place = OnHost(httpx.URL(uri))
    except (httpx.InvalidURL, ValueError) as error:
        raise InvalidRequest(field, "is no URL") from error
    if place.url.scheme not in _PORTS or not place.host:
        raise InvalidRequest(field, "names no host; write https://host/path")
    if place.url.userinfo:
        raise InvalidRequest(field, "has a user's name or password in it; leave them out")
    if place.url.scheme == "http" and not rules.plain_http:
        raise SourceRefused(field, "this server reads no http://; use https://")
    if not any(_host_fits(place, each) for each in rules.hosts):
        raise SourceRefused(field, f"this server reads nothing from {place.host}; upload the media")
    return place


def _host_fits(place: OnHost, allowed: str) -> bool:
    name, colon, port = allowed.lower().partition(":")
    if place.port != (int(port) if colon else _PORTS[place.url.scheme]):
        return False
    if name.startswith("*."):
        return place.host.endswith(name[1:])
    return name in {"*", place.host}


def _in_bucket(uri: str, field: str, rules: SourceRules) -> InBucket:
    bucket, _, key = urllib.parse.unquote(uri[len("s3://") :]).partition("/")
    if not _BUCKET.fullmatch(bucket) or "?" in key or "#" in key:
        raise InvalidRequest(field, "is not of the form s3://bucket/key, without '?' and '#'")
    if not _NO_NAMES.isdisjoint(key.split("/")):  # which some stores take for a way up
        raise InvalidRequest(field, "has an empty part, '.' or '..' in its key")
    whole = f"{bucket}/{key}"
    own = rules.own_bucket.strip("/")
    allowed = any(_lies_below(whole, each) for each in rules.buckets)
    if not allowed or (own and _lies_below(whole, own)):
        raise SourceRefused(field, f"this server reads nothing of this kind from {bucket}")
    return InBucket(bucket, key)


def _lies_below(whole: str, prefix: str) -> bool:
    return whole.startswith(prefix.rstrip("/") + "/")


def _path_of(uri: str, field: str) -> Path:
    try:
        parts = urllib.parse.urlsplit(uri)
        path = Path(urllib.parse.unquote(parts.path, errors="strict"))
    except ValueError as error:  # half of an IPv6 address, bytes that are no UTF-8
        raise InvalidRequest(field, "is no path that can be read") from error
    if parts.netloc not in {"", "localhost"}:
        raise InvalidRequest(field, "names another host; write file:///path")
    if parts.query or parts.fragment:
        raise InvalidRequest(field, "has '?' or '#'; in a path they are written %3F and %23")
    if not path.is_absolute():
        raise InvalidRequest(field, "is not absolute; write file:///path")
    return path
