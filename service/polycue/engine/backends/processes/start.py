"""The start of an engine child: the only place here that starts a process."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO

from polycue import telemetry
from polycue.engine.backends.processes.arena import NONE

Process = subprocess.Popen[bytes]

PROGRAM = ("-m", "polycue.engine.backends.processes.child")
_MAX_LINE_BYTES = 4096

# All of the environment that models and their libraries look at. The rest holds the server's
# secrets, which a child has no need of; NVIDIA_API_KEY, for one.
_PASSED_ON = {
    *("PATH", "HOME", "TMPDIR", "LANG", "LANGUAGE", "XDG_CACHE_HOME"),
    *("NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "NVIDIA_TF32_OVERRIDE"),
}
_PASSED_ON_FROM = (
    *("LC_", "LD_", "ORT_", "CUDA_", "CT2_"),
    *("OMP_", "KMP_", "MKL_", "OPENBLAS_"),
)

log = telemetry.logger(__name__)


def start(
    program: Sequence[str], environment: Mapping[str, str], descriptor: int, arena: int
) -> Process:
    """Start a child that holds two descriptors; ``program`` are arguments of our own Python.

    That of an ``arena`` may be none. It gets the ``environment`` where ours says nothing else.

    Raises:
        OSError: the machine starts no more processes.
    """
    level = logging.getLogger().getEffectiveLevel()
    return subprocess.Popen(
        # As isolated as with -I, but that it finds the very code that runs here.
        [sys.executable, "-P", "-s", *program, *map(str, (descriptor, arena, level))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[one for one in (descriptor, arena) if one != NONE],
        env={**environment, **_environment()},
        start_new_session=True,  # Ctrl-C is for the server, which lets the child end its work
    )


def relayed(process: Process) -> threading.Thread:
    """Put what the child writes to stderr into the log, until it ends and with it the thread.

    Raises:
        RuntimeError: there are no more threads; the child was ended.
    """
    assert process.stderr is not None  # noqa: S101 - for the type checker
    relay = threading.Thread(target=_relay, args=(process.stderr,), daemon=True)
    try:
        relay.start()
    except RuntimeError:
        with process:
            process.kill()
        raise
    return relay


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_FROM)
    }
    places = [os.path.abspath(place) for place in sys.path]
    return {**kept, "PYTHONPATH": os.pathsep.join(places)}


def _relay(stderr: IO[bytes]) -> None:
    """What native code writes before it dies is often all that is known of the reason."""
    with stderr:
        while line := stderr.readline(_MAX_LINE_BYTES):
            log.warning("the engine wrote", line=line.decode(errors="replace").rstrip())
