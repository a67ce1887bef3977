"""Certificates, read again when their files change."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import grpc

from polycue.domain.errors import CredentialsUnusable
from polycue.rpc.access.reloading import Reloaded

Credentials: TypeAlias = grpc.ServerCredentials
_Configuration: TypeAlias = grpc.ServerCertificateConfiguration


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files; with ``client_ca`` clients must have a certificate that it signed."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        every = (self.certificate, self.key, self.client_ca)
        return tuple(path for path in every if path is not None)


def server_credentials(files: TlsFiles) -> Credentials:
    """TLS 1.2 and 1.3, the core's own choice. Files that changed count from the next handshake.

    Raises:
        CredentialsUnusable: a file cannot be read, or they do not belong together.
    """
    current = Reloaded("certificates", files.paths, lambda: _configuration(files))
    credentials: Credentials = grpc.dynamic_ssl_server_credentials(
        current(),
        _if_new(current),  # type: ignore[arg-type] # the stubs know no None
        require_client_authentication=files.client_ca is not None,
    )
    return credentials


def _if_new(current: Callable[[], _Configuration]) -> Callable[[], _Configuration | None]:
    """Asked at every handshake: what is to be used from now on, None for what is used already."""
    used = current()

    def fetch() -> _Configuration | None:
        nonlocal used
        latest = current()
        if latest is used:
            return None
        used = latest
        return latest

    return fetch


def _configuration(files: TlsFiles) -> _Configuration:
    contents = [_bytes(path) for path in files.paths]
    _check(files)
    if contents != [_bytes(path) for path in files.paths]:
        raise CredentialsUnusable(files.certificate, "changed while it was read")
    certificate, key, *client_ca = contents
    configuration: _Configuration = grpc.ssl_server_certificate_configuration(
        [(key, certificate)], root_certificates=client_ca[0] if client_ca else None
    )
    return configuration


def _check(files: TlsFiles) -> None:
    """Grpc takes anything and fails at each handshake, so OpenSSL is asked first."""
    trial = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        trial.load_cert_chain(files.certificate, files.key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        problem = "does not belong to the key, or one of the two is no unlocked PEM"
        raise CredentialsUnusable(files.certificate, problem) from error
    try:
        if files.client_ca:
            trial.load_verify_locations(files.client_ca)
    except ssl.SSLError as error:
        raise CredentialsUnusable(files.client_ca or Path(), "has no PEM certificate") from error


def _no_password() -> str:
    return ""  # else OpenSSL asks at the terminal


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CredentialsUnusable(path, error.strerror or "cannot be read") from error
