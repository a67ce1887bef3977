"""``polycue serve`` with a recogniser that never comes back from a batch; a program.

It says ``recognising`` on stdout when a batch has begun.
"""

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from unittest import mock

from polycue.app import host
from polycue.commands.serve import serve
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.engine.backends.backend import Host
from polycue.engine.backends.threads import thread_host
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


if __name__ == "__main__":

    def stuck_host(device: Device, text_device: Device, *, check: Callable[[Path], None]) -> Host:
        return replace(
            thread_host(device, text_device, check=check),
            open_recogniser=lambda path, name: [Stuck(path, name, device)],
        )

    with mock.patch.object(host, "thread_host", stuck_host):
        serve()
