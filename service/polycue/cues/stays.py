"""How long one cue stays on screen, and what that costs.

Prices are of a second, in an arbitrary currency. They are judgement, guided by Netflix's timing
guide: text comes on with the voice, lingers for half a second, and does not flicker.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from polycue.cues.presets import Rules

LATE = 60.0  # comes on after the voice
EARLY = 20.0
CUT_OFF = 20.0  # goes while its words are spoken
LINGER_LESS = 2.0  # goes sooner after them than it could linger
LINGER_MORE = 4.0  # goes later than that; from twice the time on it costs more:
LINGER_FAR_MORE = 12.0
SHORT = 40.0  # of the shortest stay; nothing but the end of the media takes more than half of it:
VERY_SHORT = 10_000.0
HURRIED = 6.0  # that a reader lacks
# Not of a second: for a gap that is neither the smallest nor long enough to be seen as one.
FLICKER = 200.0


@dataclass(frozen=True, slots=True)
class Speech:
    """What the times of a cue answer to. ``reading_ms`` is what its text takes to read."""

    start_ms: int
    end_ms: int
    reading_ms: int


class Stays:
    """Prices the frames on which a cue comes on and goes. No cue stays past ``last_off``."""

    def __init__(self, rules: Rules, last_off: int) -> None:
        self._rules, self._grid, self._last_off = rules, rules.grid, last_off

    def onset(self, speech: Speech, on: int) -> float:
        """The price of coming on at the frame."""
        late_ms = self._grid.in_ms(on) - speech.start_ms
        return (LATE * late_ms if late_ms > 0 else -EARLY * late_ms) / 1000

    def flicker(self, off: int, next_on: int) -> float:
        """The price of the gap between a cue that goes and the next that comes on."""
        grid = self._grid
        seen = grid.in_ms(next_on) - grid.out_ms(off) >= self._rules.chain_gap_ms
        return 0.0 if seen or next_on - off <= grid.gap else FLICKER

    def best(self, speech: Speech, on: int, next_on: int) -> tuple[float, int]:
        """The cheapest frame to go, and its price, for a cue that comes on at ``on``.

        The price is infinite where not even a single frame is left before the next one.
        """
        grid = self._grid
        longest = grid.last_out(grid.in_ms(on) + self._rules.max_cue_ms)
        latest = min(longest, next_on - grid.gap, self._last_off)
        if latest <= on:
            return inf, on
        # The price of a stay is made of straight pieces, so it is lowest where two of them meet.
        offs = {min(max(off, on + 1), latest) for off in self._joints(speech, on, next_on)}
        return min((self._price(speech, on, off) + self.flicker(off, next_on), off) for off in offs)

    def _joints(self, speech: Speech, on: int, next_on: int) -> Iterator[int]:
        grid, rules = self._grid, self._rules
        on_ms = grid.in_ms(on)
        yield grid.last_out(speech.end_ms)
        yield grid.last_out(speech.end_ms + rules.linger_ms)
        yield grid.last_out(speech.end_ms + 2 * rules.linger_ms)
        yield grid.first_out(on_ms + rules.min_cue_ms)
        yield grid.first_out(on_ms + rules.min_cue_ms // 2)
        yield grid.first_out(on_ms + speech.reading_ms)
        yield grid.last_out(grid.in_ms(next_on) - rules.chain_gap_ms)
        yield next_on - grid.gap

    def _price(self, speech: Speech, on: int, off: int) -> float:
        rules = self._rules
        off_ms = self._grid.out_ms(off)
        stay_ms = off_ms - self._grid.in_ms(on)
        lingering_ms = off_ms - speech.end_ms
        short_ms = rules.min_cue_ms - stay_ms
        return (
            CUT_OFF * max(0, -lingering_ms)
            + LINGER_LESS * max(0, rules.linger_ms - lingering_ms)
            + LINGER_MORE * max(0, lingering_ms - rules.linger_ms)
            + (LINGER_FAR_MORE - LINGER_MORE) * max(0, lingering_ms - 2 * rules.linger_ms)
            + SHORT * max(0, short_ms)
            + (VERY_SHORT - SHORT) * max(0, short_ms - rules.min_cue_ms // 2)
            + HURRIED * max(0, speech.reading_ms - stay_ms)
        ) / 1000
