"""Models as a person wants to see them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from polycue.commands.bars import size_text
from polycue.models.argos_index import ArgosPackage
from polycue.models.catalogue import is_english_only
from polycue.models.kind import ModelKind
from polycue.models.lock import LockedModel
from polycue.models.store import InstalledModel

_FEW_LANGUAGES = 4  # are named, more are counted


def show_installed(root: Path, installed: Sequence[InstalledModel]) -> None:
    if not installed:
        click.echo(f"no models in {root}; get some with: polycue models pull small en:es")
        return
    rows = [
        (
            model.name,
            model.kind.value,
            size_text(model.size_bytes),
            _languages(model),
            model.revision[:12],
            " ".join(_remarks(model)),
        )
        for model in installed
    ]
    _show_table(f"Models in {root}", ("name", "kind", "size", "languages", "revision", ""), rows)


def show_available(whisper: Sequence[LockedModel], pairs: Sequence[ArgosPackage]) -> None:
    rows = [
        (
            model.name,
            size_text(model.size_bytes),
            "English" if is_english_only(model.name) else "multilingual",
            model.revision[:7],
            _known_hash(model),
        )
        for model in whisper
    ]
    heads = ("name", "size", "languages", "revision", "SHA-256")
    licences = ", ".join(sorted({model.licence for model in whisper}))
    _show_table(f"Whisper models to pull ({licences})", heads, rows)
    click.echo("Where no hash is shown, that of the first pull is recorded and held to.")
    if pairs:
        names = dict.fromkeys(package.name for package in pairs)
        click.echo("Argos packages to pull: " + " ".join(names))


def _known_hash(model: LockedModel) -> str:
    weights = model.files.get("model.bin")
    return weights.sha256[:12] if weights else "first pull"


def _languages(model: InstalledModel) -> str:
    tags = model.languages
    if model.kind is ModelKind.ARGOS:
        return " to ".join(tags)
    return " ".join(tags) if len(tags) <= _FEW_LANGUAGES else f"{len(tags)} languages"


def _remarks(model: InstalledModel) -> Iterator[str]:
    if model.demo:
        yield "demo: a small world only"
    if not model.recorded:
        yield "no hashes"


def _show_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False, padding=(0, 1))
    for head in heads:
        table.add_column(head, justify="right" if head == "size" else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))  # a name may look like markup
    Console().print(table)
