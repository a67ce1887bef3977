"""ShotCuts of the picture, and where a cue near one may come on and go.

Text that changes a few frames beside a cut makes the eye start anew twice, so it changes with the
picture or well away from it. The numbers are of Netflix's timing guide (article 360051554394, and
SubtitleEdit's ``NetflixCheckShotChange.cs`` at commit 5c98fbd), in frames at 24 per second: from
12 before a cut to 12 after it lies its zone, ``shot_zone_ms``. A cue comes on in it only with the
cut itself and goes in it only two frames before that, ``shot_gap_frames``.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from polycue.cues.frames import FrameGrid
from polycue.cues.presets import Rules

# Who speaks up to 7 of the 12 frames before a cut has his text with it, who speaks earlier has it
# before the zone.
_PULL = Fraction(7, 12)
# A voice that outlasts a cut by less does not cross it: the ends of words are not surer than that.
CROSSES_MS = 125


def reach_ms(rules: Rules) -> int:
    """How far from words a cut may lie and still matter to their cues; 0 where none does."""
    if not rules.shot_zone_ms:
        return 0
    return max(2 * rules.linger_ms, rules.min_cue_ms) + 2 * rules.shot_zone_ms


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut and the times by it at which a cue may go.

    ``off_ms`` is right before the cut; the others are the last one before its zone and the first
    one past it.
    """

    time_ms: int
    away_ms: int
    off_ms: int
    past_ms: int


class ShotCuts:
    """The cuts of a film, in order, as a track with these rules has to heed them.

    Times are of the media and need not lie on the grid. There are none where the rules have no
    zone. What is half a frame nearer or farther than a rule says is as the rule says, so that
    rounding to milliseconds decides nothing.
    """

    def __init__(self, times_ms: Sequence[int], rules: Rules) -> None:
        self._grid = rules.grid
        self._times_ms = times_ms if rules.shot_zone_ms else ()
        gap_frames = (
            rules.min_gap_frames if rules.shot_gap_frames is None else rules.shot_gap_frames
        )
        self._before = FrameGrid.of(rules.frame_rate, gap_frames)
        zone = self._grid.first_in(rules.shot_zone_ms or 0)
        pull = int(zone * _PULL)
        # Halves of a frame, so all are odd.
        self._inside_ms = self._ms(2 * zone - 1)
        self._after_ms = self._ms(2 * zone + 1)
        self._pull_ms = self._ms(2 * pull + 1)

    def __repr__(self) -> str:
        return f"ShotCuts({len(self._times_ms)})"

    def __bool__(self) -> bool:
        return bool(self._times_ms)

    def near(self, start_ms: int, end_ms: int) -> tuple[Cut, ...]:
        """Those whose zone reaches into the time."""
        first = bisect_left(self._times_ms, start_ms - self._after_ms)
        after = bisect_right(self._times_ms, end_ms + self._after_ms, first)
        return tuple(self._cut(time_ms) for time_ms in self._times_ms[first:after])

    def wants(self, start_ms: int, cuts: Sequence[Cut]) -> Iterator[int]:
        """When the cuts would have the text of a voice that begins at ``start_ms`` come on.

        With the cut, or before its zone; what comes too late for that, after it.
        """
        grid = self._grid
        onset_ms = grid.first_in_ms(start_ms)
        for cut in cuts:
            late_ms = onset_ms - cut.time_ms
            if not -self._inside_ms <= late_ms <= self._after_ms + grid.gap_ms:
                continue
            if late_ms <= self._after_ms:
                yield cut.time_ms
            if late_ms < -self._pull_ms:
                yield grid.in_ms(grid.first_in(cut.time_ms - self._inside_ms) - 1)
            else:
                yield grid.first_in_ms(cut.time_ms + self._after_ms + 1)
                yield grid.first_in_ms(cut.past_ms + grid.gap_ms)

    def are_missed(self, on_ms: int, cuts: Sequence[Cut]) -> bool:
        """Whether a cue that comes on then does so in a zone, and not with its cut."""
        return any(
            on_ms != cut.time_ms and -self._inside_ms <= on_ms - cut.time_ms <= self._after_ms
            for cut in cuts
        )

    def _cut(self, time_ms: int) -> Cut:
        return Cut(
            time_ms,
            away_ms=self._grid.last_out_ms(time_ms - self._inside_ms - 1),
            off_ms=self._before.gone_ms(time_ms),
            past_ms=self._grid.first_out_ms(time_ms + self._inside_ms + 1),
        )

    def _ms(self, half_frames: int) -> int:
        """The last whole millisecond within so many halves of a frame."""
        grid = self._grid
        return max(0, -(-half_frames * grid.period_ms // (2 * grid.count)) - 1)
