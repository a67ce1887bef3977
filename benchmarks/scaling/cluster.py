"""Replicas on one store: jobs arrive, are claimed, worked on, and end."""

import random
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scaling.costs import Costs, Design, Device
from scaling.events import Clock, Server
from scaling.film import Film, speech_of
from scaling.load import FilmAsked
from scaling.node import Node
from scaling.queue import Jobs
from scaling.readings import Readings, fairness

SECOND = 1.0


@dataclass
class Cluster:
    """Used once: ``run`` it. The same seed gives the same figures."""

    design: Design
    device: Device
    costs: Costs
    seed: int = 0
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.readings = Readings(self.design.all_gpus)
        self.store = Server(self.clock, "store's commits", self.costs.commits_at_once)
        self.claims = Server(self.clock, "claims", 1)
        self._chance = random.Random(self.seed)
        self._jobs = Jobs()
        self.nodes = [
            Node(
                self.clock,
                self.costs,
                self.design,
                self.device,
                self.store,
                self.readings,
                self._chance,
            )
            for _ in range(self.design.replicas)
        ]
        # A slot for each job that a replica may have at work; the one free for longest claims next.
        self._free = deque(node for _ in range(self.design.jobs) for node in self.nodes)
        self._before: Mapping[str, float] = {}
        self._stood_in_line: list[tuple[int, frozenset[str]]] = []
        self._were_waiting: frozenset[str] = frozenset()
        self._held: list[float] = []
        self.unfinished = 0

    def run(self, films: Iterable[FilmAsked], *, from_s: float = 0.0, until_s: float) -> None:
        """Let the films arrive, and look at what happens from ``from_s`` on."""
        self.readings.from_s, self.readings.until_s = from_s, until_s
        for asked in films:
            self.unfinished += 1
            self.clock.at(asked.at_s, lambda asked=asked: self._arrives(asked))  # type: ignore[misc]
        self.clock.at(from_s, self._begin_reading)
        self.clock.run(until_s)

    def loads(self) -> Mapping[str, float]:
        """How busy what all share was while it was looked at, from 0 to 1, by its name.

        Of what each replica has it is the mean over all of them.
        """
        window_s = self.readings.window_s
        found = {
            name: (busy_s - self._before.get(name, 0.0)) / (window_s * at_once)
            for name, (busy_s, at_once) in self._worked().items()
        }
        return found | {"memory for rows": sum(self._held) / max(1, len(self._held))}

    def fairness(self) -> float | None:
        return fairness(self.readings.got(), iter(self._stood_in_line))

    def _worked(self) -> dict[str, tuple[float, int]]:
        found = {}
        for server in (self.store, self.claims):
            found[server.name] = server.busy_s, server.at_once
        for kind in ("cores", "interpreter", "link"):
            servers: list[Server] = [getattr(node, kind) for node in self.nodes]
            busy_s, at_once = sum(s.busy_s for s in servers), sum(s.at_once for s in servers)
            found[servers[0].name] = busy_s, at_once
        return found

    def _begin_reading(self) -> None:
        self._before = {name: busy_s for name, (busy_s, _) in self._worked().items()}
        self._were_waiting = self._jobs.waiting
        self.clock.at(SECOND, self._look)

    def _look(self) -> None:
        """Who had jobs waiting at both ends of a second had them throughout."""
        waiting = self._jobs.waiting
        second = int(self.clock.now_s - SECOND)
        self._stood_in_line.append((second, waiting & self._were_waiting))
        self._were_waiting = waiting
        held = sum(node.credits.held for node in self.nodes)
        self._held.append(held / (len(self.nodes) * self.design.credits_bytes))
        if not self.clock.nothing_to_come:
            self.clock.at(SECOND, self._look)

    def _arrives(self, asked: FilmAsked) -> None:
        self._jobs.put(asked)
        self._hand_out()

    def _hand_out(self) -> None:
        """A claim for each free slot, as long as there are jobs; they come one after the other."""
        while self._free and len(self._jobs):
            node, asked = self._free.popleft(), self._jobs.claim()
            assert asked is not None  # noqa: S101
            self.claims.ask(
                self.costs.claim_s,
                lambda node=node, asked=asked: self._claimed(node, asked),  # type: ignore[misc]
            )

    def _claimed(self, node: Node, asked: FilmAsked) -> None:
        self.readings.job_claimed(self.clock.now_s, asked.at_s)
        speech_ms = speech_of(asked, random.Random(f"{self.seed} {asked.number}"))
        Film(node, asked, speech_ms, lambda: self._ends(node, asked)).begin()

    def _ends(self, node: Node, asked: FilmAsked) -> None:
        self.readings.job_ended(self.clock.now_s, asked.at_s, asked.sound_s)
        self.unfinished -= 1
        self._jobs.ended(asked)
        self._free.append(node)
        self._hand_out()
