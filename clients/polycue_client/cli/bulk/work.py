"""What is done for one film: its job found or made, its results brought home. In threads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polycue.api.v1 import artifacts_pb2, jobs_pb2, media_pb2
from polycue_client import outcome
from polycue_client.cli.bulk import keys, rows
from polycue_client.cli.bulk.journal import Journal
from polycue_client.cli.bulk.trees import Film
from polycue_client.cli.inputs import check_readable
from polycue_client.cli.outputs import REPORT_TYPES
from polycue_client.cli.results import Item
from polycue_client.cli.workplace import Workplace
from polycue_client.drafts import wire_name
from polycue_client.errors import FileExists, PolycueClientError

RUN_LABEL = "bulk"
KEPT_S = 24 * 3600.0  # an ended job, so that whoever comes back after a stop finds its results
LARGE_BYTES = 64 * 1024 * 1024  # of which no server keeps thousands
_TRIES = 3  # to find names that nobody has taken meanwhile
_AGAIN = (jobs_pb2.JOB_STATE_FAILED, jobs_pb2.JOB_STATE_CANCELLED)
_UNENDED = (
    jobs_pb2.JOB_STATE_QUEUED,
    jobs_pb2.JOB_STATE_RUNNING,
    jobs_pb2.JOB_STATE_CANCELLING,
    jobs_pb2.JOB_STATE_INTERRUPTED,
)


@dataclass(slots=True, eq=False)
class Flight:
    """A film with a job, as far as it has come. ``heard_ms`` is of its sound."""

    film: Film
    item: Item
    key: str
    job: str = ""
    upload: str = ""
    is_running: bool = False
    heard_ms: int = 0
    tries: int = 0

    def see(self, job: jobs_pb2.Job) -> None:
        self.is_running = job.state != jobs_pb2.JOB_STATE_QUEUED
        self.heard_ms = max(
            (s.processed_duration.ToMilliseconds() for s in job.stages),
            default=0,
        )


class Desk:
    """Safe to use from several threads."""

    def __init__(
        self,
        place: Workplace,
        run: str,
        *,
        journal: Journal,
        overwrite: bool,
    ) -> None:
        """``run`` is the label of all its jobs."""
        self._place, self._client = place, place.client
        self._run, self._journal, self._overwrite = run, journal, overwrite

    def queue(self, flight: Flight) -> jobs_pb2.Job:
        """The film's job: made, or found where an earlier run or another process made it.

        One that failed or was cancelled then is tried again, and goes on from what it had finished.
        """
        source = self._source(flight)
        job = self._client.create_job(
            flight.item.spec(source),
            labels={"file": wire_name(Path(flight.film.name)), RUN_LABEL: self._run},
            fresh=self._overwrite,
            request_id=self._id("job", flight.key, source.upload or source.uri),
            ttl_s=KEPT_S,
        )
        if job.state in _AGAIN:
            job = self._client.resume(job)
        flight.job = job.name
        return job

    def _source(self, flight: Flight) -> media_pb2.MediaSource:
        film = flight.film
        path = film.tree.local(film.name)
        if path is None:
            return film.tree.source(film.name)
        check_readable(path)
        if self._place.reads(path):
            return film.tree.source(film.name)
        upload = self._client.upload(
            path, filename=wire_name(path), request_id=self._id("upload", flight.key)
        )
        flight.upload = upload.name
        return media_pb2.MediaSource(upload=upload.name)

    def _id(self, *parts: str) -> str:
        return keys.request_id(self._run, self._journal.generation, *parts)

    def collect(self, flight: Flight) -> rows.FilmRow | None:
        """What became of a film, its results in place; None where its job has not ended.

        Raises:
            NotFound: the job is gone.
            PolycueClientError: it failed.
        """
        job = self._client.get_job(flight.job)
        if not outcome.has_ended(job):
            flight.see(job)
            return None
        outcome.succeeded(job)
        reports = [self._client.read(a) for a in job.artifacts if a.mime_type == REPORT_TYPES[0]]
        row = rows.done(flight.film.address, job, reports)
        wanted = [a for a in job.artifacts if a.mime_type != REPORT_TYPES[0]]
        row.outputs, row.kept = self._publish(flight, wanted)
        self._journal.done(flight.key, row.document())
        return row

    def _publish(
        self, flight: Flight, artifacts: Sequence[artifacts_pb2.Artifact]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Addresses of what was written, and of what is left as it was."""
        shelf, place = flight.film.shelf, flight.item.place
        names = [(artifact, place.of(artifact).name) for artifact in artifacts]
        for left in reversed(range(_TRIES)):
            taken = set() if self._overwrite else {name for _, name in names if shelf.has(name)}
            wanted = [each for each in names if each[1] not in taken]
            try:
                shelf.publish(self._client, wanted, overwrite=self._overwrite)
            except FileExists:  # another process is at the same film
                if not left:
                    raise
            else:
                break
        written = tuple(shelf.address(name) for _, name in wanted)
        return written, tuple(shelf.address(name) for name in sorted(taken))

    def tidy(self, flight: Flight, *, has_results: bool) -> None:
        """Free what the server need not keep; what it does not give up now expires."""
        try:
            if flight.upload:
                self._client.delete_upload(flight.upload)
            if has_results and self._is_large(flight.job):
                self._client.delete(flight.job)
        except PolycueClientError:
            return

    def _is_large(self, job: str) -> bool:
        kept = self._client.get_job(job).artifacts
        return sum(artifact.size_bytes for artifact in kept) > LARGE_BYTES

    def unended(self) -> dict[str, jobs_pb2.Job]:
        """All jobs of the run that wait or are at work, by their names."""
        listed = self._client.jobs(states=_UNENDED, labels={RUN_LABEL: self._run})
        return {job.name: job for job in listed}

    def interrupt(self) -> None:
        """End what takes long, in other threads."""
        self._client.interrupt()

    def cancel(self, flight: Flight) -> None:
        try:
            self._client.cancel(flight.job)
        except PolycueClientError:  # it goes its own way then
            return
