"""What became of each film, as the report tells it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from polycue.api.v1 import jobs_pb2
from polycue_client import outcome
from polycue_client.cli.bulk import advice
from polycue_client.cli.display import harmless, name_of
from polycue_client.cli.exits import explain
from polycue_client.errors import PolycueClientError

DONE, SKIPPED, FAILED, LEFT = "done", "skipped", "failed", "left"
STATES = (DONE, SKIPPED, FAILED, LEFT)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TrackFacts:
    """``violations`` are of any rule, ``fallbacks`` sentences translated another way than first."""

    language: str
    cues: int
    violations: int
    fallbacks: int


@dataclass(slots=True)
class FilmRow:
    """``took_ms`` is the server's work; ``job`` is where it has more to tell.

    ``reason`` is for programs, ``message`` and ``to_do`` for people. ``kept`` are files that were
    there before and stay as they were; ``earlier`` says that an earlier run did the film.
    """

    film: str
    state: str
    reason: str = ""
    message: str = ""
    to_do: str = ""
    duration_ms: int | None = None
    language: str = ""
    tracks: tuple[TrackFacts, ...] = ()
    took_ms: int | None = None
    job: str = ""
    outputs: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    earlier: bool = False
    error: Exception | None = field(default=None, repr=False, compare=False)

    @property
    def cues(self) -> int:
        return sum(track.cues for track in self.tracks)

    @property
    def violations(self) -> int:
        return sum(track.violations for track in self.tracks)

    @property
    def fallbacks(self) -> int:
        return sum(track.fallbacks for track in self.tracks)

    def document(self) -> Json:
        """As JSON has it."""
        told = {name: value for name, value in asdict(self).items() if name != "error"}
        return told | {
            "cues": self.cues,
            "violations": self.violations,
            "fallbacks": self.fallbacks,
        }


def skipped(film: str, why: str, **facts: Any) -> FilmRow:
    return FilmRow(film, SKIPPED, message=why, **facts)


def failed(film: str, error: Exception, job: str = "", *, state: str = FAILED) -> FilmRow:
    return FilmRow(
        film,
        state,
        reason=advice.reason_of(error),
        message=_message(film, error),
        to_do=advice.advice(error),
        job=job,
        error=error,
    )


def _message(film: str, error: Exception) -> str:
    if not isinstance(error, (PolycueClientError, OSError)):
        return harmless(f"{type(error).__name__}: {error}")
    said = explain(error).removeprefix(film).removeprefix(name_of(film))
    return harmless(said.removeprefix(":").strip())


def done(film: str, job: jobs_pb2.Job, reports: Iterable[bytes]) -> FilmRow:
    """``reports`` are the JSON reports of its tracks."""
    lengths = [stage.total_duration.ToMilliseconds() for stage in job.stages]
    took_ms = job.end_time.ToMilliseconds() - job.start_time.ToMilliseconds()
    return FilmRow(
        film,
        DONE,
        duration_ms=max(lengths, default=0) or None,
        language=job.language_code,
        tracks=tuple(map(_facts, reports)),
        took_ms=took_ms if job.HasField("start_time") else None,
        job=job.name,
        notices=tuple(harmless(outcome.notice_line(notice)) for notice in job.notices),
    )


def again(film: str, row: Mapping[str, Any]) -> FilmRow:
    """What a journal remembers of a film that an earlier run did.

    Raises:
        TypeError, KeyError: it was written by another version.
    """
    return FilmRow(
        film,
        SKIPPED,
        message="an earlier run did it",
        duration_ms=row["duration_ms"],
        language=row["language"],
        tracks=tuple(TrackFacts(**track) for track in row["tracks"]),
        took_ms=row["took_ms"],
        job=row["job"],
        outputs=tuple(row["outputs"]),
        earlier=True,
    )


def _facts(report: bytes) -> TrackFacts:
    told: Json = json.loads(report)
    translation = told.get("translation") or {}
    return TrackFacts(
        str(told.get("language", "")),
        int(told.get("cues", 0)),
        len(told.get("violations", ())) + int(told.get("violations_left_out", 0)),
        len(translation.get("fallbacks", ())),
    )
