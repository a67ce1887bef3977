"""What cues and lines pay for, and how much."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Weights:
    """Factors and costs, in the currency of ``breaks``, where a bad place to break costs 7.

    Those of text are chosen on sentences whose cues and lines people made; those of time are
    judgement, as no such text with times is at hand.
    """

    cue: float = 1.0
    cue_break: float = 2.0
    line_break: float = 0.8
    balance: float = 3.0  # for lines that differ by a whole line's length
    top_heavy: float = 0.5
    orphan: float = 4.0  # for a single word on the last of several lines
    short: float = 7.0  # for a cue of no length; nothing from this share of a line on:
    short_below: float = 0.5
    short_chars: float = 21.0  # and from so many on, however wide a line: a sentence is not short
    overflow: float = 100.0  # for a single word that is wider than a line
    turn_inside: float = 8.0  # for a turn of a dialogue in the middle of a line
    sentence_inside: float = 4.0  # for a sentence that ends in the middle of a cue
    pause_inside: float = 12.0  # for a second of a long pause in the middle of a cue
    cut_inside: float = 3.0  # for a pause in the middle of a cue at which the picture cuts
    pause: float = 16.0  # that a second's pause takes off the cost of a boundary, at most:
    pause_most: float = 10.0  # so that nobody's hesitation after "the" ends a cue
    pause_gain: float = 2.0  # what may be gained beyond that cost
    speed: float = 2.0  # for a second that the reader lacks
    stay: float = 8.0  # for a cue of no length in time; nothing from this many shortest stays on:
    stay_enough: float = 1.5


CUES = Weights()
# Once the cues stand, even lines are worth more: of 584 cues on two lines 75 % are then broken
# where people broke them. While cues are chosen, uneven lines may buy a better cue.
LINES = replace(CUES, line_break=0.6, balance=10.0)
