"""When cues come and go: an exact second pass over cues whose words are settled.

Each cue may come on at one of a few times, mostly the frame where its speech begins or a cut of the
picture. The cheapest choice for all cues together (prices in ``stays``) is found by dynamic
programming. A cue can be too short, too fast to read, late or beside a cut, for a price; it is
never without the gap to the next one, and never longer than its longest stay.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from polycue.cues.frames import NEVER
from polycue.cues.measure import reading_chars
from polycue.cues.onsets import Edges, onsets
from polycue.cues.presets import Rules
from polycue.cues.shots import ShotCuts
from polycue.cues.stays import Speech, Stays
from polycue.domain.cue import Cue

_Stay = tuple[int, int]  # when a cue comes on and when it goes


def timed(
    cues: Sequence[Cue], rules: Rules, edges: Edges, cuts_ms: Sequence[int] = ()
) -> tuple[Cue, ...]:
    """The cues with the times they should have, in the same order.

    Only the times of their words, which every cue must have, and those of the film's cuts, in
    order, decide; so to time cues once more changes nothing.
    """
    if not cues:
        return ()
    grid = rules.grid
    start_ms = grid.in_ms(NEVER) if edges.next_start_ms is None else edges.next_start_ms
    following = Speech(start_ms, start_ms, reading_ms=0)
    speeches = _in_order([*(_speech_of(cue, rules) for cue in cues), following])
    cuts = ShotCuts(cuts_ms, rules)
    if cuts:
        speeches = [_near_cuts(speech, cuts, rules) for speech in speeches]
    return tuple(
        replace(cue, start_ms=on_ms, end_ms=off_ms)
        for cue, (on_ms, off_ms) in zip(cues, _cheapest(speeches, rules, edges, cuts), strict=True)
    )


def _speech_of(cue: Cue, rules: Rules) -> Speech:
    chars = reading_chars(cue.text, rules.language)
    reading_ms = math.ceil(1000 * chars / rules.max_chars_per_second)
    return Speech(cue.words[0].start_ms, cue.words[-1].end_ms, reading_ms)


def _in_order(speeches: Sequence[Speech]) -> list[Speech]:
    """The same, but nobody speaks before the one before."""
    starts = accumulate((speech.start_ms for speech in speeches), max)
    return [
        replace(speech, start_ms=start, end_ms=max(start, speech.end_ms))
        for speech, start in zip(speeches, starts, strict=True)
    ]


def _near_cuts(speech: Speech, cuts: ShotCuts, rules: Rules) -> Speech:
    stays_ms = max(speech.end_ms + 2 * rules.linger_ms, speech.start_ms + rules.min_cue_ms)
    return replace(speech, cuts=cuts.near(speech.start_ms, stays_ms))


def _cheapest(
    speeches: Sequence[Speech], rules: Rules, edges: Edges, cuts: ShotCuts
) -> list[_Stay]:
    """The stays of all cues but the last one of ``speeches``, which is of the next run."""
    last_off = edges.last_off(rules.grid, len(speeches) - 1)
    stays = Stays(rules, rules.grid.out_ms(last_off), cuts)
    ons = onsets(speeches, rules, edges, cuts)
    prices = [stays.onset(speeches[0], on_ms) for on_ms in ons[0]]
    if edges.previous_end_ms is not None:
        for position, on_ms in enumerate(ons[0]):
            prices[position] += stays.flicker(edges.previous_end_ms, on_ms)
    # For each cue and each time of the next one: the stay that leads there, and where it is from.
    trail: list[list[tuple[_Stay, int]]] = []
    for index, (here, nexts) in enumerate(pairwise(ons)):
        row = []
        new_prices = []
        for next_on_ms in nexts:
            ways = []
            for position, on_ms in enumerate(here):
                price, off_ms = stays.best(speeches[index], on_ms, next_on_ms)
                ways.append((prices[position] + price, position, off_ms))
            price, position, off_ms = min(ways)
            row.append(((here[position], off_ms), position))
            new_prices.append(price + stays.onset(speeches[index + 1], next_on_ms))
        trail.append(row)
        prices = new_prices
    return _follow(trail, prices.index(min(prices)))


def _follow(trail: Sequence[Sequence[tuple[_Stay, int]]], position: int) -> list[_Stay]:
    """The stays that lead to ``position``, read backwards from it."""
    stays = []
    for row in reversed(trail):
        stay, position = row[position]
        stays.append(stay)
    return stays[::-1]
