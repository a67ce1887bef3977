"""Models as a program wants to see them."""

import json
from typing import Any

import click

from polycue.commands.bars import size_text
from polycue.models.argos_index import ArgosPackage
from polycue.models.lock import LockedModel
from polycue.models.store import InstalledModel


def outcome_of(model: InstalledModel, *, already_there: bool) -> dict[str, Any]:
    return {
        **installed_facts(model),
        "state": "already there" if already_there else "installed",
        "size": size_text(model.size_bytes),
    }


def installed_facts(model: InstalledModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "kind": model.kind.value,
        "size_bytes": model.size_bytes,
        "revision": model.revision,
        "languages": list(model.languages),
        "demo": model.demo,
        "recorded": model.recorded,
    }


def whisper_facts(model: LockedModel) -> dict[str, Any]:
    weights = model.files.get("model.bin")
    return {
        "name": model.name,
        "kind": "whisper",
        "size_bytes": model.size_bytes,
        "revision": model.revision,
        "repository": model.source,
        "licence": model.licence,
        "sha256": weights.sha256 if weights else "",
    }


def argos_facts(package: ArgosPackage) -> dict[str, Any]:
    return {"name": package.name, "kind": "argos", "revision": package.version}


def write_json(content: object) -> None:
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))
