"""How a place with models replies: what came of the work, or what to think of its failure."""

import traceback
from contextlib import nullcontext
from dataclasses import replace
from typing import TypeVar

from polycue import telemetry
from polycue.domain.errors import OutOfMemory, PolycueError
from polycue.domain.memory import lacks_memory
from polycue.engine.backends.supervised.work import Answer, Call
from polycue.tracing.parts import Noted

M = TypeVar("M")

_NAME = "polycue.engine.child"  # it speaks for the whole program

# What CUDA and cuBLAS say by way of CTranslate2. All but a lack of memory stays with the process:
# each later call fails as well.
_DEVICE_ERRORS = ("CUDA failed with error", "cuBLAS failed with status", "cudaError", "CUBLAS_")


def answered(call: Call, models: object) -> Answer:
    """Do the work with the models that it is meant for."""
    done = Noted()
    with telemetry.bound(**call.facts), done.here() if call.noted else nullcontext():
        try:
            answer = Answer(call.number, call.work.do(models))
        except BaseException as error:  # whatever it is, its caller must hear of it
            answer = failed(call, error)
    return replace(answer, parts=tuple(done.parts)) if done.parts else answer


def failed(call: Call, error: BaseException) -> Answer:
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
