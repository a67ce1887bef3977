"""A job does what others want of its thread while its film reads on."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk
from polycue.pipeline.attending import Attending
from polycue.pipeline.own_thread import OwnThread
from support import polyglot
from support.gated import Gated
from support.polyglot import WAYS, Polyglot, film

PATIENCE_S = 60.0


@pytest.fixture(name="source")
def _source() -> Gated:
    return Gated(list(film([1_000] * 3)))


def test_what_is_asked_for_is_done_while_no_chunk_comes(source: Gated) -> None:
    own, may_ask = OwnThread(), threading.Event()
    done: list[int] = []

    def act() -> None:
        done.append(threading.get_ident())
        source.let(1)

    def ask() -> None:
        assert may_ask.wait(PATIENCE_S)
        own.do(act)

    other = threading.Thread(target=ask)
    other.start()
    with polyglot.recogniser(Polyglot()) as engine:
        chunks: Iterator[Chunk] = Attending(source, own)
        results = engine.transcribe(chunks, WAYS["named"], cancel=CancelToken())
        with closing(results):
            may_ask.set()
            assert next(results).facts.start_ms == 0  # whose chunk only came by it
    other.join(PATIENCE_S)
    assert done == [threading.get_ident()]


def test_what_goes_wrong_is_heard_of_while_no_chunk_comes(source: Gated) -> None:
    own = OwnThread()

    def fail() -> None:
        raise ValueError

    other = threading.Thread(target=lambda: own.do(fail))
    with polyglot.recogniser(Polyglot()) as engine:
        chunks: Iterator[Chunk] = Attending(source, own)
        results = engine.transcribe(chunks, WAYS["named"], cancel=CancelToken())
        other.start()
        with pytest.raises(ValueError):  # noqa: PT011 - a test's own
            next(results)
    other.join(PATIENCE_S)
