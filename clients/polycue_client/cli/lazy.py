"""A group whose commands are imported when they are run, so that ``--help`` is quick."""

import importlib
import signal
from collections.abc import Mapping
from dataclasses import dataclass

import click

from polycue_client.cli.exits import Failed


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Where a command is (``module:attribute``), and its line in the group's help.

    One that ``tidies_up`` gets Ctrl-C as a KeyboardInterrupt; to others it is the end, as long as
    they do not listen for it themselves.
    """

    home: str
    summary: str
    tidies_up: bool = False


class LazyGroup(click.Group):
    """A group that knows its commands by name only."""

    def __init__(
        self, *args: object, commands: Mapping[str, LazyCommand], **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.lazy_commands = commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lazy_commands)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        found = self.lazy_commands.get(name)
        return _imported(name, found) if found else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, c.summary) for name, c in self.lazy_commands.items()])


def _imported(name: str, lazy: LazyCommand) -> click.Command:
    """The command itself.

    Raises:
        Failed: its packages are not installed.
    """
    module, _, attribute = lazy.home.partition(":")
    try:
        command: click.Command = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise Failed(
            f"'polycue {name}' needs {error.name}, which is not installed; "
            "get it with: pip install 'polycue[service]'"
        ) from error
    if lazy.tidies_up:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return command
