"""``polycue serve``: a server in the foreground, until it is told to stop."""

import os
from collections.abc import Callable
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import click
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from polycue.config import Settings
from polycue.domain.errors import ListenError, PolycueError

_HELP = """Run a server until it is stopped with Ctrl-C or SIGTERM; a second one does not wait.

Each flag can be set in the environment too: --data-dir as POLYCUE_DATA_DIR.

\b
Examples:
  polycue serve                                   on this machine only
  polycue serve --listen unix:/run/polycue.sock   on a socket
  polycue serve --listen 0.0.0.0:50051 --tls-cert c.pem --tls-key k.pem --tokens-file t.toml
"""


def flag_of(name: str) -> str:
    return "--" + name.replace("_", "-")


def env_of(name: str) -> str:
    return f"POLYCUE_{name.upper()}"


def _option(name: str, field: FieldInfo) -> click.Option:
    """The flag of a setting. It has no default: what is not given is left to the environment."""
    flags, kind = [name, flag_of(name)], field.annotation
    is_optional = NoneType in get_args(kind)
    if is_optional:
        kind = next(each for each in get_args(kind) if each is not NoneType)
    help_text = f"{field.description}  [{default_of(field)}{env_of(name)}]"
    if kind is bool:
        flags = [name, f"{flag_of(name)}/{flag_of('no_' + name)}"]
        return click.Option(flags, default=None, help=help_text)
    if get_origin(kind) is tuple:
        metavar = "DIR" if Path in get_args(kind) else name.rpartition("_")[2].upper()
        return click.Option(flags, multiple=True, metavar=metavar, help=help_text)
    if get_origin(kind) is Literal:
        return click.Option(flags, type=click.Choice(get_args(kind)), help=help_text)
    if kind is Path:
        metavar = "FILE" if is_optional else "DIR"
        return click.Option(flags, type=str, metavar=metavar, help=help_text)
    return click.Option(flags, type=str if kind is SecretStr else kind, help=help_text)


def default_of(field: FieldInfo) -> str:
    """For the help; "" where there is none, or it depends."""
    value = field.default
    shown = value not in {None, ()} and not isinstance(value, bool) and not field.default_factory
    return f"default: {value}; " if shown else ""


def _settings(given: dict[str, Any]) -> Settings:
    try:
        settings = Settings(
            **{name: value for name, value in given.items() if value not in {None, ()}}
        )
        from polycue.app.doors import safe_address  # neither help nor a wrong flag waits for grpc

        safe_address(settings)
    except ValidationError as error:
        raise click.UsageError(_problem(error)) from error
    except ListenError as error:
        raise click.UsageError(str(error)) from error
    return settings


def _problem(error: ValidationError) -> str:
    first = error.errors()[0]
    if not first["loc"]:  # of several settings together
        return str(first["msg"]).removeprefix("Value error, ")
    name = str(first["loc"][0])
    return f"{flag_of(name)} or {env_of(name)}: {first['msg']}"


def _open_descriptor(
    context: click.Context, option: click.Parameter, number: int | None
) -> int | None:
    try:
        if number is not None:
            os.fstat(number)
    except OSError as error:
        raise click.BadParameter(f"descriptor {number} is not open") from error
    return number


@click.command(
    params=[_option(name, field) for name, field in Settings.model_fields.items()],
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--ready-fd",
    type=int,
    callback=_open_descriptor,
    help="Write the address and a line feed to this descriptor once calls are answered.",
)
@click.option("--exit-with-stdin", is_flag=True, help="Stop at once when standard input ends.")
@click.pass_obj  # what opens the engine, for programs that bring their own; None on a command line
def serve(
    opens: Callable[..., Any] | None,
    /,
    *,
    ready_fd: int | None,
    exit_with_stdin: bool,
    **given: Any,
) -> None:
    # Of a port that is taken grpc writes a line of its own, with the source file it is from.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    settings = _settings(given)
    # Imported late: neither --help nor a wrong flag should wait for the engines.
    from polycue.app.run import run

    try:
        run(settings, ready_fd=ready_fd, exit_with_stdin=exit_with_stdin, opens=opens)
    except PolycueError as error:
        raise click.ClickException(str(error)) from error
