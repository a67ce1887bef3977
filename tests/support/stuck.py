"""``polycue serve`` with a recogniser that never comes back from a batch; a program.

It says ``recognising`` on stdout when a batch has begun.
"""

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from polycue.app.engine import open_engine
from polycue.app.host import open_host
from polycue.commands.serve import serve
from polycue.config import Settings
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.engine.backends.backend import Host
from polycue.engine.devices import Device
from polycue.speech.passage import Passage


class Stuck:
    """A backend whose batch takes for ever, as one of CTranslate2's may: it cannot be stopped."""

    facts = ModelFacts("stuck", ("en",), max_chunk_ms=30_000, translates=False, demo=True)
    device, workers, max_rows = "cpu", 1, 4

    def __init__(self, path: Path, model: str, device: Device) -> None:
        pass

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        sys.stdout.write("recognising\n")
        sys.stdout.flush()
        threading.Event().wait()
        return []

    def run_alone(self, passage: Passage) -> Recognised:
        (found,) = self.run([passage])
        return found

    def close(self) -> None:
        raise AssertionError("closed while a batch runs")


def _open_host(settings: Settings, *, check: Callable[[Path], None]) -> Host:
    host = open_host(settings, check=check)
    return replace(host, open_recogniser=lambda path, name: [Stuck(path, name, host.device)])


if __name__ == "__main__":
    serve(obj=partial(open_engine, opens=_open_host))
