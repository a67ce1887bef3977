"""Our end of a peer's process."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polycue.engine.backends.rehearsal import CPU_ROWS
from polycue.engine.devices import choose, usable_cores
from scenarios.place import Place

CHILD = Path(__file__).with_name("peer_child.py")
GPU_ROWS = 16  # a server finds out how many the memory of its GPU allows


@dataclass(frozen=True)
class Way:
    """How faster-whisper is run: its defaults, or as fast as it can be made on this machine.

    Only the batched pipeline is asked for times of words, as ours gives them: with them the windows
    of the others would begin where attention says that a word ends, and be more. That spares them
    the alignment, which is in their favour.

    ``tuned`` are as many workers as cores, with a thread each, where that is a CPU: twice as fast
    as its defaults, and in none of its examples.
    """

    how: str  # "batched", "sequential" or "sequential without VAD"
    tuned: bool = False
    beam_size: int = 5
    batch_size: int = 8  # BatchedInferencePipeline's own default

    @property
    def name(self) -> str:
        kind = f"faster-whisper {self.how}"
        return f"{kind}, {'tuned' if self.tuned else 'defaults'}"


@dataclass
class Heard:
    """What a side did in one round; tokens are those of each window of each file."""

    seconds: float
    tokens: list[list[int]]
    took_s: list[float] = field(default_factory=list)
    core_seconds: float = 0.0

    @property
    def windows(self) -> int:
        return sum(map(len, self.tokens))

    @property
    def token_count(self) -> int:
        return sum(map(sum, self.tokens))


class FasterWhisper:
    def __init__(self, process: "subprocess.Popen[str]", place: Place) -> None:
        self._process, self._place = process, place
        self._device = choose(place.device, place.compute_type)  # as our server does
        self.versions = self._ask(place.of_peer())

    def hear(
        self,
        way: Way,
        model: Path,
        files: Sequence[Path],
        *,
        callers: int,
        at_s: Sequence[float] = (),
    ) -> Heard:
        """Hear all files from so many threads; with ``at_s`` none before its time has come."""
        tuned = {"num_workers": usable_cores(), "cpu_threads": 1}
        answer = self._ask(
            {
                "do": "run",
                "how": way.how,
                "threads": tuned if way.tuned and self._place.device == "cpu" else {},
                "beam_size": way.beam_size,
                "batch_size": way.batch_size,
                "words": way.how == "batched",
                "model": str(model),
                "files": [str(file) for file in files],
                "callers": callers,
                "at_s": list(at_s),
            }
        )
        return Heard(**answer)

    def bare(self, model: Path, file: Path, *, beam_size: int = 5) -> Heard:
        """Nothing but the model calls for the file's windows, as our own server shapes them."""
        device = self._device
        order = {
            "do": "bare",
            "model": str(model),
            "file": str(file),
            "workers": device.workers,
            "threads": device.threads,
            "rows": CPU_ROWS if device.kind == "cpu" else GPU_ROWS,
            "beam_size": beam_size,
            "languages": 100 if "large-v3" in model.name else 99,
        }
        return Heard(**self._ask(order))

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        pipes = self._process.stdin, self._process.stdout
        if pipes[0] is None or pipes[1] is None:
            raise SystemExit("the peer's process has no pipes")
        print(json.dumps(order), file=pipes[0], flush=True)
        answer = pipes[1].readline()
        if not answer:
            raise SystemExit("the peer's process died; what it said is above")
        found: dict[str, Any] = json.loads(answer)
        return found


@contextlib.contextmanager
def faster_whisper(place: Place) -> Iterator[FasterWhisper]:
    process = subprocess.Popen(
        [sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield FasterWhisper(process, place)
    finally:
        if process.stdin:
            process.stdin.close()
        process.wait(60)
