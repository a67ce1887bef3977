"""``polycue serve`` in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WAIT_S = 60  # to drain


@contextmanager
def server_process(*flags: str, log: Path) -> Iterator[tuple[str, int]]:
    """Its address, once calls are answered there, and its process.

    Ends the benchmark with what the server wrote where it does not come up.
    """
    ready, tell = os.pipe()
    serve = ["-m", "polycue_client", "serve", "--listen=127.0.0.1:0", f"--ready-fd={tell}"]
    with log.open("wb") as said:
        server = subprocess.Popen(
            [sys.executable, *serve, *flags],
            pass_fds=[tell],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    os.close(tell)
    try:
        with os.fdopen(ready) as told:
            address = told.readline().strip()
        if not address:
            raise SystemExit(log.read_text(encoding="utf-8"))
        yield address, server.pid
    finally:
        server.terminate()
        server.wait(_WAIT_S)
