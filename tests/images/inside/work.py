"""An image at work: the demo, a server, and what it says of a GPU. Run in it by ``walls.py``."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from images.inside.saying import BROUGHT, ORDER, TMP, equals_the_script, expect, fine, note, run

FILM = BROUGHT / "tour.mp4"
LOG = TMP / "server.log"
_READY_S = 60
_END_S = 20  # --stop-timeout of the guide


def models() -> None:
    """Take the demo models up into the volume, where the image has none."""
    run("polycue", "models", "import", BROUGHT / "models")
    fine("the demo models, imported into the volume")


def demo() -> None:
    """As the guide says it: no server, the film and the models of the image."""
    film = Path("/usr/share/polycue/tour.mp4")
    began = time.monotonic()
    run("polycue", "subtitle", film, "--translate-to", "es,de", "-o", TMP / "demo")
    took_s = time.monotonic() - began
    equals_the_script(TMP / "demo", ("en", "es", "de"))
    fine(f"the demo film, word for word in three languages ({took_s:.1f} s, start and models too)")


@contextmanager
def serving(*flags: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """The image's own command, and its own health check until that is content."""
    command = [*ORDER["command"], *flags]
    with LOG.open("wb") as log:
        server = subprocess.Popen(
            command, env=os.environ | environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            until = time.monotonic() + _READY_S
            while subprocess.run(ORDER["health"], capture_output=True).returncode:
                expect(server.poll() is None, f"the server ended:\n{log_so_far()}")
                expect(time.monotonic() < until, f"it is not healthy:\n{log_so_far()}")
            yield server
        finally:
            if server.poll() is None:
                server.kill()
            server.wait()


def log_so_far() -> str:
    said: str = LOG.read_text(errors="replace")
    return said[-3000:]


def serve() -> None:
    """A job through gRPC with all that ffmpeg is for, and the end that an orchestrator asks for."""
    unhealthy = subprocess.run(ORDER["health"], capture_output=True).returncode
    expect(unhealthy, "the health check is content without a server")
    with serving("--insecure", "--require-sandbox") as server:
        fine("the server is healthy, with all layers of ffmpeg's sandbox")
        job()
        server.send_signal(signal.SIGTERM)
        began = time.monotonic()
        expect(server.wait(timeout=_END_S) == 0, f"it ended badly:\n{log_so_far()}")
        fine(f"it ends {time.monotonic() - began:.1f} s after SIGTERM, with status 0")


def job() -> None:
    out = TMP / "served"
    run(
        *("polycue", "subtitle", FILM, "--server", "127.0.0.1:50051", "--translate-to", "es,de"),
        *("-f", "srt,vtt,ttml", "--mux", "mkv", "--burn", "es", "--shots", "on", "-o", out, "-y"),
    )
    equals_the_script(out, ("en", "es", "de"))
    for film in out.glob("*.mkv"):
        told = json.loads(
            run("ffprobe", "-v", "error", "-show_streams", "-of", "json", f"file:{film}")
        )
        kinds = [stream["codec_type"] for stream in told["streams"]]
        expect({"video", "audio"} <= set(kinds), f"{film} has {kinds}")
    made = sorted(path.name for path in out.iterdir())
    fine(f"a job through gRPC, word for word, with cuts, mux and burn-in: {', '.join(made)}")


def gpu() -> None:
    """As far as the CUDA image goes without a GPU."""
    program = (
        "from polycue.engine import devices;"
        "print(devices.load_cublas(devices._wheel_folder()) or 'loaded')"
    )
    said = run(sys.executable, "-c", program)
    expect(said == "loaded", f"cuBLAS cannot be loaded: {said}")
    fine("cuBLAS of the image is found and loaded")
    said = run("polycue", "serve", "--insecure", "--device", "cuda", wanted=1)
    expect("there is no NVIDIA device" in said, said)
    fine("told to use a GPU, the server says that there is none, and ends")
    note("nothing has been tried on a GPU: none is here, and what follows runs on the CPU")


def ray() -> None:
    """A cluster of this one container, and a server whose models live on it."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    head = ("ray", "start", "--head", "--port=6379", "--include-dashboard=false")
    run(*head, "--num-cpus=2", "--node-ip-address=127.0.0.1", "--disable-usage-stats")
    try:
        flags = ("--engine", "ray", "--ray-address", "127.0.0.1:6379")
        with serving("--insecure", *flags, POLYCUE_DEVICE="cpu"):
            job()
            expect("actor" in log_so_far(), f"no actor was at work:\n{log_so_far()}")
        fine("models in an actor of a Ray cluster")
    finally:
        run("ray", "stop", "--force")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
