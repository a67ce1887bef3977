"""When the cues of a run may come on."""

from collections.abc import Sequence
from dataclasses import dataclass

from polycue.cues.frames import NEVER, FrameGrid
from polycue.cues.presets import Rules
from polycue.cues.shots import ShotCuts
from polycue.cues.stays import Speech

EARLIEST = 2  # how many frames before its speech a cue may come on, to stay long enough


@dataclass(frozen=True, slots=True)
class Edges:
    """What a run of cues lies between, each None where there is nothing.

    ``previous_end_ms`` is when the cue before it goes, ``next_start_ms`` when the next speech
    begins. Cues that do not fit run over the next speech, and where there are more of them than
    frames, over the media's end.
    """

    previous_end_ms: int | None = None
    next_start_ms: int | None = None
    media_end_ms: int | None = None

    def first_on(self, grid: FrameGrid) -> int:
        if self.previous_end_ms is None:
            return 0
        return grid.first_out(self.previous_end_ms) + grid.gap

    def first_on_ms(self, grid: FrameGrid) -> int:
        """The same as a time, that need not lie on a frame."""
        return 0 if self.previous_end_ms is None else self.previous_end_ms + grid.gap_ms

    def last_off(self, grid: FrameGrid, count: int) -> int:
        """The last frame on which ``count`` cues may go."""
        if self.media_end_ms is None:
            return NEVER
        last = grid.last_out(self.media_end_ms)
        needed = self.first_on(grid) + (count - 1) * _step(grid) + 1
        return last if last >= needed else NEVER


def onsets(
    speeches: Sequence[Speech], rules: Rules, edges: Edges, cuts: ShotCuts
) -> list[list[int]]:
    """For each cue the times it may come on: with its speech, or as near as there is room.

    Where the picture cuts there are more of them. The last of ``speeches`` is that of the next run,
    which may have to wait; all are in order of time. There always is a way through them, on which
    every cue gets at least one frame.
    """
    grid = rules.grid
    free_ms = edges.first_on_ms(grid)
    return [
        sorted(
            {grid.in_ms(frame) for frame in frames}
            | {on_ms for on_ms in cuts.wants(speech.start_ms, speech.cuts) if on_ms >= free_ms}
        )
        for speech, frames in zip(speeches, _frames(speeches, rules, edges), strict=True)
    ]


def _frames(speeches: Sequence[Speech], rules: Rules, edges: Edges) -> list[set[int]]:
    """The frames that are tried whatever the picture does."""
    grid = rules.grid
    cues = len(speeches) - 1
    first_on, last_off = edges.first_on(grid), edges.last_off(grid, cues)
    step = _step(grid)
    chains = [_chain(speeches, grid, first_on, stay) for stay in _least_stays(rules)]
    frames: list[set[int]] = []
    for index, wanted in enumerate(zip(*chains, strict=True)):
        onset = grid.first_in(speeches[index].start_ms)
        choice = {onset, *wanted}
        if index < cues:
            until_ms = min(speeches[index + 1].start_ms, grid.out_ms(last_off))
            if until_ms - speeches[index].start_ms < rules.min_cue_ms + 2 * grid.gap_ms:
                choice |= {onset - early * grid.picture for early in range(1, EARLIEST + 1)}
            latest = last_off - 1 - (cues - 1 - index) * step
            choice = {min(on, latest) for on in choice}
        earliest = first_on + index * step
        frames.append({max(on, earliest) for on in choice})
    return frames


def _least_stays(rules: Rules) -> tuple[int, int, int]:
    """Frames a cue may get where there is no room: one, half its shortest stay, all of it."""
    grid = rules.grid
    # One more than the stay itself: on and off are rounded apart.
    return 1, grid.first_out(rules.min_cue_ms // 2) + 1, grid.first_out(rules.min_cue_ms) + 1


def _chain(speeches: Sequence[Speech], grid: FrameGrid, first_on: int, stay: int) -> list[int]:
    """The first frame for each cue after its speech and after ``stay`` frames of the one before."""
    chain = []
    free = first_on
    for speech in speeches:
        chain.append(max(free, grid.first_in(speech.start_ms)))
        free = chain[-1] + stay + grid.gap
    return chain


def _step(grid: FrameGrid) -> int:
    """Frames from one cue to the next where it stays a single one."""
    return 1 + grid.gap
