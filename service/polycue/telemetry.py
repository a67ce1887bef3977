"""Log lines: one event each, with the request they belong to. Never the contents of media."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from structlog.stdlib import BoundLogger
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

# Added to every line, ours and those that libraries write through `logging`.
_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)

# Libraries that tell whole URLs, headers and signatures below this level.
_INDISCREET = ("httpx", "httpcore", "botocore", "aiobotocore", "s3fs", "fsspec", "asyncio")


def configure(*, level: str, log_format: str) -> None:
    """Write log lines to stderr; ``log_format`` is 'console' or 'json'. Called once, at start."""
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
    for name in _INDISCREET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def relay(tell: Callable[[int, str, str], None], *, level: int) -> None:
    """Hand each log line to ``tell`` (level, logger, text), in a process that writes none itself.

    Called once, at start. ``tell`` is called in the thread that has something to say.
    """
    relay_ = _Relay(tell)
    relay_.setFormatter(logging.Formatter("%(message)s"))  # level and name go beside it
    logging.basicConfig(handlers=[relay_], level=level, force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.LogfmtRenderer(key_order=["event"], drop_missing=True),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


class _Relay(logging.Handler):
    def __init__(self, tell: Callable[[int, str, str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(record.levelno, record.name, self.format(record))


def logger(name: str) -> BoundLogger:
    """A logger whose lines carry ``name``; cheap, and may be made before ``configure``."""
    log: BoundLogger = structlog.stdlib.get_logger(name)
    return log


@contextmanager
def bound(**facts: str) -> Iterator[None]:
    """Add facts, such as ``request_id``, to every line of this task or thread in the block."""
    with structlog.contextvars.bound_contextvars(**facts):
        yield


def _rendering(log_format: str) -> tuple[Processor, ...]:
    # Tracebacks without locals: those may hold what somebody said.
    if log_format == "json":
        traces = ExceptionDictTransformer(show_locals=False)
        return (
            structlog.processors.ExceptionRenderer(traces),
            structlog.processors.JSONRenderer(),
        )
    return (
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        ),
    )
