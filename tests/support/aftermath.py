"""What must be true once the dust has settled, whatever was done to the servers."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue.domain.track import TrackFormat
from polycue_client import Polycue, errors, requests
from support.fleet import Fleet, Server, orphans
from support.stepped_server import Film
from support.steps import Director

FORMATS = (TrackFormat.SRT, TrackFormat.VTT)
_SOON_S = 60
_PARTIAL = (".tmp", ".partial", ".draft")


@dataclass
class Aftermath:
    """Knows every job that was made, and holds what became of them against what was promised.

    No job lost; no chunk kept twice; results whole, or none; every job at an end; no process and no
    scratch file left; the store sound.
    """

    fleet: Fleet
    director: Director
    films: dict[str, Film] = field(default_factory=dict)

    def create(self, polycue: Polycue, film: Film) -> jobs_pb2.Job:
        """Upload the film and queue a job for it."""
        upload = polycue.upload(film.write(self.fleet.folder))
        return self.queue(polycue, upload.name, film)

    def queue(self, polycue: Polycue, upload: str, film: Film) -> jobs_pb2.Job:
        source = media_pb2.MediaSource(upload=upload)
        spec = requests.subtitle_spec(source, formats=[form.value for form in FORMATS])
        return self.expect(polycue.create_job(spec, fresh=True), film)

    def delete(self, polycue: Polycue, job: jobs_pb2.Job) -> None:
        polycue.delete(job)
        del self.films[job.name]

    def expect(self, job: jobs_pb2.Job, film: Film) -> jobs_pb2.Job:
        self.films[job.name] = film
        return job

    def redone(self) -> int:
        """Chunks that were heard more than once, of all films."""
        return sum(
            sum(self.director.count("chunk", film.name).values())
            - len(self.director.count("chunk", film.name))
            for film in self.films.values()
        )

    def check(
        self, server: Server, *, failed: dict[str, str] | None = None, plans: int = 1
    ) -> None:
        """``failed`` are the reasons of the jobs that had to fail, or "CANCELLED", by name.

        ``plans`` counts those that were made for a film; each may keep its chunks once.
        """
        with server.client() as polycue:
            for name, film in self.films.items():
                self._check_end(polycue, name, film, (failed or {}).get(name, ""))
            there = sorted(job.name for job in polycue.jobs())
            assert there == sorted(self.films), there
        self._check_chunks(plans)
        self._check_folder()
        self._check_processes()
        assert self.fleet.sound()

    def _check_end(self, polycue: Polycue, name: str, film: Film, reason: str) -> None:
        if reason:
            with pytest.raises(errors.PolycueClientError) as failure:
                polycue.wait(name)
            cancelled = isinstance(failure.value, errors.JobCancelled)
            assert ("CANCELLED" if cancelled else failure.value.reason) == reason
            assert not polycue.get_job(name).artifacts
            return
        job = polycue.wait(name)
        tracks = {a.filename: polycue.read(a) for a in job.artifacts if "report" not in a.filename}
        assert tracks == {f"{film.name}.en.{form.suffix}": film.text(form) for form in FORMATS}, (
            job.name
        )

    def _check_chunks(self, plans: int) -> None:
        saved: Counter[tuple[str, int]] = Counter()
        for film in {film.name for film in self.films.values()}:
            for index, times in self.director.count("saved", film).items():
                saved[film, index] += times
        makers = Counter(film.name for film in self.films.values())
        assert [key for key, times in saved.items() if times > plans * makers[key[0]]] == []

    def _check_folder(self) -> None:
        """A job's end is told before its scratch is swept away, so that may take a moment."""
        left = _soon_empty(lambda: scratch(self.fleet.data))
        assert left == [], left

    def _check_processes(self) -> None:
        own = tuple(server.pid for server in self.fleet.servers if server.running)
        left = _soon_empty(lambda: orphans(str(self.fleet.folder), but=own))
        assert left == [], left


def _soon_empty(look: Callable[[], list[str]]) -> list[str]:
    """What is still found when there was time to remove it."""
    until_s = time.monotonic() + _SOON_S
    while (found := look()) and time.monotonic() < until_s:
        threading.Event().wait(0.01)
    return found


def scratch(data: Path) -> list[str]:
    """What must not lie about once nothing is at work."""
    work = [path for path in data.glob("work/**/*") if path.is_file()]
    partial = [p for p in data.rglob("*") if p.name.endswith(_PARTIAL) or ".tmp" in p.name]
    return sorted(str(path.relative_to(data)) for path in {*work, *partial})
