"""How the engine worked on one piece of work: what it waited for, and what it took of a device."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineUsage:
    """Adds up over attempts: all are sums, but for ``longest_wait_ms``.

    A row is a chunk in a batch. ``wall_ms`` is how long it was worked on and ``engine_ms`` how long
    all workers of all devices were at batches in that time, for whomever. ``device_ms`` is what of
    that was for this work: its share, by rows, of each batch that it had rows in. Those batches
    were ``batches``, and held ``filled`` rows of anybody's where they had room for ``room``.

    ``waited_ms`` is summed over rows, of which many wait at once, from when their sound was ready
    until their batch began. ``rows`` counts those ``rows_again`` that were in doubt and decoded
    once more, ``audio_ms`` does not. What was heard anew in the language that was decided later
    counts in both.
    """

    wall_ms: int = 0
    waited_ms: int = 0
    longest_wait_ms: int = 0
    device_ms: int = 0
    engine_ms: int = 0
    batches: int = 0
    filled: int = 0
    room: int = 0
    rows: int = 0
    rows_again: int = 0
    tokens: int = 0
    audio_ms: int = 0

    def __add__(self, other: "EngineUsage") -> "EngineUsage":
        return EngineUsage(
            wall_ms=self.wall_ms + other.wall_ms,
            waited_ms=self.waited_ms + other.waited_ms,
            longest_wait_ms=max(self.longest_wait_ms, other.longest_wait_ms),
            device_ms=self.device_ms + other.device_ms,
            engine_ms=self.engine_ms + other.engine_ms,
            batches=self.batches + other.batches,
            filled=self.filled + other.filled,
            room=self.room + other.room,
            rows=self.rows + other.rows,
            rows_again=self.rows_again + other.rows_again,
            tokens=self.tokens + other.tokens,
            audio_ms=self.audio_ms + other.audio_ms,
        )

    @property
    def fill(self) -> float | None:
        """How full its batches were, 0 to 1; None where it had none."""
        return self.filled / self.room if self.room else None

    @property
    def device_share(self) -> float | None:
        """Of what the devices did while it was worked on, 0 to 1; None where they did nothing."""
        return min(1.0, self.device_ms / self.engine_ms) if self.engine_ms else None


NOT_USED = EngineUsage()
