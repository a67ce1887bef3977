"""Make the README's pictures anew, from a real run of the demo.

Run `make demo` once, then `.venv/bin/python docs/images/make.py`. The report's page is photographed
by chromium, where it is installed.
"""

import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COLUMNS, ROWS = 112, 50


def terminal_output(argv: list[str]) -> str:
    """What a command shows on a terminal, with its colours."""
    pieces: list[bytes] = []

    def keep(fd: int) -> bytes:
        pieces.append(os.read(fd, 65536))
        return pieces[-1]

    os.environ.update(COLUMNS=str(COLUMNS), LINES=str(ROWS), TERM="xterm-256color")
    status = pty.spawn(argv, keep)
    if status:
        sys.exit(f"{argv} ended with {status}")
    return b"".join(pieces).decode()


def settled(output: str) -> str:
    """The lines as they stand at the end: those drawn over and over are there once."""
    lines: list[str] = []
    for line in output.replace("\r\n", "\n").split("\n"):
        ups = len(re.findall(r"\x1b\[1A\x1b\[2K|\x1b\[1A", line))
        del lines[len(lines) - ups :]
        lines.append(re.sub(r"\x1b\[\?25[lh]|\x1b\[2K|\x1b\[1A", "", line).split("\r")[-1])
    return "\n".join(lines)


def draw_terminal() -> None:
    output = settled(terminal_output([sys.executable, str(ROOT / "demo" / "run.py")]))
    lines = output.strip("\n").split("\n")
    kept = [*lines[:33], "   ...", *lines[-17:]]
    console = Console(record=True, width=COLUMNS + 2, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(Text.from_ansi("\n".join(kept)))
    console.save_svg(str(HERE / "demo.svg"), title="make demo")


def draw_frame() -> None:
    """A frame of the film with the Spanish track drawn in, as a player shows it."""
    srt = ROOT / "demo" / "out" / "tour.es.srt"
    style = "FontSize=22,Outline=1.2,MarginV=26"
    at = "12.0"
    subprocess.run(
        [
            *("ffmpeg", "-nostdin", "-v", "error", "-y", "-ss", at, "-copyts"),
            *("-i", str(ROOT / "demo" / "tour.mp4")),
            *("-vf", f"subtitles={srt}:force_style='{style}'", "-frames:v", "1"),
            str(HERE / "frame.png"),
        ],
        check=True,
    )


def draw_report() -> None:
    """The page that `polycue lint --html` writes, as a browser shows its top."""
    browser = shutil.which("chromium")
    if browser is None:
        sys.exit("no chromium here: report.png stays as it is")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "report.html")
        lint = [str(Path(sys.executable).with_name("polycue")), "lint", "demo/out/tour.es.srt"]
        lint += ["--media", "demo/tour.mp4", "--html", str(page)]
        subprocess.run(lint, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        shot = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        shot += ["--window-size=960,1330", f"--screenshot={HERE / 'report.png'}", str(page)]
        subprocess.run(shot, check=True, capture_output=True)


if __name__ == "__main__":
    draw_terminal()
    draw_frame()
    draw_report()
