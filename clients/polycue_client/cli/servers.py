"""Options about the server that does the work, or how one is started for it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from polycue_client.cli.parsing import Function, packed

if TYPE_CHECKING:  # it brings grpc, which --help does not wait for
    from polycue_client.wire.security import Access, Tls


@dataclass(frozen=True, slots=True)
class AccessChoice:
    """How to know the server at ``server``, and to be known there."""

    server: str
    token_file: Path | None
    tls: bool
    tls_ca: Path | None
    tls_cert: Path | None
    tls_key: Path | None
    tls_name: str
    token_in_the_clear: bool

    def require_server(self) -> None:
        if not self.server:
            raise click.UsageError("name the server with --server, or in POLYCUE_SERVER")

    def encryption(self) -> "Tls | bool":
        """What ``connect`` is to be told of TLS."""
        if (self.tls_cert is None) is not (self.tls_key is None):
            raise click.UsageError("--tls-cert and --tls-key belong together")
        from polycue_client.wire.security import Tls

        tls = Tls(self.tls_ca, self.tls_cert, self.tls_key, self.tls_name)
        return tls if self.tls or tls != Tls() else False

    def keywords(self) -> dict[str, Any]:
        """What ``connect`` is to be told besides the address."""
        told: dict[str, Any] = {
            "token": self._token(),
            "tls": self.encryption(),
            "token_in_the_clear": self.token_in_the_clear,
        }
        self.access(**told)
        return told

    def access(self, **told: Any) -> "Access":
        """The way to the server, or a word on how it has to be named."""
        from polycue_client.wire.security import Access, InTheClear

        try:
            return Access(self.server, **told)
        except InTheClear as error:
            raise click.UsageError(f"{error}: --tls, or --token-in-the-clear") from error
        except ValueError as error:
            raise click.UsageError(str(error)) from error

    def _token(self) -> str:
        if self.token_file is None:
            return os.environ.get("POLYCUE_TOKEN", "").strip()
        try:
            return self.token_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            problem = getattr(error, "strerror", None) or "holds no token"
            raise click.FileError(str(self.token_file), problem) from error


@dataclass(frozen=True, slots=True)
class ServerChoice(AccessChoice):
    """A server's address and how it is reached; or "", and how an embedded server is to run."""

    models_dir: Path | None
    device: str | None
    device_index: int | None
    compute_type: str
    threads: int | None
    offline: bool

    def __post_init__(self) -> None:
        if self.server and self.flags():
            flag = self.flags()[0].partition("=")[0]
            raise click.UsageError(
                f"{flag} is for the embedded server; the one at {self.server} has its own settings"
            )

    def flags(self) -> list[str]:
        """For the embedded server's command line; what is not given stays its own default."""
        given = {
            "--models-dir": self.models_dir and self.models_dir.absolute(),
            "--device": self.device,
            "--device-index": self.device_index,
            "--compute-type": self.compute_type or None,
            "--threads": self.threads,
        }
        flags = [f"{flag}={value}" for flag, value in given.items() if value is not None]
        return [*flags, "--offline"] if self.offline else flags


def server_address(help_text: str) -> Callable[[Function], Function]:
    """The option --server, which may as well stand before the command's name."""

    def chosen(ctx: click.Context, param: click.Parameter, value: str) -> str:
        before = str(ctx.find_root().params.get("server", ""))
        here = ctx.get_parameter_source("server") is ParameterSource.COMMANDLINE
        return value if here or not before else before

    return click.option(
        "--server",
        envvar="POLYCUE_SERVER",
        default="",
        metavar="ADDR",
        show_envvar=True,
        help=help_text,
        callback=chosen,
    )


def _file(name: str, help_text: str, *, envvar: str) -> Callable[[Function], Function]:
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option(name, type=kind, envvar=envvar, show_envvar=True, help=help_text)


_ACCESS_OPTIONS = (
    _file(
        "--token-file",
        "Holds the token the server knows you by; POLYCUE_TOKEN may hold the token itself.",
        envvar="POLYCUE_TOKEN_FILE",
    ),
    click.option(
        "--tls", is_flag=True, envvar="POLYCUE_TLS", help="Encrypt; any option below does."
    ),
    _file("--tls-ca", "CA of the server's certificate, as PEM.", envvar="POLYCUE_TLS_CA"),
    _file("--tls-cert", "Certificate to show the server.", envvar="POLYCUE_CLIENT_CERT"),
    _file("--tls-key", "Its private key.", envvar="POLYCUE_CLIENT_KEY"),
    click.option(
        "--tls-name", default="", metavar="NAME", help="Name in the server's certificate."
    ),
    click.option(
        "--token-in-the-clear",
        is_flag=True,
        help="Send the token unencrypted to another machine, where the network is trusted.",
    ),
)

access_options = packed(
    "access",
    AccessChoice,
    "Which server",
    server_address("The server, such as localhost:50051."),
    *_ACCESS_OPTIONS,
)

server_options = packed(
    "choice",
    ServerChoice,
    "Where the work is done",
    server_address(
        "A running server, such as localhost:50051. Without it one is started for this command."
    ),
    *_ACCESS_OPTIONS,
    click.option(
        "--models-dir",
        "--model-dir",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where the models are.",
    ),
    click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda"]),
        help="What to run models on.",
    ),
    click.option("--device-index", type=click.IntRange(0), metavar="N", help="Which GPU."),
    click.option("--compute-type", default="", metavar="TYPE", help="int8, float16, float32, ..."),
    click.option("--threads", type=click.IntRange(1), metavar="N", help="CPU threads for models."),
    click.option(
        "--offline",
        "--local-files-only",
        "--model-cache-only",
        is_flag=True,
        help="Never touch the network; serving never does.",
    ),
)
