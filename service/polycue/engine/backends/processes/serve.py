"""How an engine child lives: it does what its server asks, and ends with it.

It has nothing but its end of a socket and the arena that is written to beside it, starts nothing,
and ends as soon as the socket does.
"""

import ctypes
import faulthandler
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from polycue import telemetry
from polycue.engine.backends.processes.arena import NONE, ArenaView
from polycue.engine.backends.processes.wire import Wire
from polycue.engine.backends.supervised.answering import answered, failed
from polycue.engine.backends.supervised.work import Answer, Call, LogLine

_MOST_AT_ONCE = 256  # calls, more than there are: one that waited would lose of its deadline
_PR_SET_PDEATHSIG = 1
_FIRST_TO_GO = "500"  # of -1000 to 1000
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def called() -> Wire:
    """Our end of the wire to who started us: the command line ends with its descriptors."""
    end, arena = map(int, sys.argv[-3:-1])
    theirs = ArenaView(arena) if arena != NONE else None
    return Wire(socket.socket(fileno=end), theirs=theirs)


def serve(wire: Wire, models: object) -> NoReturn:
    """Do what is asked through the wire until it ends, and end the process with it.

    ``models`` are what the work is done with that comes here. Work whose value is a future is
    answered when that is done; until then the arrays that came with it are as they were.

    The command line ends with the least level of lines to log.
    """
    _stand_apart()
    telemetry.relay(_tell(wire), level=int(sys.argv[-1]))
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


def _tell(wire: Wire) -> Callable[[int, str, str, telemetry.Facts], None]:
    def tell(level: int, logger: str, text: str, facts: telemetry.Facts) -> None:
        with suppress(OSError):  # nobody is left to read it
            wire.send(LogLine(level, logger, text, facts))

    return tell


def _answer(wire: Wire, call: Call, models: object) -> None:
    answer = answered(call, models)
    if isinstance(answer.value, Future):  # nobody need wait for it here
        later: Future[object] = answer.value
        later.add_done_callback(lambda done: _send(wire, call, _outcome(call, done)))
    else:
        _send(wire, call, answer)


def _outcome(call: Call, done: Future[object]) -> Answer:
    error = done.exception()
    return failed(call, error) if error else Answer(call.number, done.result())


def _send(wire: Wire, call: Call, answer: Answer) -> None:
    try:
        wire.send(answer)
    except OSError:  # nobody waits any more
        pass
    except Exception as error:  # it cannot travel
        wire.send(failed(call, error))
