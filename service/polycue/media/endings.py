"""How a child ended, as an error."""

import signal

from polycue.domain.errors import SandboxFailed, ToolFailed, ToolKilled, ToolOverLimit
from polycue.media.call import Call
from polycue.media.complaints import says_no_memory
from polycue.media.sandbox import MIB, limits_of

# How ``confine`` tells that it failed.
_NOT_CONFINED = 125
_NOT_CONFINED_TEXT = "cannot be confined: "
# Signals of its owner, or of a system that is short of memory, where no limit of ours sent them.
_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM)
# The kernel holds the limit against time counted in ticks, which is rough for a second.
_NEARLY = 0.7


def failed(
    call: Call, returncode: int, stderr_tail: str, *, cpu_s: float
) -> ToolFailed | SandboxFailed:
    """The error for a status that is not 0; ``cpu_s`` is the processor time that was used."""
    if returncode == _NOT_CONFINED and stderr_tail.startswith(_NOT_CONFINED_TEXT):
        return SandboxFailed(call.argv[0], stderr_tail.removeprefix(_NOT_CONFINED_TEXT).strip())
    if hit := _limit_hit(call, returncode, stderr_tail, cpu_s):
        return ToolOverLimit(call.argv, returncode, stderr_tail, *hit)
    kind = ToolKilled if returncode in _FROM_OUTSIDE else ToolFailed
    return kind(call.argv, returncode, stderr_tail)


def _limit_hit(
    call: Call, returncode: int, stderr_tail: str, cpu_s: float
) -> tuple[str, str] | None:
    """Which limit a call ran into and how much that is; None for no such end.

    ffmpeg takes the signal for too much time as a wish to stop, so its status says little.
    """
    limits = limits_of(call)
    if cpu_s >= _NEARLY * limits.cpu_s:
        return "cpu_time", f"{limits.cpu_s} s"
    if returncode == -signal.SIGXFSZ:
        return "file_size", f"{limits.file_bytes // MIB} MiB"
    if says_no_memory(stderr_tail):
        return "memory", f"{limits.memory_bytes // MIB} MiB"
    return None
