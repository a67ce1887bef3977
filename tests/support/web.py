"""A real web server on loopback that answers as a test says, and remembers what it was asked."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Request(BaseHTTPRequestHandler):
    """One request, for an ``Answer`` to write to."""

    protocol_version = "HTTP/1.1"
    server: "Site"  # type: ignore[mutable-override]  # it is served by nothing else

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.headers['Host']}{self.path}")
        with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked has gone
            self.server.answers.get(self.path, missing)(self)

    def log_message(self, *_: Any) -> None:
        pass


Answer = Callable[[Request], None]


class Site(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answers: dict[str, Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.answers, self.asked = answers, list[str]()

    def handle_error(self, *_: Any) -> None:
        pass  # a client that hangs up in the middle of a handshake is what some tests are about


@contextmanager
def site(answers: dict[str, Answer], tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    server = Site(answers)
    if tls:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sends(data: bytes, **headers: str) -> Answer:
    def answer(request: Request) -> None:
        request.send_response(200)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(data)

    return answer


def says(status: int, **headers: str) -> Answer:
    def answer(request: Request) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            request.send_header(name, value)
        request.end_headers()

    return answer


def never_ends(request: Request) -> None:
    """Chunk after chunk, until nobody reads any more."""
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    while True:
        request.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")


def cut_off(request: Request) -> None:
    """Half of what was announced."""
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(bytes(500))
    request.close_connection = True


def in_turn(*answers: Answer) -> Answer:
    """One after the other, one to each request."""
    left = iter(answers)
    return lambda request: next(left)(request)


def breaks_off(data: bytes, tag: str = '"1"', *, parts: int = 2) -> Answer:
    """A part of what was asked for, from wherever it was, as long as it is the same file."""

    def answer(request: Request) -> None:
        start = 0
        asked = request.headers["Range"] or ""
        if asked and request.headers["If-Range"] == tag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        request.send_response(206 if start else 200)
        request.send_header("ETag", tag)
        request.send_header("Content-Length", str(len(data) - start))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        request.end_headers()
        request.wfile.write(data[start : start + (len(data) - start) // parts])
        request.close_connection = True

    return answer


missing = says(404)
