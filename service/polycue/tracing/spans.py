"""Spans, for every layer. While nobody traces, each of these costs a look at one variable.

Facts of a span are numbers and words from short lists: never text that somebody said, never the
name of a file, never what an error says in its own words. A name without a dot gets the prefix
``polycue.``. A place in a trace is a W3C traceparent, "" where there is none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import Enum, auto
from typing import Protocol

from polycue.tracing.traceparent import is_sampled

Value = str | int | float | bool


class Kind(Enum):
    INTERNAL = auto()
    SERVER = auto()  # answers a call


class Span(Protocol):
    """A piece of work under way. Any thread may end it; after that it does not change."""

    @property
    def place(self) -> str:
        """Its traceparent, for what happens within it elsewhere."""
        ...

    def set(self, **facts: Value) -> None: ...
    def fail(self, kind: str) -> None:
        """It did not go well; ``kind`` is a class's name or a reason, with no text of anybody's."""
        ...

    def link(self, place: str) -> None:
        """Point at a span that has to do with it, in whatever trace."""
        ...

    def end(self, at_ns: int | None = None) -> None: ...


class Tracer(Protocol):
    """What makes spans: ``otel``'s, or a fake."""

    def start(
        self,
        name: str,
        facts: Mapping[str, Value],
        *,
        kind: Kind = Kind.INTERNAL,
        parent: str | None = None,
        own: str = "",
        links: Sequence[str] = (),
        at_ns: int | None = None,
    ) -> Span:
        """``parent`` None is the current span, "" none; ``own`` is a place that was kept for it."""
        ...

    def current(self, span: Span) -> AbstractContextManager[None]:
        """Make it the current one of this task or thread for the length of the block."""
        ...

    def place(self) -> str:
        """Of the current span; "" where there is none."""
        ...


class _NoSpan:
    place = ""

    def __repr__(self) -> str:
        return "NO_SPAN"

    def set(self, **facts: Value) -> None:
        pass

    def fail(self, kind: str) -> None:
        pass

    def link(self, place: str) -> None:
        pass

    def end(self, at_ns: int | None = None) -> None:
        pass


NO_SPAN: Span = _NoSpan()
_tracer: Tracer | None = None


def install(tracer: Tracer | None) -> None:
    """Trace by it from now on, in the whole process; None ends that."""
    global _tracer
    _tracer = tracer


def tracing() -> bool:
    return _tracer is not None


def place() -> str:
    """Where we are in a trace."""
    return _tracer.place() if _tracer else ""


@contextmanager
def span(
    name: str, *, kind: Kind = Kind.INTERNAL, parent: str | None = None, **facts: Value
) -> Iterator[Span]:
    """The work in the block, current for what happens within. What it raises marks it.

    ``parent`` is where it hangs, None for the current span.
    """
    if _tracer is None:
        yield NO_SPAN
        return
    begun = _tracer.start(name, facts, kind=kind, parent=parent)
    try:
        with _tracer.current(begun):
            yield begun
    except BaseException as error:
        note_error(begun, error)
        raise
    finally:
        begun.end()


def begin(name: str, **facts: Value) -> Span:
    """A span within the current one that whoever called it ends; it does not become current."""
    return _tracer.start(name, facts) if _tracer else NO_SPAN


def record(
    name: str,
    *,
    parent: str | None = None,
    own: str = "",
    links: Sequence[str] = (),
    began_ns: int | None = None,
    **facts: Value,
) -> Span:
    """A span that began before now; to be ended by the caller."""
    if _tracer is None:
        return NO_SPAN
    return _tracer.start(name, facts, parent=parent, own=own, links=links, at_ns=began_ns)


def within(span: Span) -> AbstractContextManager[None]:
    """Make a span current for the length of the block, which does not end it."""
    return _tracer.current(span) if _tracer else nullcontext()


def note_error(span: Span, error: BaseException) -> None:
    """Mark the span by what was raised in it; who was told to stop has not failed."""
    kind = type(error).__name__
    if kind in _STOPPED:
        span.set(stopped=kind)
    else:
        span.fail(kind)


def wanted(places: Iterable[str]) -> bool:
    """Whether anything of what is done for these places is told."""
    return _tracer is not None and any(map(is_sampled, places))


def first_sampled(places: Sequence[str]) -> str:
    """The first of these places whose trace is kept; "" where none is."""
    return next((one for one in places if is_sampled(one)), "")


_STOPPED = {"AbortError", "Cancelled", "CancelledError", "GeneratorExit", "Draining", "LeaseLost"}
