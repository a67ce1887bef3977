"""The light client where nothing else of polycue is installed."""

import os
import subprocess
from pathlib import Path

from support.served import served

WAIT_S = 200

# What `pip install polycue` brings, and what those bring.
PACKAGES = {
    "click", "google", "grpc", "markdown_it", "mdurl", "polycue", "polycue_client", "pygments",
    "rich", "typing_extensions.py", "_distutils_hack",
}  # fmt: skip

SYNC = """
import sys
from pathlib import Path
from polycue_client import connect

address, film, folder = sys.argv[1:]
with connect(address) as polycue:
    done = polycue.wait(polycue.subtitle(Path(film), translate_to=["es"]))
    for artifact in done.artifacts:
        polycue.download(artifact, Path(folder))
"""

ASYNC = """
import asyncio
import sys
from pathlib import Path
from polycue_client import aio

async def main(address, film, folder):
    async with aio.connect(address) as polycue:
        done = await polycue.wait(await polycue.subtitle(Path(film), translate_to=["es"]))
        for artifact in done.artifacts:
            await polycue.download(artifact, Path(folder))

asyncio.run(main(*sys.argv[1:]))
"""


def run(*command: object, folder: Path) -> str:
    """What it prints; nothing of this environment is within its reach."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_film_is_done_by_both_clients_and_by_the_command(
    alone: Path, film: Path, data: Path, tmp_path: Path
) -> None:
    python, names = alone / "python", ["film.en.srt", "film.es.srt"]
    with served(data) as server:
        for kind, code in (("sync", SYNC), ("async", ASYNC)):
            folder = tmp_path / kind
            folder.mkdir()
            run(python, "-c", code, server.address, film, folder, folder=folder)
            assert sorted(path.name for path in folder.glob("*.srt")) == names
        run(
            alone / "polycue", "subtitle", film, "--translate-to", "es",
            "--server", server.address, "--output-dir", tmp_path / "out", folder=tmp_path,
        )  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names


def test_it_brings_five_packages_and_no_engine(alone: Path, tmp_path: Path) -> None:
    code = "import polycue_client; print(polycue_client.__file__)"
    site = Path(run(alone / "python", "-c", code, folder=tmp_path).strip()).parents[1]
    found = {path.name for path in site.iterdir() if ".dist-info" not in path.name}
    assert found - PACKAGES - {"__pycache__", "_virtualenv.py", "_virtualenv.pth"} == set()


def test_what_a_server_needs_is_named_where_it_is_missing(
    alone: Path, film: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [alone / "polycue", "subtitle", film],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=WAIT_S,
    )
    assert done.returncode != 0
    assert "polycue[service]" in done.stderr
    assert "--server" in done.stderr
