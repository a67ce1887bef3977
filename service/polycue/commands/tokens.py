"""``polycue tokens``: who may call a server."""

import datetime as dt
import fcntl
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from polycue.domain.errors import PolycueError
from polycue.rpc.access.callers import Allowance
from polycue.rpc.access.callers_file import TENANT, read_callers, token_entry
from polycue.rpc.access.tokens import hash_of, new_token

FC = TypeVar("FC", bound=Callable[..., Any])

_HELP = """Make a token for a tenant, and let it in.

The token is written to stdout, once and nowhere else: what the server keeps is its hash. With
--file the hash is added there, and a running server takes it at once; without, the lines to add
are shown.

\b
Examples:
  polycue tokens new --tenant films --file tokens.toml > films.token
  polycue tokens new --tenant films --name "build server" --expires 2027-06-30
"""


@click.group(help="Make tokens that let callers in, and see whom a file lets in.")
def tokens() -> None:
    pass


def _tenant(context: click.Context, option: click.Parameter, value: str) -> str:
    if not re.fullmatch(TENANT, value):
        raise click.BadParameter("has up to 63 letters, digits, dots, dashes and underscores")
    return value


def _name(context: click.Context, option: click.Parameter, value: str) -> str:
    if not value.isprintable():
        raise click.BadParameter("has characters that cannot be shown")
    return value


def _day(context: click.Context, option: click.Parameter, value: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if value else None
    except ValueError as error:
        raise click.BadParameter("is no date such as 2027-06-30") from error


def _file_option(help_text: str, **how: Any) -> Callable[[FC], FC]:
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option(
        "--file", type=kind, envvar="POLYCUE_TOKENS_FILE", show_envvar=True, help=help_text, **how
    )


@tokens.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--tenant", required=True, callback=_tenant, help="Whose jobs its calls see.")
@click.option("--name", default="", callback=_name, help="What it is for; the operator's own note.")
@click.option(
    "--expires", callback=_day, metavar="DATE", help="The first day it is of no use; UTC."
)
@_file_option("The server's --tokens-file; made if it is not there.")
def new(tenant: str, name: str, expires: dt.date | None, file: Path | None) -> None:
    token = new_token()
    entry = token_entry(tenant, hash_of(token), name=name, expires=expires)
    if file is None:
        click.echo(f"Add to the server's --tokens-file:\n\n{entry}", err=True)
    else:
        _add(file, entry)
        click.echo(f"added to {click.format_filename(file)}", err=True)
    click.echo(token)


@tokens.command("list")
@_file_option("The server's --tokens-file.", required=True)
def list_tokens(file: Path) -> None:
    """Say whether the file is one that a server takes, and whom it lets in."""
    try:
        callers = read_callers(file, Allowance())
    except PolycueError as error:
        raise click.ClickException(str(error)) from error
    for token in callers.tokens:
        until = "" if token.expires_ms is None else f"  until {_day_of(token.expires_ms)}"
        name = f"  {token.name}" if token.name else ""
        click.echo(f"{token.tenant}  token {token.sha256.hex()[:12]}…{until}{name}")
    for identity, tenant in callers.certificates.items():
        click.echo(f"{tenant}  certificate {identity}")


def _day_of(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def _add(path: Path, entry: str) -> None:
    """Append the entry in one write, so that no server reads half of it."""
    try:
        with open(path, "a", encoding="utf-8", opener=_private) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            read_callers(path, Allowance())  # before anything is added to what is broken
            file.write(f"\n{entry}" if path.stat().st_size else entry)
    except OSError as error:
        raise click.FileError(str(path), error.strerror or "cannot be written") from error
    except PolycueError as error:
        raise click.ClickException(str(error)) from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
