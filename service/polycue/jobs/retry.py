"""Which failures are worth another try, how many, and how soon."""

from polycue.domain.errors import (
    ClusterUnavailable,
    EngineDied,
    EngineError,
    InvalidRequest,
    MediaError,
    NoRoomNow,
    NotFound,
    PolycueError,
    SandboxFailed,
    SourceTooLarge,
    SourceTooSlow,
    SourceUnreachable,
    SourceUnusable,
    StoreError,
    SubtitleError,
)

FIRST_PAUSE_MS = 1_000

# Nothing is wrong with the work, nor with who would do it: it waits, for as long as it takes.
_WAITS = (NoRoomNow, ClusterUnavailable)
_UNTOLD_S = 10

# The same input fails the same way each time, whoever works on it.
_OF_THE_INPUT = (
    *(InvalidRequest, NotFound, MediaError, SubtitleError, EngineDied),
    *(SourceUnusable, SourceTooLarge, SourceTooSlow),
)

# How often work is begun in all before such a failure is its end. A program that was killed is not
# among them: it was started a second time where it runs.
_TRIES: tuple[tuple[type[PolycueError], int], ...] = (
    (EngineError, 3),
    (SandboxFailed, 3),  # no descriptor or process was to be had just then
    (StoreError, 5),
    (SourceUnreachable, 5),
)


def may_pass(error: Exception) -> bool:
    """Whether the same work may go well another time, because it is not its input that failed."""
    return not isinstance(error, _OF_THE_INPUT)


def counts(error: Exception) -> bool:
    """Whether an attempt that ended so was one: what was never begun can wait for ever."""
    return not isinstance(error, _WAITS)


def pause_ms(error: Exception, attempt: int) -> int | None:
    """How long after its ``attempt`` (from 1) failed work is begun again by itself; None: not."""
    if isinstance(error, _WAITS):
        return (error.retry_after_s or _UNTOLD_S) * 1000
    tries = next((tries for kind, tries in _TRIES if isinstance(error, kind)), 1)
    if attempt >= tries or not may_pass(error):
        return None
    return int(FIRST_PAUSE_MS * 4 ** (attempt - 1))
