"""What a server is to answer, and what it was asked."""

import itertools
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Sequence

from google.protobuf.message import Message

from polycue.api.v1 import catalog_pb2, jobs_pb2
from polycue_client.testing.refusal import Refusal, broken

Event = jobs_pb2.WatchJobResponse
Script = Callable[[jobs_pb2.JobSpec], Sequence[Event]]
"""The events of a job, given its spec; names and sequence numbers are filled in."""


class Scripted:
    """``requests`` holds what came, by method; ``uploads`` and ``artifacts`` are bytes by name."""

    def __init__(self) -> None:
        self.requests: dict[str, list[Message]] = defaultdict(list)
        self.uploads: dict[str, bytearray] = {}
        self.artifacts: dict[str, bytes] = {}
        self.scripts: deque[Script] = deque()
        self.models: list[catalog_pb2.Model] = []
        self.pairs: list[catalog_pb2.TranslationPair] = []
        self.limits = catalog_pb2.ServerLimits(max_inline_bytes=1 << 20, max_chunk_bytes=1 << 20)
        self.watched = threading.Event()
        self.cancelled = threading.Event()
        self._faults: dict[str, deque[tuple[int, Refusal]]] = defaultdict(deque)
        self._numbers = itertools.count(1)

    def fail(self, method: str, refusal: Refusal | None = None, *, after: int = 0) -> None:
        """Let the next call of ``method`` that has no fault yet end with ``refusal``.

        ``after`` counts the messages of the stream that still get through.
        """
        self._faults[method].append((after, refusal or broken()))

    def fault(self, method: str) -> tuple[int, Refusal | None]:
        """The next fault of a method, taken off its list."""
        faults = self._faults[method]
        return faults.popleft() if faults else (0, None)

    def new_name(self, collection: str) -> str:
        """One that nothing else has: ``jobs/2``."""
        return f"{collection}/{next(self._numbers)}"
