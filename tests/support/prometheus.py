"""A real Prometheus that looks at a server each second, and a bell that says when it has."""

import contextlib
import json
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from support.ports import free_port
from support.programs import Lines, ended

_WAIT_S = 60
_LOOKS = 200  # at the bell, each of at least a second; others may take long on a busy machine
_OWN = Path(__file__).resolve().parents[2] / ".prometheus"  # of tests/install-prometheus.sh
_CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: polycue
    static_configs: [{{targets: {targets}}}]
  - job_name: bell
    static_configs: [{{targets: ["{bell}"]}}]
"""


class NotUnderstood(AssertionError):
    """Prometheus says what is wrong with an expression."""


class Prometheus:
    """Made by ``watching``."""

    def __init__(self, address: str, bell: "Bell", targets: int) -> None:
        self.address, self._bell, self._targets = address, bell, targets
        self._at_s: float | None = None

    def has_looked_again(self) -> None:
        """Come back when all that is counted by now is known to it, and was judged by its rules."""
        self._looked_at(since_s=time.time())
        since_s = time.time()
        self._soon(lambda: all(at_s >= since_s for at_s in self._judged_s()))
        self._at_s = self._looked_at(since_s=time.time())

    def finds(self, expr: str) -> None:
        """Come back when it has looked, and the expression has an answer."""

        def found() -> list[dict[str, Any]]:
            self.has_looked_again()
            return self.ask(expr)

        self._soon(found)

    def ask(self, expr: str) -> list[dict[str, Any]]:
        """The series that an expression gives, as of the time when it had last looked again.

        Not as of now: of a target that had no second to answer since, on a busy machine, it says
        that there are none.
        """
        as_of = {} if self._at_s is None else {"time": f"{self._at_s:.3f}"}
        found: list[dict[str, Any]] = self.get("query", query=expr, **as_of)["result"]
        return found

    def get(self, what: str, **values: str) -> Any:
        """What its API answers; raises NotUnderstood."""
        url = f"http://{self.address}/api/v1/{what}?{urllib.parse.urlencode(values)}"
        try:
            with urllib.request.urlopen(url, timeout=_WAIT_S) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise NotUnderstood(json.load(error)["error"], values) from error

    def _looked_at(self, *, since_s: float) -> float:
        """When each target has been looked at anew, and has answered."""
        looks: list[float] = []

        def looked() -> bool:
            up = 'up{job="polycue"}'
            found = self.get("query", query=f"timestamp({up}) and {up} == 1")["result"]
            looks[:] = [float(series["value"][1]) for series in found]
            return len(looks) == self._targets and min(looks) >= since_s

        self._soon(looked)
        return max(looks)

    def _judged_s(self) -> list[float]:
        """When the rules of each group were held against what there was."""
        groups = self.get("rules")["groups"]
        return [datetime.fromisoformat(one["lastEvaluation"]).timestamp() for one in groups]

    def _soon(self, there: Callable[[], object]) -> None:
        for _ in range(_LOOKS):
            if there():
                return
            self._bell.wait(1)
        raise AssertionError(f"it never came to that: {self.get('targets', state='active')}")


class Bell:
    """A target that tells when it is looked at."""

    def __init__(self) -> None:
        self._looks, self._looked = 0, threading.Condition()
        bell = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(b"bell 1\n")
                bell._ring()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="bell")
        self._thread.start()

    def wait(self, looks: int) -> None:
        with self._looked:
            until = self._looks + looks
            assert self._looked.wait_for(lambda: self._looks >= until, _WAIT_S), "nobody looks"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _ring(self) -> None:
        with self._looked:
            self._looks += 1
            self._looked.notify_all()


@contextlib.contextmanager
def watching(targets: Sequence[str], rules: Path, folder: Path) -> Iterator[Prometheus]:
    """One that looks at ``targets`` and knows ``rules``, with its data in ``folder``."""
    bell, address = Bell(), f"127.0.0.1:{free_port()}"
    shutil.copy(rules, folder / "rules.yml")
    config = folder / "prometheus.yml"
    config.write_text(_CONFIG.format(targets=json.dumps(targets), bell=bell.address))
    process = subprocess.Popen(
        [
            *(program("prometheus"), f"--config.file={config.name}"),
            *("--storage.tsdb.path=series", f"--web.listen-address={address}"),
        ],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with ended(process):
            Lines(process).until("Server is ready to receive web requests")
            yield Prometheus(address, bell, len(targets))
    finally:
        bell.close()


def program(name: str) -> str:
    """Where ``prometheus`` or ``promtool`` lies; skips the test where it does not."""
    own = _OWN / name
    found = str(own) if own.exists() else shutil.which(name)
    if not found:
        pytest.skip(f"there is no {name} here; `make test-eyes` fetches it")
    return found
