"""How an engine child lives: it does what its server asks, and ends with it.

It has nothing but its end of a socket, starts nothing, and ends as soon as the socket does.
"""

import ctypes
import faulthandler
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from polycue import telemetry
from polycue.domain.errors import OutOfMemory, PolycueError
from polycue.domain.memory import lacks_memory
from polycue.engine.backends.processes.wire import Wire
from polycue.engine.backends.processes.work import Answer, Call, LogLine, Models

_NAME = "polycue.engine.child"  # this module's own is __main__
_MOST_AT_ONCE = 256  # calls, more than there are: one that waited would lose of its deadline
_PR_SET_PDEATHSIG = 1
_FIRST_TO_GO = "500"  # of -1000 to 1000
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# What CUDA and cuBLAS say by way of CTranslate2. All but a lack of memory stays with the process:
# each later call fails as well.
_DEVICE_ERRORS = ("CUDA failed with error", "cuBLAS failed with status", "cudaError", "CUBLAS_")


def serve(models: Models) -> NoReturn:
    """Do what is asked through the socket until it ends, and end the process with it.

    The command line names the socket's descriptor and the least level of lines to log.
    """
    descriptor, log_level = map(int, sys.argv[1:3])
    _stand_apart()
    wire = Wire(socket.socket(fileno=descriptor))
    telemetry.relay(_tell(wire), level=log_level)
    pool = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="engine")
    with suppress(EOFError, OSError):  # however it ends, nobody asks any more
        while True:
            pool.submit(_answer, wire, wire.receive(), models)
    os._exit(0)  # nothing stops CTranslate2 in the middle of a batch, and nobody waits for it


def _stand_apart() -> None:
    """Leave signals to the server, die with it whatever we are doing, and before it if one must."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold what people said
    with suppress(OSError):  # where memory runs out, better this process than the server
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    faulthandler.enable()


def _tell(wire: Wire) -> Callable[[int, str, str], None]:
    def tell(level: int, logger: str, text: str) -> None:
        with suppress(OSError):  # nobody is left to read it
            wire.send(LogLine(level, logger, text))

    return tell


def _answer(wire: Wire, call: Call, models: Models) -> None:
    try:
        answer = Answer(call.number, call.work.do(models))
    except BaseException as error:  # whatever it is, its caller must hear of it
        answer = _failed(call, error)
    try:
        wire.send(answer)
    except OSError:  # nobody waits any more
        pass
    except Exception as error:  # it cannot travel
        wire.send(_failed(call, error))


def _failed(call: Call, error: BaseException) -> Answer:
    broken = getattr(error, "reason", str(error)) if _is_of_device(error) else ""
    if isinstance(error, PolycueError):
        return Answer(call.number, error=error, broken=broken)
    # One that may not survive the way, of a library that the server may not have loaded.
    text = "".join(traceback.format_exception(error))
    telemetry.logger(_NAME).error("work in the engine broke down", traceback=text)
    return Answer(
        call.number, error=RuntimeError(f"{type(error).__name__}: {error}"), broken=broken
    )


def _is_of_device(error: BaseException) -> bool:
    if isinstance(error, OutOfMemory) or lacks_memory(error):  # the latter of a load or a text
        return False
    return any(words in str(error) for words in _DEVICE_ERRORS)
