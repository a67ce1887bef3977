"""How a client knows its server, and the server its client."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import grpc

from polycue_client.wire.addresses import is_local, several, target_of
from polycue_client.wire.named_calls import NamedCalls

Wire = TypeVar("Wire")


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files; without ``ca`` the server's certificate must be from one of the usual CAs.

    ``certificate`` and ``key`` are shown to a server that asks for them (mTLS). ``server_name`` is
    the name in the server's certificate, where that is not the one in its address.

    Raises:
        ValueError: there is a certificate without its key, or a key alone.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    server_name: str = ""

    def __post_init__(self) -> None:
        if (self.certificate is None) is not (self.key is None):  # grpc would end the process
            raise ValueError("a certificate and its key belong together")

    def credentials(self) -> grpc.ChannelCredentials:
        """Raises OSError where a file cannot be read."""
        ca, key, certificate = (
            path.read_bytes() if path else None for path in (self.ca, self.key, self.certificate)
        )
        return grpc.ssl_channel_credentials(ca, key, certificate)


class InTheClear(ValueError):
    """A token would cross a network in the clear, and nobody said that it may."""


@dataclass(frozen=True, slots=True)
class Access:
    """What ``connect`` was told of ``target``: ``tls`` True means the usual CAs, False none.

    Raises:
        InTheClear: the token would be read by others.
        ValueError: ``target`` is a list that gRPC does not take, or one of servers with TLS and
            without a name that their certificates have in common.
    """

    target: str
    token: str = ""
    tls: Tls | bool = False
    token_in_the_clear: bool = False

    def __post_init__(self) -> None:
        target_of(self.target)
        named = isinstance(self.tls, Tls) and self.tls.server_name
        if self.tls and several(self.target) and not named:
            raise ValueError(
                f"{self.target}: several servers have one name in their certificates; say which"
                " (server_name, --tls-name)"
            )
        safe = self.tls or self.token_in_the_clear or is_local(self.target)
        if self.token and not safe:
            raise InTheClear(
                f"the token would travel to {self.target} in the clear; use TLS, or allow just that"
            )

    def __repr__(self) -> str:
        return f"Access({self.target})"  # never the token

    def channel(
        self, secure: Callable[..., Wire], insecure: Callable[..., Wire], options: list[Any]
    ) -> Wire:
        """A channel made by grpc's or grpc.aio's functions.

        Where the server is this machine no proxy of the environment's stands in between: gRPC asks
        one for ``localhost`` too, and it would read what travels in the clear.
        """
        target = target_of(self.target)
        if is_local(target):
            options = [*options, ("grpc.enable_http_proxy", 0)]
        if self.tls:
            tls = Tls() if self.tls is True else self.tls
            if tls.server_name:
                options = [*options, ("grpc.ssl_target_name_override", tls.server_name)]
            wire = secure(target, tls.credentials(), options)
        else:
            wire = insecure(target, options)
        return cast(Wire, NamedCalls(wire, self.token))
