"""Films whose pictures are looked through to their ends, however little of the machine is ours."""

from collections.abc import Iterator

import pytest

from polycue.pipeline import shots


@pytest.fixture(scope="module", autouse=True)
def _time_for_the_picture() -> Iterator[None]:
    """The search for cuts steps aside for all else, and is given up for after half a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shots, "LEAST_PATIENCE_S", 200.0)
        yield
