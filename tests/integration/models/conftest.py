"""A web server on loopback that stands for the model hub and the Argos index."""

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest


@dataclass
class Site:
    """What the server has. ``cut`` names files whose bodies break off in the middle."""

    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    url: str = ""

    def offer_model(self, repository: str, commit: str, files: dict[str, bytes]) -> None:
        """Answer for a repository as the Hugging Face hub does."""
        tree = [
            {"type": "file", "path": name, "size": len(data), "oid": _oid(data)}
            for name, data in files.items()
        ]
        self.files[f"/api/models/{repository}/tree/{commit}"] = json.dumps(tree).encode()
        about = {"id": repository, "sha": commit, "siblings": [{"rfilename": n} for n in files]}
        self.files[f"/api/models/{repository}/revision/main"] = json.dumps(about).encode()
        for name, data in files.items():
            self.files[f"/{repository}/resolve/{commit}/{name}"] = data


def _oid(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()  # noqa: S324 - what git names blobs by


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            path = self.path.partition("?")[0]
            site.requests.append(f"{self.command} {path}")
            if path in site.redirects:
                self.send_response(302)
                self.send_header("Location", site.redirects[path])
                self.end_headers()
                return
            data = site.files.get(path)
            if data is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            if "/resolve/" in path:
                self.send_header("ETag", f'"{_oid(data)}"')
                self.send_header("X-Repo-Commit", path.split("/resolve/")[1].split("/")[0])
            self.end_headers()
            if body:
                self.wfile.write(data[: len(data) // 2] if path in site.cut else data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's name
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
