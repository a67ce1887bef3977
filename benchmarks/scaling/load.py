"""Who comes when, with how long a film."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

CHUNK_MS = 27_000  # sound in a chunk: speech is cut at pauses, below the 30 s of a window
SPEECH = (0.6, 1.0)  # the least and the greatest part of it that is spoken


@dataclass(frozen=True, slots=True)
class FilmAsked:
    """A job, as it arrives."""

    number: int
    at_s: float
    tenant: str
    chunks: int

    @property
    def sound_s(self) -> float:
        return self.chunks * CHUNK_MS / 1000


@dataclass(frozen=True, slots=True)
class Load:
    """Films that are ``hours`` long on average, by a factor of ``spread`` around it.

    That is the deviation of their logarithm. They come at random, or those of ``together_s``
    seconds all at once. Of ``tenants`` the first sends half of all, the next half of the rest, ...
    """

    name: str
    hours: float
    together_s: float = 0.0
    spread: float = 0.4
    tenants: int = 4

    def films(self, seed: int, *, sound_s_a_second: float, until_s: float) -> Iterator[FilmAsked]:
        """Those that arrive before ``until_s``, with so much sound a second over the long run."""
        chance = random.Random(f"{self.name} {seed}")
        every_s = self.hours * 3600 / sound_s_a_second
        for number, at_s in enumerate(self._arrivals(chance, every_s)):
            if at_s >= until_s:
                return
            yield FilmAsked(number, at_s, self._tenant(chance), self._chunks(chance))

    def _arrivals(self, chance: random.Random, every_s: float) -> Iterator[float]:
        at_s = 0.0
        while True:
            if self.together_s:
                yield from [at_s] * max(1, round(self.together_s / every_s))
                at_s += max(self.together_s, every_s)
            else:
                at_s += chance.expovariate(1 / every_s)
                yield at_s

    def _tenant(self, chance: random.Random) -> str:
        return f"tenant {min(int(-math.log2(1 - chance.random())), self.tenants - 1)}"

    def _chunks(self, chance: random.Random) -> int:
        mean = math.log(self.hours * 3_600_000 / CHUNK_MS) - self.spread**2 / 2
        return max(1, round(chance.lognormvariate(mean, self.spread)))


LOADS = (
    Load("steady", hours=0.75),
    Load("bursty", hours=0.75, together_s=20.0),
    Load("long films", hours=3.0, spread=0.2),
)
