"""What a task made: light to import, for those who run tasks without knowing the stages."""

from dataclasses import dataclass

from polycue.domain.notice import Notice
from polycue.domain.progress import OutputFile
from polycue.domain.track import Track
from polycue.domain.transcript import Transcript
from polycue.domain.usage import NOT_USED, EngineUsage


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What a task made. ``transcript`` is of a subtitle task, ``duration_ms`` of media.

    ``usage`` is filled in by whoever holds the account of the work.
    """

    tracks: tuple[Track, ...] = ()
    files: tuple[OutputFile, ...] = ()
    notices: tuple[Notice, ...] = ()
    transcript: Transcript | None = None
    duration_ms: int = 0
    usage: EngineUsage = NOT_USED

    @property
    def language(self) -> str:
        """What is spoken, BCP-47; "" where nothing was recognised."""
        return self.transcript.language if self.transcript else ""
