"""``polycue serve`` with a pipeline of steps in place of models; a program.

All else is the real thing: process, store, files, runner, gRPC. See ``support.steps``.
"""

import contextlib
import errno
import hashlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from polycue.app.engine import Engine
from polycue.commands.serve import serve
from polycue.domain.caller import NOBODY, Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.cue import Cue
from polycue.domain.progress import (
    CuesReady,
    FileReady,
    LanguageFound,
    MediaFound,
    OutputFile,
    Report,
    Stage,
    StageMoved,
)
from polycue.domain.request import Container, SubtitleTask, Task
from polycue.domain.track import Track, TrackFormat, sidecar_name
from polycue.pipeline.ports import NOTHING_KEPT, Checkpoints
from polycue.pipeline.result import TaskResult
from polycue.testing.installed import FakeInstalled
from polycue.testing.pipeline import FakePipeline
from polycue.tracks.files import encode
from support.patient import patient_tracing
from support.steps import DIE, GO, ask

CHUNK_MS = 10_000

PLAN = "POLYCUE_TEST_PLAN"  # as another model would, another value makes another plan
CLOCK = "POLYCUE_TEST_CLOCK"  # a file that holds by how many seconds the wall clock is wrong


@dataclass(frozen=True, slots=True)
class Film:
    """A file of a few bytes that says how much there is to hear."""

    name: str
    chunks: int

    def write(self, folder: Path) -> Path:
        path = folder / f"{self.name}.mkv"
        path.write_text(json.dumps({"name": self.name, "chunks": self.chunks}))
        return path

    @classmethod
    def read(cls, path: Path) -> "Film":
        """The film; any other file is one of a single chunk."""
        try:
            return cls(**json.loads(path.read_text()))
        except (ValueError, TypeError):
            return cls("noise", 1)

    def said(self, index: int) -> str:
        """What is heard in a chunk: always the same."""
        return hashlib.sha256(f"{self.name} {index}".encode()).hexdigest()[:16]

    def track(self) -> Track:
        return Track("en", tuple(_cue(n, self.said(n)) for n in range(self.chunks)))

    def text(self, form: TrackFormat = TrackFormat.SRT) -> bytes:
        """What a whole job makes of it."""
        return encode(self.track(), form)


def _cue(index: int, text: str) -> Cue:
    return Cue(index * CHUNK_MS, (index + 1) * CHUNK_MS - 100, (text,))


class SteppedPipeline:
    """Hears a ``Film`` chunk by chunk, and keeps each; every step is asked for first."""

    def run(
        self,
        task: Task,
        *,
        workdir: Path,
        cancel: CancelToken,
        report: Report,
        checkpoints: Checkpoints = NOTHING_KEPT,
        caller: Caller = NOBODY,
    ) -> TaskResult:
        assert isinstance(task, SubtitleTask)
        film = Film.read(task.media.path)
        duration_ms = film.chunks * CHUNK_MS
        _step("begin", film, 0, cancel)
        checkpoints.begin(hashlib.sha256(f"{film}{os.environ.get(PLAN)}".encode()).hexdigest())
        report(MediaFound(duration_ms))
        report(LanguageFound("en"))
        kept = checkpoints.load(Stage.TRANSCRIBE)
        for index in range(film.chunks):
            cancel.check()
            text = kept[index].decode() if index in kept else ""
            if not text:
                _step("chunk", film, index, cancel)
                text = film.said(index)
                checkpoints.save(Stage.TRANSCRIBE, index, text.encode())
                _step("saved", film, index, cancel)
            report(CuesReady("en", index + 1, (_cue(index, text),)))
            report(StageMoved(Stage.TRANSCRIBE, (index + 1) * CHUNK_MS, duration_ms))
        report(StageMoved(Stage.TRANSCRIBE, duration_ms, duration_ms, finished=True))
        _step("writing", film, 0, cancel)
        return self._written(film, task, workdir, report)

    def _written(self, film: Film, task: SubtitleTask, workdir: Path, report: Report) -> TaskResult:
        track, files = film.track(), []
        for form in task.formats:
            name = sidecar_name(task.media.stem, "en", track.kind, form.suffix)
            path = workdir / name
            path.write_bytes(encode(track, form))
            files.append(OutputFile(path, name, form.mime_type, "en"))
        for options in task.mux:
            container = options.container or Container.MKV
            path = workdir / f"{task.media.stem}.subtitled.{container.value}"
            path.write_bytes(task.media.path.read_bytes())
            files.append(OutputFile(path, path.name, container.mime_type, ""))
        for file in files:
            report(FileReady(file))
        return TaskResult((track,), tuple(files))


def _step(name: str, film: Film, index: int, cancel: CancelToken) -> None:
    """Ask, and do as the answer says; a job that is cancelled waits for none."""
    with socket.socket(socket.AF_UNIX) as pipe:
        forget = cancel.on_cancel(lambda: _hang_up(pipe))
        try:
            answer = ask(name, film.name, index, pipe=pipe)
        except OSError:
            cancel.check()
            raise
        finally:
            forget()
    cancel.check()
    obey(answer)


def _hang_up(pipe: socket.socket) -> None:
    with contextlib.suppress(OSError):
        pipe.shutdown(socket.SHUT_RDWR)


def obey(answer: str) -> None:
    if answer == DIE:
        os.kill(os.getpid(), signal.SIGKILL)
    elif answer != GO:
        number = getattr(errno, answer)
        raise OSError(number, os.strerror(number))


@contextlib.contextmanager
def _asked_moves() -> Iterator[None]:
    """What makes a finished file visible is a step too, before and after."""
    with contextlib.ExitStack() as stack:
        for name in ("replace", "rename", "link"):
            stack.enter_context(mock.patch(f"os.{name}", _asked(getattr(os, name))))
        yield


def _asked(move: Any) -> Any:
    def asked(source: Any, target: Any, **how: Any) -> None:
        name = os.path.basename(os.fsdecode(target))
        obey(ask("move", name))
        move(source, target, **how)
        obey(ask("moved", name))

    return asked


@contextlib.contextmanager
def _wrong_clock() -> Iterator[None]:
    """Wall clocks that are as wrong as a file says at that moment."""
    right_s, right_ns, path = time.time, time.time_ns, os.environ.get(CLOCK, "")

    def wrong_s() -> float:
        return right_s() + int(Path(path).read_text())

    def wrong_ns() -> int:
        return right_ns() + int(Path(path).read_text()) * 10**9

    with contextlib.ExitStack() as stack:
        if path:
            stack.enter_context(mock.patch("time.time", wrong_s))
            stack.enter_context(mock.patch("time.time_ns", wrong_ns))
        yield


def _engine(settings: object, **how: object) -> Engine:
    pipeline: Any = SteppedPipeline()
    return Engine(
        jobs=pipeline,
        calls=FakePipeline(),
        installed=FakeInstalled(),
        ready=lambda: None,
        up=lambda: True,
        close=lambda: None,
    )


def main(arguments: list[str] | None = None) -> None:
    traced = any(given.startswith("--otlp-endpoint") for given in arguments or sys.argv)
    with _asked_moves(), _wrong_clock(), patient_tracing() if traced else nullcontext():
        serve(arguments, obj=_engine)


if __name__ == "__main__":
    main()
