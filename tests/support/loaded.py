"""A server of its own with the demo models, and work for it of every kind that it counts."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from polycue_client import connect
from polycue_client.client import Polycue
from polycue_client.errors import PolycueClientError
from support.programs import Lines, ended


class Loaded:
    """Made by ``loaded``; ``metrics`` is where its numbers are read."""

    def __init__(
        self, polycue: Polycue, metrics: str, film: Path, clip: Path, folder: Path
    ) -> None:
        self._polycue, self.metrics = polycue, metrics
        self._film, self._clip, self._folder = film, clip, folder

    def work(self) -> None:
        """A film to translated and muxed tracks, a clip, a text, a re-timing, and a refusal."""
        polycue = self._polycue
        job = polycue.subtitle(self._film, translate_to=["es", "de"], mux=["mkv"], fresh=True)
        for _ in polycue.watch(job, include_cues=True):
            pass
        artifacts = polycue.wait(job).artifacts
        srt = next(each for each in artifacts if each.filename.endswith(".en.srt"))
        file = polycue.download(srt, self._folder, overwrite=True)
        polycue.wait(polycue.sync(file, self._film, fresh=True))
        polycue.transcribe(self._clip)
        polycue.translate_subtitles(file.read_text(), source="en", to=["es"])
        junk = self._folder / "junk.mkv"
        junk.write_bytes(b"this is no film")
        with contextlib.suppress(PolycueClientError):
            polycue.wait(polycue.subtitle(junk))
        with contextlib.suppress(PolycueClientError):
            polycue.get_job("jobs/" + 32 * "0")


@contextlib.contextmanager
def loaded(
    repository: Path, models: Path, clip: Path, folder: Path, *options: str
) -> Iterator[Loaded]:
    """A server in a process of its own, so that its numbers are nobody else's."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "polycue", "--listen", "127.0.0.1:0"),
            *("--metrics-listen", "127.0.0.1:0", "--log-format", "json", "--device", "cpu"),
            *("--data-dir", str(folder / "data"), "--models-dir", str(models), "--lease-s", "6"),
            *options,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with ended(process):
        lines = Lines(process)
        metrics = json.loads(lines.until("metrics are answered"))["address"]
        address = json.loads(lines.until('"event": "ready"'))["address"]
        with connect(address) as polycue:
            yield Loaded(polycue, metrics, repository / "demo" / "tour.mp4", clip, folder)
