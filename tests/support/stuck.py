"""``polycue serve`` with a recogniser that never comes back from a batch; a program.

It says ``recognising`` on stdout when a batch has begun.
"""

import functools
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from polycue.app import engine
from polycue.commands.serve import serve
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.engine.devices import Device
from polycue.engine.recogniser import Recogniser
from polycue.speech.passage import Passage


class Stuck:
    """A backend whose batch takes for ever, as one of CTranslate2's may: it cannot be stopped."""

    facts = ModelFacts("stuck", ("en",), max_chunk_ms=30_000, translates=False, demo=True)
    workers, max_rows = 1, 4

    def __init__(self, path: Path, model: str, device: Device) -> None:
        pass

    def run(self, batch: Sequence[Passage]) -> list[tuple[Recognised, ...]]:
        sys.stdout.write("recognising\n")
        sys.stdout.flush()
        threading.Event().wait()
        return []

    def close(self) -> None:
        raise AssertionError("closed while a batch runs")


if __name__ == "__main__":
    stuck = functools.partial(Recogniser, open_backend=Stuck)
    with mock.patch.object(engine, "Recogniser", stuck):
        serve()
