"""The demo film and the demo models, through real servers."""

import os
import subprocess
import sys
from pathlib import Path

from polycue_client import Polycue
from support.fleet import ROOT, python_path

FILM = ROOT / "demo" / "tour.mp4"
FORMATS = ["srt", "vtt"]


def import_models(folder: Path) -> Path:
    command = [sys.executable, "-m", "polycue_client", "models", "import"]
    given = [f"--models-dir={folder}", str(ROOT / "demo" / "models")]
    env = {**os.environ, "PYTHONPATH": python_path()}
    subprocess.run([*command, *given], check=True, capture_output=True, env=env)
    return folder


def begin(polycue: Polycue, *, formats: list[str] = FORMATS) -> str:
    return polycue.subtitle(FILM, translate_to=["es"], formats=formats, fresh=True).name


def tracks(polycue: Polycue, job: str) -> dict[str, bytes]:
    """What came of a job, but for its report, which says how long things took."""
    artifacts = polycue.get_job(job).artifacts
    wanted = [a for a in artifacts if "report" not in a.filename]
    return {a.filename: polycue.read(a) for a in wanted}
