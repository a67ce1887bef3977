"""Make the pictures of the monitoring anew, from two real servers and a real Prometheus.

`PYTHONPATH=tests .venv/bin/python docs/images/monitoring.py`, six minutes: one server works,
the other is ended on the way, so that there is something to be alarmed by. Wants chromium.
"""

import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from contextlib import ExitStack
from pathlib import Path

from PIL import Image

from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from polycue_client.errors import PolycueClientError
from support.loaded import Loaded, loaded
from support.prometheus import Prometheus, watching
from support.studio import cut

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MONITORING = ROOT / "deploy" / "monitoring"
MINUTES = 5
AT_ONCE = 2
FORGETFUL = ("--translation-memory-bytes", "0")  # the same film would be translated once only
PICTURES = {
    "dashboard.png": ("Service", "Queue", "Devices"),
    "dashboard-quality.png": (
        "Front end",
        "Translation and quality",
        "Store and sandbox",
        "Process",
    ),
}
SHOWN = "100 * avg by (instance, device) (rate(polycue_device_busy_seconds_total[1m]))"


GRAPH = {"g0.expr": SHOWN, "g0.tab": "0", "g0.range_input": f"{MINUTES}m"}
PAGES = {
    "alerts.png": "classic/alerts",
    "prometheus.png": f"classic/graph?{urllib.parse.urlencode(GRAPH)}",
}


def keep_busy(server: Loaded, until_s: float) -> None:
    while time.monotonic() < until_s:
        try:
            server.work()
        except PolycueClientError as error:
            sys.stderr.write(f"{error}\n")


def photograph(prometheus: Prometheus) -> None:
    for name, page in PAGES.items():
        subprocess.run(
            [
                *("chromium", "--headless", "--no-sandbox", "--hide-scrollbars"),
                *("--window-size=1280,800", "--virtual-time-budget=8000"),
                *(f"--screenshot={HERE / name}", f"http://{prometheus.address}/{page}"),
            ],
            check=True,
            capture_output=True,
        )


def draw(prometheus: Prometheus) -> None:
    for name, rows in PICTURES.items():
        command = [sys.executable, MONITORING / "preview.py", "-o", HERE / name]
        command += ["--prometheus", prometheus.address, "--minutes", str(MINUTES + 1)]
        subprocess.run([*command, *(f"--row={row}" for row in rows)], check=True)


def make_small() -> None:
    """A few colours are enough for lines and letters, and a third of the bytes."""
    for name in (*PICTURES, *PAGES):
        picture = Image.open(HERE / name).convert("RGB")
        picture.quantize(colors=128).save(HERE / name, optimize=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as room, ExitStack() as stack:
        folder = Path(room)
        import_models(ROOT / "demo" / "models", ModelStore(folder / "models"))
        clip = cut(ROOT / "demo" / "tour.mp4", folder / "clip.mp4", seconds=12.0)
        places = [folder / name for name in ("one", "two", "prometheus")]
        for place in places:
            place.mkdir()
        server = stack.enter_context(loaded(ROOT, folder / "models", clip, places[0], *FORGETFUL))
        other = stack.enter_context(ExitStack())
        spare = other.enter_context(loaded(ROOT, folder / "models", clip, places[1]))
        targets = [server.metrics, spare.metrics]
        prometheus = stack.enter_context(
            watching(targets, MONITORING / "polycue.rules.yml", places[2])
        )
        until_s = time.monotonic() + 60 * MINUTES
        threads = [
            threading.Thread(target=keep_busy, args=(server, until_s)) for _ in range(AT_ONCE)
        ]
        for thread in threads:
            thread.start()
        time.sleep(100)
        other.close()
        for thread in threads:
            thread.join()
        draw(prometheus)
        photograph(prometheus)
        make_small()


if __name__ == "__main__":
    main()
