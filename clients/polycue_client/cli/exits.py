"""Exit codes, and errors as what the terminal shows of them."""

import contextlib
from collections.abc import Iterator
from enum import IntEnum
from typing import ClassVar

import click

from polycue_client.cli.display import name_of

_HUNG_UP = "Socket closed"  # what grpc says where the other side ends the handshake


class ExitCode(IntEnum):
    DONE = 0
    SOME_FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    INTERRUPTED = 130


class Failed(click.ClickException):
    """Work that could not be done; shown as one line."""

    exit_code: ClassVar[int] = ExitCode.SOME_FAILED


class Unreachable(click.ClickException):
    """No server answers."""

    exit_code: ClassVar[int] = ExitCode.UNREACHABLE


@contextlib.contextmanager
def reported(server: str) -> Iterator[None]:
    """Turn what the client library and the file system raise into one line and an exit code."""
    from polycue_client.errors import PolycueClientError, ServerNotTrusted, ServerUnreachable

    try:
        yield
    except ServerNotTrusted as error:
        hint = "give its CA with --tls-ca, and with --tls-name the name it has"
        raise Unreachable(f"{explain(error)}\n  {hint}") from error
    except ServerUnreachable as error:
        words = f"no server answers at {server}: {explain(error)}"
        if _HUNG_UP in error.message:
            words += "\n  it may want TLS (--tls, --tls-ca), or to see a certificate (--tls-cert)"
        raise Unreachable(words) from error
    except (PolycueClientError, OSError) as error:
        raise Failed(explain(error)) from error


def explain(error: Exception) -> str:
    """What happened and what to do about it, on one line where one is enough."""
    from polycue_client.errors import NotAllowed, PolycueClientError, ServerFault, TimedOut

    if isinstance(error, OSError) and error.filename is not None:
        return f"{name_of(error.filename)}: {error.strerror}"
    if not isinstance(error, PolycueClientError):
        return str(error) or type(error).__name__
    lines = [error.message]
    lines += [
        f"  {v.field}: {v.description}"
        for v in error.violations
        if v.description not in error.message
    ]
    command = error.metadata.get("command", "")
    if command and command not in error.message:
        lines.append(f"  get it with: {command}")
    if isinstance(error, NotAllowed):
        lines.append("  give a token with --token-file, or in POLYCUE_TOKEN")
    if error.request_id and isinstance(error, (ServerFault, TimedOut)):
        lines.append(f"  the server's log knows more of request {error.request_id}")
    return "\n".join(lines)
