"""When cues come and go: an exact second pass over cues whose words are settled.

Each cue may come on at one of a few frames, mostly the one where its speech begins. The cheapest
choice for all cues together (prices in ``stays``) is found by dynamic programming. A cue can be
too short, too fast to read or late, for a price; it is never without the gap to the next one, and
never longer than its longest stay.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from polycue.cues.frames import NEVER
from polycue.cues.measure import reading_chars
from polycue.cues.onsets import Edges, onsets
from polycue.cues.presets import Rules
from polycue.cues.stays import Speech, Stays
from polycue.domain.cue import Cue

_Stay = tuple[int, int]  # the frames on which a cue comes on and goes


def timed(cues: Sequence[Cue], rules: Rules, edges: Edges) -> tuple[Cue, ...]:
    """The cues with the times they should have, in the same order.

    Only the times of their words decide, which every cue must have, so to time cues once more
    changes nothing.
    """
    if not cues:
        return ()
    grid = rules.grid
    start_ms = grid.in_ms(NEVER) if edges.next_start_ms is None else edges.next_start_ms
    following = Speech(start_ms, start_ms, reading_ms=0)
    speeches = _in_order([*(_speech_of(cue, rules) for cue in cues), following])
    return tuple(
        replace(cue, start_ms=grid.in_ms(on), end_ms=grid.out_ms(off))
        for cue, (on, off) in zip(cues, _cheapest(speeches, rules, edges), strict=True)
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


def _cheapest(speeches: Sequence[Speech], rules: Rules, edges: Edges) -> list[_Stay]:
    """The stays of all cues but the last one of ``speeches``, which is of the next run."""
    stays = Stays(rules, edges.last_off(rules.grid, len(speeches) - 1))
    ons = onsets(speeches, rules, edges)
    prices = [stays.onset(speeches[0], on) for on in ons[0]]
    if edges.previous_end_ms is not None:
        off = rules.grid.first_out(edges.previous_end_ms)
        prices = [price + stays.flicker(off, on) for price, on in zip(prices, ons[0], strict=True)]
    # For each cue and each frame of the next one: the stay that leads there, and where it is from.
    trail: list[list[tuple[_Stay, int]]] = []
    for index, (here, nexts) in enumerate(pairwise(ons)):
        row = []
        new_prices = []
        for next_on in nexts:
            ways = []
            for position, on in enumerate(here):
                price, off = stays.best(speeches[index], on, next_on)
                ways.append((prices[position] + price, position, off))
            price, position, off = min(ways)
            row.append(((here[position], off), position))
            new_prices.append(price + stays.onset(speeches[index + 1], next_on))
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
