"""Words to finished cues."""

from collections.abc import Sequence
from dataclasses import replace

from polycue.cues.breaks import break_costs
from polycue.cues.flags import flags_of
from polycue.cues.islands import islands
from polycue.cues.lines import Lines
from polycue.cues.onsets import Edges
from polycue.cues.presets import Rules
from polycue.cues.segment import Segment, segment
from polycue.cues.timing import timed
from polycue.cues.tokens import tokens
from polycue.cues.weights import LINES
from polycue.domain.cue import Cue
from polycue.domain.transcript import Word


def layout(
    words: Sequence[Word],
    rules: Rules,
    *,
    media_end_ms: int | None = None,
    next_start_ms: int | None = None,
    previous_end_ms: int | None = None,
    cuts_ms: Sequence[int] = (),
) -> tuple[Cue, ...]:
    """The words as cues, in order: every word once, no cue over the next, each with its flags.

    Words may be a part of a film: then ``previous_end_ms`` is when the last cue before them goes
    and ``next_start_ms`` when the first word after them is spoken. ``cuts_ms`` are when the picture
    cuts, in order, at least within ``shots.reach_ms`` of the words.
    """
    runs = islands(words)
    nexts = [*(run[0].start_ms for run in runs[1:]), next_start_ms]
    cues: list[Cue] = []
    for run, next_start in zip(runs, nexts, strict=False):  # no words, no runs
        edges = Edges(previous_end_ms, next_start, media_end_ms)
        cues += _lay_out(run, rules, edges, cuts_ms)
        previous_end_ms = cues[-1].end_ms
    return tuple(cues)


def break_lines(text: str, rules: Rules) -> tuple[str, ...]:
    """The text of a cue on lines as the rules want them; turns of a dialogue get their own.

    What needs more lines than the rules allow gets more.
    """
    words = [Word(token.text, 0, 0, joined=token.joined) for token in tokens(text)]
    lines = Lines(words, break_costs(words, rules.language), rules, LINES)
    return lines.texts(0, lines.cuts(0, len(words)), len(words)) if words else ()


def _lay_out(run: Sequence[Word], rules: Rules, edges: Edges, cuts_ms: Sequence[int]) -> list[Cue]:
    segments = segment(run, rules, next_start_ms=edges.next_start_ms, cuts_ms=cuts_ms)
    untimed = [_untimed(piece, explain=rules.explain) for piece in segments]
    cues = timed(untimed, rules, edges, cuts_ms)
    return [replace(cue, flags=flags_of(cue, rules)) for cue in cues]


def _untimed(piece: Segment, *, explain: bool) -> Cue:
    """The cue as long as its words, to be timed."""
    start_ms = piece.words[0].start_ms
    end_ms = max(start_ms + 1, piece.words[-1].end_ms)
    costs = piece.costs.named() if explain else ()
    return Cue(start_ms, end_ms, piece.lines, piece.words, costs=costs)
