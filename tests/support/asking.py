"""Passages into a batcher's queue, for who has them made already."""

from concurrent.futures import Future

from polycue.domain.caller import NOBODY, Caller
from polycue.domain.cancel import CancelToken
from polycue.engine.batching.batcher import Batcher
from polycue.engine.batching.slots import Order
from polycue.engine.batching.work import Result
from polycue.speech.passage import Passage


def ask(
    batcher: Batcher, passage: Passage, *, cancel: CancelToken, caller: Caller = NOBODY
) -> Result:
    return batcher.submit(made(passage), order_of(passage, caller), cancel=cancel)


def made(passage: Passage) -> Future[Passage]:
    one: Future[Passage] = Future()
    one.set_result(passage)
    return one


def order_of(passage: Passage, caller: Caller = NOBODY) -> Order:
    return Order(
        caller,
        passage.settings.key,
        passage.duration_ms,
        passage.speech_ms,
        passage.features.nbytes,
        again=passage.settings.temperature > 0,
    )
