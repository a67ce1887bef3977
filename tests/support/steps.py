"""Work in server processes that asks the test, step by step, whether it may go on.

A server under test may be killed at any instant, so what was done is remembered on this side of a
unix socket. Every step is one connection: the server says what it is about to do, and does it when
the answer comes.
"""

import contextlib
import json
import os
import socket
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

WAIT_S = 150
DIRECTOR = "POLYCUE_TEST_DIRECTOR"

GO = "go"
DIE = "die"  # SIGKILL to the process, by itself


@dataclass(frozen=True, slots=True)
class Step:
    """What a server is about to do, or ``saved`` or ``published`` where it has just done it."""

    pid: int
    name: str
    film: str = ""
    index: int = 0


def ask(name: str, film: str = "", index: int = 0, *, pipe: socket.socket | None = None) -> str:
    """The answer to a step; for the server's side. Goes on by itself where nobody directs."""
    address = os.environ.get(DIRECTOR)
    if not address:
        return GO
    with pipe or socket.socket(socket.AF_UNIX) as wire:
        wire.connect(address)
        step = {"pid": os.getpid(), "name": name, "film": film, "index": index}
        wire.sendall(json.dumps(step).encode() + b"\n")
        return wire.makefile("r").readline().strip()


@dataclass
class Held:
    """Steps of one kind that wait for an answer."""

    matches: Callable[[Step], bool]
    left: int
    reached: list[Step] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _answer: str = ""

    def wait(self, times: int = 1) -> Step:
        """Come back when the step was reached so often; the newest of them."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.reached) >= times, WAIT_S), (
                f"reached {len(self.reached)} of {times} times"
            )
            return self.reached[-1]

    def let_go(self, answer: str = GO) -> None:
        """Answer those that wait, and all that come."""
        with self._changed:
            self._answer = answer
            self._changed.notify_all()

    def arrive(self, step: Step) -> str:
        with self._changed:
            self.reached.append(step)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._answer)
            return self._answer


class Director:
    """Answers the steps of all servers of a test, and remembers them in their order."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="polycue-")
        self.address = str(Path(self._folder.name) / "director.sock")
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self.address)
        self._listening.listen(128)
        self._held: list[Held] = []
        self._closed = False
        self._changed = threading.Condition()
        self.steps: list[Step] = []

    def __repr__(self) -> str:
        return f"Director({len(self.steps)} steps)"

    def __enter__(self) -> Self:
        self._accepting = threading.Thread(target=self._accept, name="director")
        self._accepting.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed = True
        for held in self._held:
            held.let_go()
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(self.address)
        self._accepting.join(WAIT_S)
        self._listening.close()
        self._folder.cleanup()

    @property
    def env(self) -> dict[str, str]:
        return {DIRECTOR: self.address}

    def hold(self, name: str, film: str = "", index: int | None = None, *, times: int = 1) -> Held:
        """Keep the next ``times`` such steps waiting until ``let_go``."""

        def matches(step: Step) -> bool:
            return (
                step.name == name
                and film in {"", step.film}
                and (index is None or step.index == index)
            )

        held = Held(matches, times)
        with self._changed:
            self._held.append(held)
        return held

    def answer(
        self, answer: str, name: str, film: str = "", index: int | None = None, *, times: int = 1
    ) -> None:
        """Give the next ``times`` such steps this answer: ``DIE``, or an OSError's name."""
        self.hold(name, film, index, times=times).let_go(answer)

    def count(self, name: str, film: str) -> Counter[int]:
        """How often each step of this name was reached for a film, by its index."""
        with self._changed:
            return Counter(s.index for s in self.steps if (s.name, s.film) == (name, film))

    def wait_for(self, name: str, film: str, index: int = 0) -> None:
        """Come back when a step has been reached at least once."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: any((s.name, s.film, s.index) == (name, film, index) for s in self.steps),
                WAIT_S,
            ), f"{film} never came to {name} {index}"

    def wait_until(self, count: int) -> None:
        """Come back when so many steps were reached in all."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.steps) >= count, WAIT_S), (
                f"only {len(self.steps)} of {count} steps"
            )

    def _accept(self) -> None:
        while True:
            wire, _ = self._listening.accept()
            if self._closed:
                wire.close()
                return
            # A daemon: one whose server was killed ends only when its step is let go.
            threading.Thread(target=self._attend, args=(wire,), daemon=True).start()

    def _attend(self, wire: socket.socket) -> None:
        with wire, contextlib.suppress(OSError):
            line = wire.makefile("r").readline()
            if not line:
                return
            step = Step(**json.loads(line))
            wire.sendall(self._answer(step).encode() + b"\n")

    def _answer(self, step: Step) -> str:
        with self._changed:
            self.steps.append(step)
            self._changed.notify_all()
            held = next((h for h in self._held if h.left and h.matches(step)), None)
            if held:
                held.left -= 1
        return held.arrive(step) if held else GO


@contextlib.contextmanager
def directing() -> Iterator[Director]:
    with Director() as director:
        yield director
