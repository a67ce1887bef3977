"""Log lines with what is bound where they are written."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from polycue import telemetry

WAIT_S = 60


class Told(logging.Handler):
    """Keeps the lines of one logger, each with its facts."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self._news = threading.Condition()

    def emit(self, record: logging.LogRecord) -> None:
        with self._news:
            self.lines.append((record.getMessage(), dict(telemetry.facts())))
            self._news.notify_all()

    def wait_for(self, words: str) -> dict[str, Any]:
        """The facts of the first line with these words, once it is there."""
        with self._news:
            assert self._news.wait_for(lambda: any(words in line for line, _ in self.lines), WAIT_S)
            return next(facts for line, facts in self.lines if words in line)


@contextmanager
def telling(logger: str) -> Iterator[Told]:
    told = Told()
    logging.getLogger(logger).addHandler(told)
    try:
        yield told
    finally:
        logging.getLogger(logger).removeHandler(told)
