"""Log lines: one event each, with the request they belong to. Never the contents of media.

What somebody said is told only by ``text``, and only where that was asked for; secrets and the
names of callers' files are taken out of whatever a line, or the error in it, says besides.
"""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.stdlib import BoundLogger
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from polycue import discretion
from polycue.tracing import spans

Facts = Mapping[str, Any]


def _with_trace(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Name the span that the line was written in, where there is one."""
    if (place := spans.place()) and "trace_id" not in event:
        _, event["trace_id"], event["span_id"], _ = place.split("-")
    return event


# Added to every line, ours and those that libraries write through `logging`.
_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    _with_trace,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)

# Libraries that tell whole URLs, headers and signatures, or texts, or far too much below warnings.
_INDISCREET = (
    *("httpx", "httpcore", "botocore", "aiobotocore", "s3fs", "fsspec", "asyncio"),
    *("argostranslate", "faster_whisper", "charset_normalizer", "urllib3", "grpc"),
)
# One that writes a line for each failed try; who sends spans says so himself.
_NOISY = ("opentelemetry",)

_texts = False


def configure(*, level: str, log_format: str, texts: bool = False) -> None:
    """Write log lines to stderr; ``log_format`` is 'console' or 'json'. Called once, at start.

    With ``texts`` lines may quote what was said.
    """
    global _texts
    _texts = texts
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(log_format),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    quieten()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def quieten() -> None:
    """Let libraries say nothing that does not belong into a log."""
    for name in _INDISCREET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def text(said: str) -> str:
    """What somebody said, for a line about it: itself where that was asked for, else its length."""
    return said if _texts else f"<{len(said)} characters>"


def relay(tell: Callable[[int, str, str, Facts], None], *, level: int) -> None:
    """Hand each log line to ``tell``, in a process that writes none itself.

    It gets the level, the logger, the text, and what is ``bound`` where the line was written.
    Called once, at start. ``tell`` is called in the thread that has something to say.
    """
    relay_ = _Relay(tell)
    relay_.setFormatter(logging.Formatter("%(message)s"))  # level and name go beside it
    logging.basicConfig(handlers=[relay_], level=level, force=True)
    quieten()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.LogfmtRenderer(key_order=["event"], drop_missing=True),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


class _Relay(logging.Handler):
    def __init__(self, tell: Callable[[int, str, str, Facts], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(record.levelno, record.name, self.format(record), facts())


def logger(name: str) -> BoundLogger:
    """A logger whose lines carry ``name``; cheap, and may be made before ``configure``."""
    log: BoundLogger = structlog.stdlib.get_logger(name)
    return log


@contextmanager
def bound(**facts: object) -> Iterator[None]:
    """Add facts, such as ``request_id``, to every line of this task or thread in the block.

    Those that are empty are left out.
    """
    with structlog.contextvars.bound_contextvars(**{k: v for k, v in facts.items() if v}):
        yield


def facts() -> Facts:
    """What is bound here, and the span we are in, for lines that are written elsewhere."""
    return _with_trace(None, "", structlog.contextvars.get_contextvars())


def _rendering(log_format: str) -> tuple[Processor, ...]:
    # Tracebacks without locals: those may hold what somebody said.
    if log_format == "json":
        traces = ExceptionDictTransformer(show_locals=False)
        return (
            structlog.processors.ExceptionRenderer(traces),
            _discreet,
            structlog.processors.JSONRenderer(),
        )
    return (
        structlog.processors.format_exc_info,
        _discreet,
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        ),
    )


def _discreet(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return {key: discretion.cleaned(value) for key, value in event.items()}
