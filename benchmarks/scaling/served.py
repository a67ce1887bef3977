"""A whole server in this process, with models that take a known time: its jobs, and what they did.

All but the model is real: gRPC, jobs, store, ffmpeg in its sandbox, detection, features, batches,
layout and files.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polycue_client
from polycue.api.v1 import media_pb2
from polycue.app.engine import Engine
from polycue.app.server import App
from polycue.app.stop import Stop
from polycue.config import Settings
from polycue.engine.backends.backend import Backend
from polycue.engine.ledger import Ledger
from polycue.pipeline.pipeline import Pipeline
from polycue.testing.installed import FakeInstalled
from polycue.testing.translator import FakeTranslator
from scaling.load import FilmAsked
from scaling.real import Noted, recogniser_of

_WITHIN_S = 60.0


class Served:
    """A server in a thread of its own, and the last of its batches by ``noted``."""

    def __init__(self, settings: Settings, backends: Sequence[Backend], credits_bytes: int) -> None:
        self.noted = Noted(len(backends))
        self._ledger = Ledger()
        recogniser = recogniser_of(lambda: backends, self._note, credits_bytes)
        pipeline: Any = Pipeline(recogniser, FakeTranslator(), max_media_ms=None)
        self._engine = Engine(
            jobs=pipeline,
            calls=pipeline,
            installed=FakeInstalled(),
            ready=lambda: None,
            up=lambda: True,
            close=recogniser.close,
            ledger=self._ledger,
        )
        self._settings, self._ready = settings, threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.address = ""

    def start(self) -> None:
        self._thread.start()
        if not self._ready.wait(_WITHIN_S):
            raise SystemExit("the server did not come up")

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.now)
        self._thread.join(_WITHIN_S)
        self._engine.close()

    def hear(self, films: Sequence[FilmAsked], path_of: Callable[[FilmAsked], Path]) -> Noted:
        """Let the films come as they come, and wait for the end of all."""
        self.noted = Noted(self.noted.workers)
        began_s = self.noted.began_s
        with polycue_client.connect(self.address) as client:
            jobs = []
            for asked in sorted(films, key=lambda film: film.at_s):
                time.sleep(max(0.0, began_s + asked.at_s - time.monotonic()))
                source = media_pb2.MediaSource(uri=path_of(asked).as_uri())
                config = media_pb2.TranscribeConfig(language_code="en")
                jobs.append(client.subtitle(source, transcribe=config, fresh=True))
            for job in jobs:
                client.wait(job)
        return self.noted

    def _note(self, done: Any) -> None:
        self.noted(done)
        self._ledger.note(done)

    async def _serve(self) -> None:
        app = App(self._settings, self._engine)
        self._loop, self._stop = asyncio.get_running_loop(), Stop()
        await app.serve(self._stop, on_ready=self._told)

    def _told(self, address: str) -> None:
        self.address = address
        self._ready.set()


@contextmanager
def served(
    data: Path, films: Path, backends: Sequence[Backend], *, jobs: int, credits_bytes: int
) -> Iterator[Served]:
    """It may read what is below ``films``, and has so many jobs at work."""
    settings = Settings(
        listen="127.0.0.1:0",
        data_dir=data,
        file_root=[films],
        max_running_jobs=jobs,
        drain_s=1.0,
        log_level="warning",
    )
    server = Served(settings, backends, credits_bytes)
    server.start()
    try:
        yield server
    finally:
        server.stop()
