"""Grafana's own schema on the dashboard, since Grafana itself is not to be had for tests."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

# Grafana's editor writes and reads it; the schema leaves annotations of data sources open.
BESIDE_THE_SCHEMA = {"annotations.list[].titleFormat"}


def test_the_dashboard_holds_nothing_that_grafana_would_not_read(monitoring: Path) -> None:
    plugins.register_default_plugins()
    written = json.loads((monitoring / "polycue-dashboard.json").read_text())
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(written)))
    assert set(lost(written, read, "")) == BESIDE_THE_SCHEMA


def lost(written: Any, read: Any, path: str) -> Iterator[str]:
    """Where what was read differs from what is written; more may have been filled in."""
    if isinstance(written, dict) and isinstance(read, dict):
        for key, value in written.items():
            yield from lost(value, read.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        for one, other in zip(written, read, strict=True):
            yield from lost(one, other, f"{path}[]")
    elif written != read:
        yield path
