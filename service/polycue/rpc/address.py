"""Where to listen, and who can reach it there."""

import contextlib
import ipaddress
import os
import re
import socket
from dataclasses import dataclass

from polycue.domain.errors import AddressUnusable, InsecureAddress

_TCP = re.compile(r"(?P<host>\[[^\]]+\]|[^:\[\]]+):(?P<port>\d{1,5})")
_LONGEST_SOCKET_BYTES = 107  # sun_path holds 108 with its closing NUL (unix(7))


@dataclass(frozen=True, slots=True)
class Address:
    """``text`` is as gRPC takes it: ``unix:/path`` or ``host:port``."""

    text: str
    is_local: bool

    @classmethod
    def parse(cls, text: str) -> "Address":
        """The address a text means.

        Raises:
            AddressUnusable: it is neither ``HOST:PORT`` nor ``unix:/PATH``.
        """
        if text.startswith("unix:"):
            return cls(f"unix:{_socket_path(text)}", is_local=True)
        match = _TCP.fullmatch(text)
        if match is None or int(match["port"]) > 65535:
            raise AddressUnusable(text, "it is neither HOST:PORT nor unix:/PATH")
        return cls(text, is_local=_is_loopback(match["host"].strip("[]")))

    def require_free(self) -> None:
        """Return where no server answers yet; of TCP ports the bind itself tells.

        Raises:
            AddressUnusable: one does. gRPC would take its socket away from it without a word.
        """
        if not self.text.startswith("unix:"):
            return
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            probe.settimeout(1)
            probe.connect(self.text.removeprefix("unix:"))
            raise AddressUnusable(self.text, "another server answers there")

    def with_port(self, port: int) -> str:
        """The address with the port that was bound."""
        if self.text.startswith("unix:"):
            return self.text
        return f"{self.text.rpartition(':')[0]}:{port}"

    def host_and_port(self) -> tuple[str, int]:
        """For what listens without gRPC.

        Raises:
            AddressUnusable: it is a unix socket.
        """
        if self.text.startswith("unix:"):
            raise AddressUnusable(self.text, "it is no HOST:PORT")
        host, _, port = self.text.rpartition(":")
        return host.strip("[]"), int(port)

    def require_safe(self, *, encrypted: bool, authenticated: bool, insecure: bool) -> None:
        """Return where other machines do not reach it, or calls are safe, or need not be.

        Raises:
            InsecureAddress: they could be read on their way, or made by anybody.
        """
        if self.is_local or insecure or (encrypted and authenticated):
            return
        missing = "anybody could call: give --tokens-file or --tls-client-ca"
        if not encrypted:
            missing = "calls would travel in the clear: give --tls-cert and --tls-key"
            missing += "" if authenticated else ", and --tokens-file or --tls-client-ca"
        raise InsecureAddress(self.text, missing)


def _socket_path(text: str) -> str:
    path = text.removeprefix("unix:")
    if path.startswith("//"):  # unix:///run/x, gRPC's other spelling
        path = path[2:]
    if not path.startswith("/"):
        raise AddressUnusable(text, "a socket's path is absolute: unix:/PATH")
    if len(os.fsencode(path)) > _LONGEST_SOCKET_BYTES:
        raise AddressUnusable(text, f"a socket's path has at most {_LONGEST_SOCKET_BYTES} bytes")
    return path


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name: who knows what it resolves to
        return False
