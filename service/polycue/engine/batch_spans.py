"""Batches and what was in them, as spans.

A row's span is in its film's trace. A batch serves several: its span is in the trace of the first
of its rows that is kept, within that row's, and all its rows' spans and it point at each other.
What it consisted of was noted where it was done, which may have been another process.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from polycue.engine.batch_done import BatchDone, Served
from polycue.engine.origin import Origin
from polycue.tracing import spans
from polycue.tracing.parts import Noted, Part


def tell(done: BatchDone) -> None:
    """The spans of a batch that has ended just now, and of its rows."""
    if not spans.tracing():
        return
    kept = [row for row in done.rows if spans.first_sampled([row.origin.trace])]
    if not kept:
        return
    rows = [_row(done, row) for row in kept]
    batch = spans.record(
        "recognise batch",
        parent=rows[0].place,
        links=[row.place for row in rows],
        began_ns=done.began_ns,
        model=done.model,
        device=done.device,
        worker=done.worker,
        rows=len(done.rows),
        room=done.max_rows,
    )
    if done.failed:
        batch.fail("BatchFailed")
    _tell_parts(done.parts, batch)
    batch.end(done.ended_ns)
    for row in rows:
        row.link(batch.place)
        row.end(done.ended_ns)


def _row(done: BatchDone, row: Served) -> spans.Span:
    return spans.record(
        "recognise row",
        parent=row.origin.trace,
        began_ns=done.began_ns - round((row.age_s - done.took_s) * 1e9),
        waited_ms=round(row.waited_s * 1000),
        batch_ms=round(done.took_s * 1000),
        audio_ms=row.audio_ms,
        tokens=row.tokens,
        again=row.again,
        device=done.device,
    )


def _tell_parts(parts: Sequence[Part], within: spans.Span) -> None:
    for part in parts:
        span = spans.record(part.name, parent=within.place, began_ns=part.began_ns)
        span.set(**part.facts)
        if part.failed:
            span.fail(part.failed)
        _tell_parts(part.parts, span)
        span.end(part.ended_ns)


@contextmanager
def translating(origins: Sequence[Origin], texts: int, tokens: int) -> Iterator[None]:
    """One call to a translation model in the block, for all who asked for its texts."""
    places = list(dict.fromkeys(one.trace for one in origins if one.trace))
    first = spans.first_sampled(places)
    if not spans.tracing() or not first:
        yield
        return
    batch = spans.record("translate batch", parent=first, links=places, texts=texts, tokens=tokens)
    noted = Noted()
    try:
        with noted.here():
            yield
    except BaseException as error:
        spans.note_error(batch, error)
        raise
    finally:
        _tell_parts(noted.parts, batch)
        batch.end()
