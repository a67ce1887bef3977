"""What a running task tells its watchers, in the order it happens."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from polycue.domain.cue import Cue
from polycue.domain.track import TrackKind


class Stage(StrEnum):
    PROBE = "probe"
    EXTRACT = "extract"
    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"
    RENDER = "render"
    MUX = "mux"
    SHOTS = "shots"
    SYNC = "sync"


@dataclass(frozen=True, slots=True)
class StageMoved:
    """Media time a stage has done; ``total_ms`` None while unknown.

    ``checkpointed``: it is kept, so that a run of the job that is cut short does not lose it.
    """

    stage: Stage
    processed_ms: int
    total_ms: int | None
    finished: bool = False
    checkpointed: bool = False


@dataclass(frozen=True, slots=True)
class MediaFound:
    """The input was probed; its container says this length, or none."""

    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class LanguageFound:
    """The spoken language is known, as BCP-47."""

    language: str


@dataclass(frozen=True, slots=True)
class CuesReady:
    """Cues of one track that will not change any more; ``first_index`` counts from 1."""

    language: str
    first_index: int
    cues: tuple[Cue, ...]
    kind: TrackKind = TrackKind.SUBTITLES


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A finished result on disk. ``language`` is "" for a muxed copy."""

    path: Path
    filename: str
    mime_type: str
    language: str


@dataclass(frozen=True, slots=True)
class FileReady:
    """A result can be read."""

    file: OutputFile


Event = StageMoved | MediaFound | LanguageFound | CuesReady | FileReady
Report = Callable[[Event], None]
