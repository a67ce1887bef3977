from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from support.expressions import Panels, of_dashboard


@pytest.fixture(scope="session")
def monitoring(repository: Path) -> Path:
    return repository / "deploy" / "monitoring"


@pytest.fixture(scope="session")
def panels(monitoring: Path) -> Panels:
    """The dashboard's panels, without the headings of its rows."""
    return of_dashboard(monitoring / "polycue-dashboard.json")


@pytest.fixture(scope="session")
def rules(monitoring: Path) -> list[dict[str, Any]]:
    """All recording and alert rules."""
    groups = yaml.safe_load((monitoring / "polycue.rules.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]
