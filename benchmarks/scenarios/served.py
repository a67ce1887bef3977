"""A server of polycue as it is run, and callers who wait for what it makes."""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polycue_client
from health import wait_until_served
from polycue.api.v1 import engine_pb2, jobs_pb2, media_pb2
from polycue_client.client import Polycue
from scenarios.peer import Heard
from scenarios.place import Place
from server_process import server_process

CALLS = 16


@dataclass
class Server:
    """Where it listens, its process, and a token for each tenant if there are tenants."""

    address: str
    pid: int
    beam_size: int = 5

    @contextlib.contextmanager
    def client(self, token: str = "") -> Iterator[Polycue]:
        with polycue_client.connect(self.address, token=token) as client:
            yield client

    def config(self, language: str = "en") -> media_pb2.TranscribeConfig:
        return media_pb2.TranscribeConfig(language_code=language, beam_size=self.beam_size)

    def films(self, files: Sequence[Path]) -> Heard:
        """Subtitle all files at once: from files on the server's disk to an SRT each."""
        before, began = core_seconds(self.pid), time.perf_counter()
        with self.client() as client, ThreadPoolExecutor(len(files)) as callers:
            done = list(callers.map(lambda file: self._film(client, file), files))
            wall_s = time.perf_counter() - began
            usage = [job.engine_usage for job in done]
        return Heard(
            wall_s,
            [windows(each) for each in usage],
            [each.wall_duration.ToMilliseconds() / 1000 for each in usage],
            core_seconds(self.pid) - before,
        )

    def clips(self, files: Sequence[Path], callers: int) -> Heard:
        """Each caller sends the next clip as soon as its last one is answered."""
        contents = [file.read_bytes() for file in files]
        before, began = core_seconds(self.pid), time.perf_counter()
        with self.client() as client, ThreadPoolExecutor(callers) as threads:
            done = list(threads.map(lambda content: self.clip(client, content), contents))
        wall_s = time.perf_counter() - began
        return Heard(
            wall_s,
            [windows(usage) for _, usage in done],
            [took_s for took_s, _ in done],
            core_seconds(self.pid) - before,
        )

    def clip(self, client: Polycue, content: bytes) -> tuple[float, engine_pb2.EngineUsage]:
        began = time.perf_counter()
        answer = client.transcribe(content, transcribe=self.config())
        return time.perf_counter() - began, answer.engine_usage

    def start(self, client: Polycue, file: Path, language: str = "en") -> jobs_pb2.Job:
        source = media_pb2.MediaSource(uri=file.as_uri())
        return client.subtitle(source, transcribe=self.config(language), fresh=True)

    def _film(self, client: Polycue, file: Path) -> jobs_pb2.Job:
        return client.wait(self.start(client, file))


def windows(usage: engine_pb2.EngineUsage) -> list[int]:
    """Tokens of each window, spread evenly: the report has their sum, and counts all decoding."""
    count, tokens = usage.chunk_count, usage.token_count
    if not count:
        raise SystemExit("the server heard nothing")
    return [tokens // count + (number < tokens % count) for number in range(count)]


def core_seconds(pid: int) -> float:
    """Of a process and those it started that are alive."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for each in (pid, *children(pid)):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15])) / ticks  # with children it has waited for
    return total


def children(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="utf-8").split():
                yield int(child)
                yield from children(int(child))


@contextlib.contextmanager
def serving(place: Place, model: Path, sounds: Path, data: Path, *more: str) -> Iterator[Server]:
    """A server with one model, loaded and warm; it may read what is below ``sounds``."""
    flags = (
        f"--data-dir={data}",
        f"--models-dir={model.parents[1]}",
        f"--model={model.name}",
        f"--file-root={sounds}",
        "--max-running-jobs=8",
        f"--max-calls={CALLS}",
        *place.flags(),
    )
    log = data.with_suffix(".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with server_process(*flags, *more, log=log) as (address, pid):
        wait_until_served(address)
        yield Server(address, pid)
