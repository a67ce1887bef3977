"""``polycue doctor`` on models: what is installed, and what of it is damaged.

What the light install lacks is imported where it is looked at.
"""

from collections.abc import Iterator
from pathlib import Path

from polycue.commands.finding import Finding, State


def look_at_models(models_dir: Path | None) -> Iterator[Finding]:
    from polycue.domain.errors import PolycueError
    from polycue.models.place import default_models_dir
    from polycue.models.store import ModelStore
    from polycue.translation.packages import Packages

    store = ModelStore(models_dir or default_models_dir())
    try:
        installed = store.installed()
        packages = Packages(store.argos_root)
        routes, damaged = packages.pairs(), packages.damaged()
    except (PolycueError, OSError) as error:
        yield Finding("models", State.FAILED, str(error))
        return
    whisper = [model for model in installed if model.kind == "whisper"]
    yield _recognisers([m.name for m in whisper], [m.name for m in whisper if m.demo], store.root)
    yield _translators(["-".join(route) for route in routes])
    for package in damaged:
        yield Finding(package.path.name, State.WARNING, package.problem, "remove it, pull it again")


def _recognisers(names: list[str], demos: list[str], root: Path) -> Finding:
    advice = "get one with: polycue models pull small"
    if not names:
        return Finding("recognisers", State.FAILED, f"none in {root}", advice)
    if names == demos:
        detail = f"{', '.join(names)}: only for the demo's small world"
        return Finding("recognisers", State.WARNING, detail, advice)
    return Finding("recognisers", State.FINE, ", ".join(names))


def _translators(routes: list[str]) -> Finding:
    if not routes:
        return Finding(
            "translators", State.WARNING, "none", "get one with: polycue models pull en:es"
        )
    shown = ", ".join(routes[:12]) + (f" and {len(routes) - 12} more" if len(routes) > 12 else "")
    return Finding("translators", State.FINE, shown)
