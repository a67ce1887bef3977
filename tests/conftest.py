"""What every kind of test may need: where things lie, and how hypothesis searches."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# So that asserts in there say what was there; it must be told before any of it is imported.
pytest.register_assert_rewrite("support")

from support.postgres import postgres as postgres  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]

# CI shares its cores: examples are bounded, and none is failed for being slow. They are the same
# each time, so that a change is not blamed for what it did not touch; "thorough" looks further.
settings.register_profile(
    "default",
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def repository() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Media and texts to measure with, which lie beside the repository on some machines only."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no {folder.name} folder beside the repository")
    return folder
