"""The grid of a film's frames, on which cues come on and go."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Self

NEVER = 1 << 62  # the frame of a cue that does not come
# Timelapses and slide shows (1 fps) would move cues by seconds, and containers claim 90,000 fps
# for variable rates: outside of these a rate does not say when pictures change.
SLOWEST_FPS, FASTEST_FPS = 10, 240
# What a frame means in a preset's gaps where the film has no usable rate. Two frames of cinema are
# also at least two at 25 and at 30 per second.
_NOMINAL = Fraction(24)


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """Frames counted from 0 at time zero, ``count`` of them in ``period_ms``.

    A cue comes on at the first whole millisecond of a frame and goes at the last one before the
    frame that is without it, so what is long enough in frames is so in milliseconds. ``gap`` is how
    many there must be between two cues, ``picture`` how many make one frame of the film: 1, but
    where the film has no usable rate and a frame here is a millisecond.
    """

    count: int
    period_ms: int
    gap: int
    picture: int = 1

    @classmethod
    def of(cls, rate: Fraction | None, gap_frames: int) -> Self:
        """The grid of a film; without a usable rate every millisecond is a frame."""
        if rate is not None and SLOWEST_FPS <= rate <= FASTEST_FPS:
            return cls(rate.numerator, 1000 * rate.denominator, gap_frames)
        nominal = cls(_NOMINAL.numerator, 1000 * _NOMINAL.denominator, gap_frames)
        return cls(1, 1, gap=nominal.gap_ms, picture=nominal.in_ms(1))

    @property
    def gap_ms(self) -> int:
        return self.in_ms(self.gap)

    def in_ms(self, frame: int) -> int:
        """When a cue is there that comes on at the frame."""
        return -(-frame * self.period_ms // self.count)

    def out_ms(self, frame: int) -> int:
        """When a cue is gone that the frame is the first one without."""
        return frame * self.period_ms // self.count

    def first_in(self, time_ms: int) -> int:
        """The first frame that comes on at ``time_ms`` or later."""
        return (time_ms - 1) * self.count // self.period_ms + 1

    def first_out(self, time_ms: int) -> int:
        """The first frame to be without a cue that stays until ``time_ms`` at least."""
        return -(-time_ms * self.count // self.period_ms)

    def last_out(self, time_ms: int) -> int:
        """The last frame to be without a cue that stays until ``time_ms`` at most."""
        return -(-(time_ms + 1) * self.count // self.period_ms) - 1

    def first_in_ms(self, time_ms: int) -> int:
        return self.in_ms(self.first_in(time_ms))

    def first_out_ms(self, time_ms: int) -> int:
        return self.out_ms(self.first_out(time_ms))

    def last_out_ms(self, time_ms: int) -> int:
        return self.out_ms(self.last_out(time_ms))

    def gone_ms(self, next_in_ms: int) -> int:
        """When a cue must be gone before one that comes on at ``next_in_ms``, on a frame or not."""
        end_ms = next_in_ms - self.gap_ms
        return self.last_out_ms(end_ms) if self.first_in_ms(next_in_ms) == next_in_ms else end_ms
