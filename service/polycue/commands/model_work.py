"""What the commands of ``polycue models`` do alike."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from polycue.commands.model_facts import write_json
from polycue.domain.errors import PolycueError
from polycue.models.lock import Lock
from polycue.models.place import default_models_dir
from polycue.models.store import ModelStore


def read_lock(file: Path | None) -> Lock | None:
    with reported():
        return Lock.read(file) if file else None


def do_each(
    items: Sequence[str], work: Callable[[str], list[dict[str, Any]]], *, as_json: bool
) -> int:
    """Do and tell all that can be done; the exit status, 1 when something could not."""
    outcomes: list[dict[str, Any]] = []
    for item in items:
        try:
            done = work(item)
        except (PolycueError, OSError) as error:
            click.echo(f"Error: {error}", err=True)
            done = [{"name": item, "state": "failed", "error": str(error)}]
        outcomes += done
        if not as_json:
            for outcome in done:
                if outcome["state"] != "failed":
                    click.echo(f"{outcome['name']}: {outcome['state']}, {outcome['size']}")
    if as_json:
        write_json(outcomes)
    return 1 if any(outcome["state"] == "failed" for outcome in outcomes) else 0


@contextmanager
def reported() -> Iterator[None]:
    """What goes wrong within, as a command says it."""
    try:
        yield
    except (PolycueError, OSError) as error:
        raise click.ClickException(str(error)) from error


def store_in(models_dir: Path | None) -> ModelStore:
    return ModelStore(models_dir or default_models_dir())
