"""Make the pictures of docs/bulk.md anew, from a real run over parts of the demo film.

Run `.venv/bin/python docs/images/bulk.py`. The page is photographed by chromium, where it is
installed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from make import settled, terminal_output
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FILM = ROOT / "demo" / "tour.mp4"
COLUMNS = 112
POLYCUE = [sys.executable, "-m", "polycue_client"]


def cut(to: Path, start_s: int, *flags: str) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    span = ("-ss", str(start_s), "-t", "16")
    command = ["ffmpeg", "-v", "error", "-nostdin", *span, "-i", str(FILM), *flags, "-c", "copy"]
    subprocess.run([*command, str(to)], check=True)


def films(folder: Path) -> None:
    """Good ones, and such as every archive has."""
    for number in range(1, 4):
        cut(folder / "whales" / f"part{number}.mp4", 12 * number)
    cut(folder / "cities" / "night.mp4", 48)
    cut(folder / "cities" / "silent.mp4", 0, "-an")
    (folder / "cities" / "broken.mkv").write_bytes(os.urandom(3000))
    (folder / "cities" / "coming.mkv.part").write_bytes(b"x")


def draw(folder: Path) -> None:
    films(folder / "films")
    models = ["models", "import", "--models-dir", "models", str(ROOT / "demo" / "models")]
    subprocess.run([*POLYCUE, *models], check=True, capture_output=True)
    flags = ["-r", "-t", "es", "--models-dir", "models", "--report-file", "report.html"]
    # Some fail, as they should, and what a terminal shows is all that is wanted.
    argv = ["sh", "-c", '"$@" || true', "sh", *POLYCUE, "subtitle", "films", *flags]
    lines = [line for line in settled(terminal_output(argv)).split("\n") if line.strip()]
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS + 2, file=nowhere)
        console.print(Text.from_ansi("\n".join(lines)))
        console.save_svg(str(HERE / "bulk-terminal.svg"), title="polycue subtitle films -r -t es")
    if browser := shutil.which("chromium"):
        shot = [f"--screenshot={HERE / 'bulk-report.png'}", "--window-size=1200,820"]
        page = (folder / "report.html").as_uri()
        headless = [browser, "--headless", "--no-sandbox", "--hide-scrollbars"]
        subprocess.run([*headless, *shot, page], check=True, capture_output=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_STATE_HOME"] = f"{name}/state"
        os.chdir(name)
        draw(Path(name))


if __name__ == "__main__":
    main()
