"""How long one cue stays on screen, and what that costs.

Prices are of a second, in an arbitrary currency. They are judgement, guided by Netflix's timing
guide: text comes on with the voice, lingers for half a second, and does not flicker.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from polycue.cues.presets import Rules
from polycue.cues.shots import CROSSES_MS, Cut, ShotCuts

LATE = 60.0  # comes on after the voice
EARLY = 20.0
CUT_OFF = 20.0  # goes while its words are spoken
LINGER_LESS = 2.0  # goes sooner after them than it could linger
LINGER_MORE = 4.0  # goes later than that; from twice the time on it costs more:
LINGER_FAR_MORE = 12.0
SHORT = 40.0  # of the shortest stay; nothing but the end of the media takes more than half of it:
VERY_SHORT = 10_000.0
HURRIED = 6.0  # that a reader lacks
# Not of a second: for a gap that is neither the smallest nor long enough to be seen as one,
FLICKER = 200.0
# for coming on or going in a cut's zone, each, and for staying over a cut that nobody speaks over.
BESIDE_CUT = 60.0
OVER_CUT = 60.0
# Near a cut, for not staying the shortest stay: the cut is not worth that, though it may spare two
# cues what they pay for coming on beside it, going beside it and staying over it.
SHORT_NEAR_CUT = 300.0


@dataclass(frozen=True, slots=True)
class Speech:
    """What the times of a cue answer to.

    ``reading_ms`` is what its text takes to read, ``cuts`` are those near it.
    """

    start_ms: int
    end_ms: int
    reading_ms: int
    cuts: tuple[Cut, ...] = ()


class Stays:
    """Prices when a cue comes on and when it goes, which never is past ``last_ms``.

    All times lie on frames, but for those at a cut that does not.
    """

    def __init__(self, rules: Rules, last_ms: int, cuts: ShotCuts) -> None:
        self._rules, self._grid, self._last_ms = rules, rules.grid, last_ms
        self._cuts = cuts

    def onset(self, speech: Speech, on_ms: int) -> float:
        """The price of coming on at the time."""
        late_ms = on_ms - speech.start_ms
        price = (LATE * late_ms if late_ms > 0 else -EARLY * late_ms) / 1000
        if not speech.cuts:
            return price
        if late_ms <= 0 and any(on_ms == cut.time_ms for cut in speech.cuts):
            return 0.0  # the shot is what the text comes on with, its voice follows
        return price + BESIDE_CUT * self._cuts.are_missed(on_ms, speech.cuts)

    def flicker(self, off_ms: int, next_on_ms: int) -> float:
        """The price of the gap between a cue that goes and the next that comes on."""
        seen = next_on_ms - off_ms >= self._rules.chain_gap_ms
        return 0.0 if seen or off_ms >= self._grid.gone_ms(next_on_ms) else FLICKER

    def best(self, speech: Speech, on_ms: int, next_on_ms: int) -> tuple[float, int]:
        """The cheapest time to go, and its price, for a cue that comes on at ``on_ms``.

        The price is infinite where not even a single frame is left before the next one.
        """
        grid, gone_ms = self._grid, self._grid.gone_ms(next_on_ms)
        first_ms = grid.first_out_ms(on_ms + 1)
        longest_ms = grid.last_out_ms(on_ms + self._rules.max_cue_ms)
        last_ms = min(longest_ms, gone_ms, self._last_ms)
        if last_ms < first_ms:
            return inf, first_ms
        seen_ms = next_on_ms - self._rules.chain_gap_ms
        # The price of a stay is made of straight pieces, so it is lowest where two of them meet.
        joints = {gone_ms, grid.last_out_ms(seen_ms), *self._joints(speech, on_ms)}
        lowest, best_ms = inf, last_ms
        for off_ms in {min(max(off_ms, first_ms), last_ms) for off_ms in joints}:
            price = self._price(speech, on_ms, off_ms)
            if seen_ms < off_ms < gone_ms:
                price += FLICKER
            if price < lowest or (price == lowest and off_ms < best_ms):
                lowest, best_ms = price, off_ms
        return lowest, best_ms

    def _joints(self, speech: Speech, on_ms: int) -> Iterator[int]:
        grid, rules = self._grid, self._rules
        yield grid.last_out_ms(speech.end_ms)
        yield grid.last_out_ms(speech.end_ms + rules.linger_ms)
        yield grid.last_out_ms(speech.end_ms + 2 * rules.linger_ms)
        yield grid.first_out_ms(on_ms + rules.min_cue_ms)
        yield grid.first_out_ms(on_ms + rules.min_cue_ms // 2)
        yield grid.first_out_ms(on_ms + speech.reading_ms)
        for cut in speech.cuts:
            yield from (cut.away_ms, cut.off_ms, cut.past_ms)

    def _price(self, speech: Speech, on_ms: int, off_ms: int) -> float:
        rules = self._rules
        stay_ms, lingering_ms = off_ms - on_ms, off_ms - speech.end_ms
        price = 0.0
        if lingering_ms < rules.linger_ms:
            price += LINGER_LESS * (rules.linger_ms - lingering_ms)
            if lingering_ms < 0:
                price -= CUT_OFF * lingering_ms
        else:
            price += LINGER_MORE * (lingering_ms - rules.linger_ms)
            if lingering_ms > 2 * rules.linger_ms:
                price += (LINGER_FAR_MORE - LINGER_MORE) * (lingering_ms - 2 * rules.linger_ms)
        if stay_ms < rules.min_cue_ms:
            short_ms = rules.min_cue_ms - stay_ms
            price += SHORT * short_ms
            price += (VERY_SHORT - SHORT) * max(0, short_ms - rules.min_cue_ms // 2)
        if stay_ms < speech.reading_ms:
            price += HURRIED * (speech.reading_ms - stay_ms)
        price /= 1000
        return price + self._beside(speech, on_ms, off_ms) if speech.cuts else price

    def _beside(self, speech: Speech, on_ms: int, off_ms: int) -> float:
        """What the cuts near a stay make of it."""
        unspoken_ms = max(on_ms, speech.end_ms - CROSSES_MS)
        price = SHORT_NEAR_CUT if off_ms - on_ms < self._rules.min_cue_ms else 0.0
        for cut in speech.cuts:
            if unspoken_ms < cut.time_ms < off_ms:
                price += OVER_CUT
            if cut.away_ms < off_ms < cut.past_ms and off_ms != cut.off_ms:
                price += BESIDE_CUT
        return price
