"""The one report at the end of a run, as a document."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from polycue_client.cli.bulk.rows import DONE, STATES, FilmRow

FORMAT = "polycue-bulk-report"
VERSION = 1  # goes up when a reader of the last one would go wrong; new fields alone leave it

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """``places`` are what was named, ``stopped_by`` why not all was done, "" where it was."""

    rows: Sequence[FilmRow]
    places: Sequence[str]
    server: str
    began: datetime
    ended: datetime
    stopped_by: str = ""
    not_looked_at: int = 0

    @property
    def states(self) -> Counter[str]:
        return Counter(row.state for row in self.rows)

    def totals(self) -> Json:
        """Over all rows; ``speed`` is the sound that this run did by the time it took."""
        wall_ms = round((self.ended - self.began).total_seconds() * 1000)
        done_ms = sum(row.duration_ms or 0 for row in self.rows if row.state == DONE)
        return {
            "films": len(self.rows) + self.not_looked_at,
            **{state: self.states[state] for state in STATES},
            "not_looked_at": self.not_looked_at,
            "sound_ms": sum(row.duration_ms or 0 for row in self.rows),
            "cues": sum(row.cues for row in self.rows),
            "violations": sum(row.violations for row in self.rows),
            "fallbacks": sum(row.fallbacks for row in self.rows),
            "took_ms": sum(row.took_ms or 0 for row in self.rows),
            "wall_ms": wall_ms,
            "speed": round(done_ms / wall_ms, 2) if wall_ms else 0.0,
        }

    def document(self) -> Json:
        return {
            "format": FORMAT,
            "version": VERSION,
            "places": list(self.places),
            "server": self.server,
            "began": self.began.isoformat(timespec="seconds"),
            "ended": self.ended.isoformat(timespec="seconds"),
            "stopped_by": self.stopped_by,
            "totals": self.totals(),
            "films": [row.document() for row in self.rows],
        }


def now() -> datetime:
    return datetime.now(UTC)
