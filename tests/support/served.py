"""A whole server in a thread, for clients that block; and a wire that can be cut."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from polycue.app.engine import Engine
from polycue.app.server import App
from polycue.app.stop import Stop
from polycue.config import Settings
from polycue.testing.installed import FakeInstalled
from polycue.testing.pipeline import FakePipeline

WAIT_S = 60


class Served:
    """A server that runs, and how to stop it."""

    def __init__(self, settings: Settings, pipeline: FakePipeline) -> None:
        self._settings, self._pipeline = settings, pipeline
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="served")
        self.address = ""

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(WAIT_S), "the server did not come up"

    def stop(self) -> None:
        """At once; running jobs are interrupted."""
        if self._loop and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.now)
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        fake: Any = self._pipeline
        engine = Engine(fake, fake, FakeInstalled(), lambda: None, lambda: True, lambda: None)
        app = App(self._settings, engine)
        self._loop, self._stop = asyncio.get_running_loop(), Stop()
        await app.serve(self._stop, on_ready=self._told)

    def _told(self, address: str) -> None:
        self.address = address
        self._ready.set()


@contextlib.contextmanager
def served(
    data: Path, pipeline: FakePipeline | None = None, *, listen: str = "127.0.0.1:0", **given: Any
) -> Iterator[Served]:
    """``given`` are settings; on the same ``data`` a later server finds an earlier one's jobs.

    Its log lines are kept from stdout, which belongs to the command under test.
    """
    settings = Settings(listen=listen, data_dir=data, drain_s=1.0, **given)
    with capture_logs():
        server = Served(settings, pipeline or FakePipeline())
        server.start()
        try:
            yield server
        finally:
            server.stop()


class Wire:
    """Passes TCP connections on to a server, until told to cut them.

    ``cut_after`` holds one number for each connection to come: the bytes from the client after
    which it breaks. Connections beyond those are whole.
    """

    def __init__(self, to: str, *cut_after: int) -> None:
        host, _, port = to.rpartition(":")
        self._to = (host, int(port))
        self._cut_after = list(cut_after)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, name="wire")]
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self.connections = 0
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> "Wire":
        self._threads[0].start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join(WAIT_S)

    def cut(self) -> None:
        """Break all connections there are; new ones can be made, and are made at once."""
        with self._lock:
            ends, self._open = self._open, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # what accept raises when the wire is taken down
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._to)
                with self._lock:
                    self.connections += 1
                    self._open += [client, server]
                limit = self._cut_after.pop(0) if self._cut_after else None
                self._pass_on(client, server, limit)
                self._pass_on(server, client, None)

    def _pass_on(self, source: socket.socket, to: socket.socket, limit: int | None) -> None:
        def run() -> None:
            left = limit
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    to.sendall(data if left is None else data[:left])
                    left = None if left is None else left - len(data)
                    if left is not None and left <= 0:
                        break
            for end in (source, to):  # however it broke, both sides are to hear of it
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        thread = threading.Thread(target=run, name="wire")
        self._threads.append(thread)
        thread.start()
