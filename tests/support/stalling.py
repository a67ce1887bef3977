"""A way to a server that goes dead in the middle of what is sent to it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer

_MOST_BYTES = 65_536


class Stalling(ThreadingTCPServer):
    """Passes on so many bytes, then calls ``stalled`` and hangs up; a new connection is let be."""

    daemon_threads = True

    def __init__(self, port: int, after_bytes: int, stalled: Callable[[], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.port, self._left_bytes, self._stalled = port, after_bytes, stalled
        self._lock = threading.Lock()
        self.is_over = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def passes(self, size_bytes: int) -> None:
        with self._lock:
            self._left_bytes -= size_bytes
            if self._left_bytes > 0 or self.is_over:
                return
            self.is_over = True
        self._stalled()


class _Connection(BaseRequestHandler):
    server: Stalling  # type: ignore[mutable-override]  # it is served by nothing else

    def handle(self) -> None:
        free = self.server.is_over
        with socket.create_connection(("127.0.0.1", self.server.port)) as there:
            back = threading.Thread(target=_answer, args=(there, self.request))
            back.start()
            with suppress(ConnectionError):
                while data := self.request.recv(_MOST_BYTES):
                    self.server.passes(len(data))
                    if self.server.is_over and not free:
                        break
                    there.sendall(data)
            with suppress(OSError):
                there.shutdown(socket.SHUT_RDWR)
            back.join()


def _answer(there: socket.socket, here: socket.socket) -> None:
    with suppress(OSError):
        while data := there.recv(_MOST_BYTES):
            here.sendall(data)


@contextmanager
def stalling(port: int, after_bytes: int, stalled: Callable[[], None]) -> Iterator[Stalling]:
    with Stalling(port, after_bytes, stalled) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
