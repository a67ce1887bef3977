"""What nobody must touch: an HTTP server on loopback, a neighbour's file, a file elsewhere."""

import ctypes
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_OPENED = 0x20  # IN_OPEN
_NON_BLOCKING = os.O_NONBLOCK
_EVENT = struct.Struct("iIII")


class Canaries:
    """Counts how often each was touched; made by ``watching``."""

    def __init__(self, url: str, hits: list[str]) -> None:
        self.url = url
        self._hits = hits
        self._names: dict[int, str] = {}
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._events = self._libc.inotify_init1(_NON_BLOCKING)

    def watch(self, path: Path) -> None:
        """Notice from now on whenever somebody opens this file."""
        watch = self._libc.inotify_add_watch(self._events, os.fsencode(path), _OPENED)
        if watch < 0:
            raise OSError(ctypes.get_errno(), "inotify", str(path))
        self._names[watch] = path.name

    def touched(self) -> list[str]:
        """What was touched since this was last asked."""
        found, self._hits[:] = [f"HTTP {path}" for path in self._hits], []
        try:
            data = os.read(self._events, 2**16)
        except BlockingIOError:
            return found
        while data:
            watch, _, _, length = _EVENT.unpack_from(data)
            found.append(self._names[watch])
            data = data[_EVENT.size + length :]
        return found

    def close(self) -> None:
        os.close(self._events)


@contextmanager
def watching() -> Iterator[Canaries]:
    hits: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    canaries = Canaries(f"http://127.0.0.1:{server.server_port}", hits)
    try:
        yield canaries
    finally:
        canaries.close()
        server.shutdown()
        server.server_close()
        thread.join()
