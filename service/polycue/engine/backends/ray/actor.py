"""What runs on a node of the cluster: the models of one device, and what they log."""

import logging
import os
import queue
import resource
from contextlib import suppress
from importlib.metadata import version
from typing import Any

import ray

from polycue import telemetry
from polycue.engine import heap
from polycue.engine.backends.processes.arena import ArenaView
from polycue.engine.backends.ray.asked import Begun, Hello
from polycue.engine.backends.ray.node_models import NodeModels
from polycue.engine.backends.ray.parcel import Parcel
from polycue.engine.backends.supervised.answering import answered
from polycue.engine.backends.supervised.work import LogLine
from polycue.models.place import default_models_dir

_MOST_LINES = 1000  # that wait; a driver that takes none must not cost memory
_LINES_EVERY_S = 10.0


class Engine:
    """As an engine child, but that Ray calls it: any number of threads do, each with a call."""

    def __init__(self) -> None:
        self._lines: queue.Queue[LogLine] = queue.Queue(_MOST_LINES)
        self._models: Any = None
        self._arena: ArenaView | None = None

    def hello(self, hello: Hello) -> Begun:
        """Be what the server needs; called once, before all else."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold what people said
        heap.keep()
        telemetry.relay(self._tell, level=hello.log_level)
        util: Any = ray.util  # without types of its own
        node: str = util.get_node_ip_address()
        self._models = self.held(hello, node)
        self._arena = hello.arena.opened() if hello.arena else None
        return Begun(node, os.getpid(), version("polycue"), near=self._arena is not None)

    def held(self, hello: Hello, node: str) -> Any:
        """What work is done with."""
        return NodeModels(hello, here=default_models_dir(), node=node)

    def do(self, call: Parcel) -> Parcel:
        """Do a ``Call``; what comes of it is an ``Answer``."""
        return Parcel.of(answered(call.opened(self._arena), self._models))

    def lines(self) -> list[LogLine]:
        """What there is to log since the last time; comes back after a while without any."""
        lines: list[LogLine] = []
        with suppress(queue.Empty):
            lines.append(self._lines.get(timeout=_LINES_EVERY_S))
            while len(lines) < _MOST_LINES:
                lines.append(self._lines.get_nowait())
        return lines

    def _tell(self, level: int, logger: str, text: str, facts: telemetry.Facts) -> None:
        with suppress(queue.Full):
            self._lines.put_nowait(LogLine(level, logger, text, facts))


def log(lines: list[LogLine], node: str) -> None:
    """Write what an actor had to say, with where it was."""
    for line in lines:
        with telemetry.bound(**{**line.facts, "node": node}):
            logging.getLogger(line.logger).log(line.level, "%s", line.text)
