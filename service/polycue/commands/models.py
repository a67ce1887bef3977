"""``polycue models``: what is installed, what can be had, and whether it is still what it was."""

from pathlib import Path
from typing import Any

import click

from polycue.commands.bars import bar
from polycue.commands.model_facts import (
    argos_facts,
    installed_facts,
    outcome_of,
    whisper_facts,
    write_json,
)
from polycue.commands.model_work import (
    do_each,
    read_lock,
    reported,
    store_in,
)
from polycue.commands.options import json_option, models_dir_option
from polycue.commands.tables import show_available, show_installed
from polycue.domain.errors import ModelMissing
from polycue.models.argos_index import INDEX_URL, ArgosIndex
from polycue.models.catalogue import catalogue
from polycue.models.imports import import_models
from polycue.models.lock import Lock
from polycue.models.pinning import differences_from, lock_of
from polycue.models.pull import Sources, pull
from polycue.models.store import ModelStore

_HELP = """List, fetch and check models.

Whisper models have names (small, large-v3-turbo); Argos packages are named by what they translate,
en:es. All are kept in one folder.

\b
Examples:
  polycue models list                     what is installed
  polycue models list --available         and what can be pulled
  polycue models pull small en:es en:de   fetch a recogniser and two translators
  polycue models import ~/Downloads       take up what was fetched elsewhere
  polycue models verify                   read every file and compare its hash
  polycue models lock -o models.lock      pin all that is installed to its bytes
  polycue models pull --lock models.lock  install just that on another machine
"""

_offline = click.option("--offline", is_flag=True, help="Never touch the network.")
_argos_index = click.option(
    "--argos-index",
    metavar="URL",
    default=INDEX_URL,
    envvar="ARGOS_PACKAGE_INDEX",
    help="A mirror of the list of Argos packages.",
)
_lock = click.option(
    "--lock",
    "lock_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Hold models to a models.lock that 'polycue models lock' wrote.",
)


@click.group(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
def models() -> None:
    pass


@models.command("list")
@models_dir_option
@click.option("--available", is_flag=True, help="Also what can be pulled.")
@_argos_index
@_offline
@json_option
def list_models(
    *, models_dir: Path | None, available: bool, argos_index: str, offline: bool, as_json: bool
) -> None:
    """Say what is installed.

    With --available also what can be pulled; the Argos packages among it are asked from the
    network, unless --offline.
    """
    with reported():
        store = store_in(models_dir)
        installed = store.installed()
        pairs = ArgosIndex(argos_index).packages() if available and not offline else ()
    whisper = catalogue().models if available else ()
    if as_json:
        write_json(
            {
                "models_dir": str(store.root),
                "installed": [installed_facts(model) for model in installed],
                "available": [*map(whisper_facts, whisper), *map(argos_facts, pairs)],
            }
        )
        return
    show_installed(store.root, installed)
    if available:
        show_available(whisper, pairs)


@models.command("pull")
@click.argument("names", nargs=-1, metavar="NAME...")
@models_dir_option
@_argos_index
@_offline
@_lock
@json_option
def pull_models(
    names: tuple[str, ...],
    *,
    models_dir: Path | None,
    argos_index: str,
    offline: bool,
    lock_file: Path | None,
    as_json: bool,
) -> int:
    """Fetch models: a Whisper model by name, an Argos package as SOURCE:TARGET.

    Each comes from a pinned revision and is compared with its known hash before it takes its
    place; what breaks off leaves nothing behind. With --lock each is what the lock says, to the
    byte; without a NAME all of it.
    """
    lock = read_lock(lock_file)
    names = names or tuple(model.name for model in (lock.models if lock else ()))
    if not names:
        raise click.UsageError("say what to pull, or give --lock")
    store, sources = store_in(models_dir), Sources(argos=ArgosIndex(argos_index))

    def work(name: str) -> list[dict[str, Any]]:
        with bar(name) as progress:
            pulled = pull(
                name, store, offline=offline, progress=progress, sources=sources, lock=lock
            )
        return [outcome_of(pulled.model, already_there=pulled.already_there)]

    return do_each(names, work, as_json=as_json)


@models.command("import")
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path)
)
@models_dir_option
@click.option(
    "--name", default="", help="Name for a single Whisper model.  [default: its folder's]"
)
@click.option("--replace", is_flag=True, help="Replace another model of the same name.")
@_lock
@json_option
def import_local(
    paths: tuple[Path, ...],
    *,
    models_dir: Path | None,
    name: str,
    replace: bool,
    lock_file: Path | None,
    as_json: bool,
) -> int:
    """Take up models from local files, without a network.

    PATH is a folder with a Whisper model in CTranslate2's format, an .argosmodel archive, an
    unpacked package, or a folder that holds several of these.
    """
    store, lock = store_in(models_dir), read_lock(lock_file)

    def work(path: str) -> list[dict[str, Any]]:
        found = import_models(Path(path), store, name=name, replace=replace, lock=lock)
        return [outcome_of(each.model, already_there=each.already_there) for each in found]

    return do_each([str(path) for path in paths], work, as_json=as_json)


@models.command("verify")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@models_dir_option
@_lock
@json_option
def verify_models(
    names: tuple[str, ...], *, models_dir: Path | None, lock_file: Path | None, as_json: bool
) -> int:
    """Read every file and compare it with the hash taken when it was installed.

    Without a NAME all models are read. With --lock they are compared with that too, and what it
    lists must be there.
    """
    with reported():
        store, lock = store_in(models_dir), read_lock(lock_file)
        wanted = names or tuple(dict.fromkeys(_all_names(store, lock)))
        problems = {name: _problems_of(name, store, lock) for name in wanted}
    if as_json:
        write_json([{"name": name, "problems": found} for name, found in problems.items()])
    else:
        for name, found in problems.items():
            click.echo(f"{name}: {'; '.join(found) or 'as it was installed'}")
        if not problems:
            click.echo(f"no models in {store.root}")
    return 1 if any(problems.values()) else 0


@models.command("lock")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it there.  [default: stdout]",
)
@models_dir_option
def lock_models(*, models_dir: Path | None, output: Path | None) -> int:
    """Pin what is installed: revisions, licences, and size and SHA-256 of every file.

    Another machine that pulls or imports with --lock then gets the same bytes or an error.
    """
    with reported():
        lock, unknown = lock_of(store_in(models_dir))
        if output:
            output.write_text(lock.text(), encoding="utf-8")
        else:
            click.echo(lock.text(), nl=False)
    for name in unknown:
        click.echo(
            f"Error: {name} was put there by hand, without hashes;"
            " 'polycue models import --replace' takes it up",
            err=True,
        )
    return 1 if unknown else 0


def _all_names(store: ModelStore, lock: Lock | None) -> list[str]:
    installed = [model.name for model in store.installed()]
    return [model.name for model in lock.models] + installed if lock else installed


def _problems_of(name: str, store: ModelStore, lock: Lock | None) -> list[str]:
    if lock is None:
        return store.verify(name)
    try:
        return differences_from(lock, store, name)
    except ModelMissing as error:
        return [str(error)]
