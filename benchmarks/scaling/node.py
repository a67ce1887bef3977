"""One server with its GPUs: the real queue, and workers that take from it in simulated time."""

import random
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.transcript import ChunkFacts
from polycue.engine.batching.credits import Credits, of_request
from polycue.engine.batching.hall import Hall
from polycue.engine.batching.slots import Order
from polycue.engine.batching.work import Bench, Result, Row
from polycue.speech.passage import Passage
from scaling.costs import Costs, Design, Device
from scaling.events import Clock, Server, WaitingRoom
from scaling.readings import Readings

FACTS = ModelFacts("simulated", ("en",), 30_000, translates=True, demo=False, mels=128)
GOOD, DOUBTFUL = -0.2, -1.5  # mean log probabilities: the latter is below the defence's limit


@dataclass(frozen=True)
class Simulated:
    """A backend that nobody runs: what a bench has to know of it."""

    max_rows: int
    workers: int = 1
    facts: ModelFacts = FACTS
    device: str = "simulated"


class Node:
    """A film's ``Place``, and the ``batcher`` of it."""

    def __init__(
        self,
        clock: Clock,
        costs: Costs,
        design: Design,
        device: Device,
        store: Server,
        readings: Readings,
        chance: random.Random,
    ) -> None:
        self.clock, self.costs, self.store, self.device = clock, costs, store, device
        self.readings, self.chance, self.remote = readings, chance, design.remote
        self.cores = Server(clock, "front-end cores", design.cores)
        self.interpreter = Server(clock, "driver's interpreter", 1)
        self.link = Server(clock, "network", 1)
        self.capacity = design.gpus * device.rows
        self.credits = Credits(design.credits_bytes)
        self.room = WaitingRoom(clock)
        self.hall = Hall(
            device.rows, self.credits, of_request(self.capacity), clock, lambda lock: self.room
        )
        self.batcher = self
        self.facts = FACTS
        for number in range(design.gpus):
            Worker(self, Bench(Simulated(device.rows)), number).seek()  # type: ignore[arg-type]

    def submit(
        self,
        passage: Future[Passage],
        order: Order,
        *,
        cancel: CancelToken,
        entered: Callable[[], None],
    ) -> Result:
        return self.hall.enter(passage, order, cancel, entered).result


class Worker:
    """One GPU, and the thread that serves it."""

    def __init__(self, node: Node, bench: Bench, number: int) -> None:
        self._node, self._bench, self._number = node, bench, number
        self._taking: Generator[float | None, None, list[Row]]

    def seek(self) -> None:
        self._taking = self._node.hall.taking(self._bench)
        self._look()

    def _look(self) -> None:
        try:
            within_s = next(self._taking)
        except StopIteration as end:
            self._begin(end.value)
        else:
            self._node.room.enter(within_s, self._look)

    def _begin(self, rows: Sequence[Row]) -> None:
        node, costs = self._node, self._node.costs
        begun_s = node.clock.now_s
        tokens = [self._tokens(row) for row in rows]
        compute_s = node.device.batch_s(tokens)
        node.readings.batch_begun(begun_s, rows)

        def compute() -> None:
            node.clock.at(costs.hand_over_s + compute_s, lambda: self._end(rows, tokens, compute_s))

        def send() -> None:
            bytes_ = costs.row_bytes * len(rows) if node.remote else 0
            node.link.ask(bytes_ / costs.link_bytes_a_second, compute)

        node.interpreter.ask(costs.row_python_s * len(rows), send)

    def _end(self, rows: Sequence[Row], tokens: Sequence[int], compute_s: float) -> None:
        node = self._node
        node.readings.batch_ended(node.clock.now_s, compute_s, rows)
        for row, count in zip(rows, tokens, strict=True):
            node.hall.settle(row, count)
            row.result.set_result(_recognised(row, count, node))
        node.hall.rest()
        self.seek()

    def _tokens(self, row: Row) -> int:
        """Around what the scheduler expects."""
        expected = row.order.work - row.order.work_with(0)
        spread = self._node.costs.token_spread
        return max(1, round(expected * self._node.chance.lognormvariate(0, spread)))


def _recognised(row: Row, tokens: int, node: Node) -> Recognised:
    passage = row.passage.result()
    doubtful = not row.order.again and node.chance.random() < node.costs.doubtful_share
    facts = ChunkFacts(
        passage.start_ms,
        passage.end_ms,
        language="en",
        avg_logprob=DOUBTFUL if doubtful else GOOD,
        no_speech_prob=0.0,
        compression_ratio=1.0,
        word_count=0,
    )
    return Recognised((), facts, 1.0, tokens=tokens)
