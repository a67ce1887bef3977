"""A running server, from start to drain."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack

from polycue import telemetry
from polycue.app.doors import make_doors
from polycue.app.engine import Engine
from polycue.app.lag import measure_lag
from polycue.app.listeners import Listeners
from polycue.app.parts import (
    make_admission,
    make_runner,
    make_services,
    open_keep,
    start_threads,
)
from polycue.app.stop import Stop
from polycue.app.stores import STORED
from polycue.config import Settings
from polycue.domain.errors import PolycueError
from polycue.jobs.clock import Clock, wall_clock
from polycue.rpc.health import Health
from polycue.rpc.server import TRANSCRIPTION

_CHORES_EVERY_S = 60
_ORPHANS_EVERY = 60  # chores: all that is kept has to be listed for it
_LOOK_EVERY_S = 1
_LET_GO_S = 5  # for threads and calls to see that they were cancelled

log = telemetry.logger(__name__)


class App:
    """Holds the data folder and all that works on it, from its making to the end of ``serve``."""

    def __init__(self, settings: Settings, engine: Engine, *, clock: Clock = wall_clock) -> None:
        """Take the data folder, and find what an earlier server left in it.

        Raises:
            ListenError: the address is malformed, or not safe.
            CredentialsUnusable: a certificate, a key or the file of callers cannot be used.
            StoreError, Unwritable: the data folder, the database or the bucket cannot be used.
        """
        self._settings, self._engine = settings, engine
        self._doors = doors = make_doors(settings, clock)
        with ExitStack() as closing:  # closed from the last to the first
            self._keep = open_keep(settings, clock, doors, closing)
            self._threads = start_threads(settings, doors, closing)
            admission, sources = make_admission(settings, engine, self._keep)
            self._runner = make_runner(settings, engine, self._keep, admission)
            self._services = make_services(
                settings, engine, self._keep, self._threads, admission, sources, doors
            )
            self._closing = closing.pop_all()

    async def serve(self, stop: Stop, *, on_ready: Callable[[str], None]) -> None:
        """Serve until told to stop; ``on_ready`` gets the address once calls are answered.

        Raises:
            AddressUnusable: the address is taken, or not this machine's.
        """
        listeners = Listeners(self._settings, self._services, self._doors)
        chores: list[asyncio.Task[None]] = []
        try:
            address = await listeners.start()
            self._runner.start()
            chores += map(_chore, (self._tidy(), self._tell_readiness(listeners.health)))
            chores += map(_chore, (self._tell_stores(listeners.health), measure_lag()))
            on_ready(address)
            await stop.gently.wait()
        finally:
            for chore in chores:
                chore.cancel()
            try:
                await self._drain(listeners, stop)
            finally:
                stop.release_signals()
                self._engine.abandon()
                # Blocks until every thread has let go; the loop has nothing left to do by now.
                self._closing.close()

    async def _drain(self, listeners: Listeners, stop: Stop) -> None:
        """Refuse what is new, let what runs end in its time, stop the rest, and end."""
        log.info("stopping")
        gate = self._doors.door.gate
        gate.shut()
        await listeners.health.stop_serving()
        hurrying = asyncio.create_task(self._hurry(stop))
        await _pause(self._settings.drain_delay_s, unless=stop.at_once)
        loop = asyncio.get_running_loop()
        until_s = loop.time() + (0 if stop.at_once.is_set() else self._settings.drain_s)
        # Jobs that stop by themselves do so in a moment, whatever time there is.
        await self._threads.chores(
            self._runner.stop, within_s=max(_LET_GO_S, until_s - loop.time())
        )
        self._keep.board.close()
        if not await gate.emptied(within_s=max(0.0, until_s - loop.time())):
            self._interrupt_calls()
            await gate.emptied(within_s=_LET_GO_S)
        hurrying.cancel()
        await listeners.stop()
        await gate.emptied(within_s=_LET_GO_S)  # calls it cancelled still close what they hold

    async def _hurry(self, stop: Stop) -> None:
        await stop.at_once.wait()
        self._interrupt_calls()
        await self._threads.chores(self._runner.hurry, within_s=_LET_GO_S)

    def _interrupt_calls(self) -> None:
        self._threads.clips.interrupt()
        self._threads.texts.interrupt()

    async def _tidy(self) -> None:
        """Purge what has outlived its time, now and then."""
        for number in itertools.count():
            try:
                await self._threads.chores(self._keep.retention.sweep)
                if number % _ORPHANS_EVERY == 0:
                    await self._threads.chores(self._keep.retention.sweep_orphans)
            except Exception:
                # Whatever it was, a server that never purges again fills its disk.
                log.exception("nothing could be purged")
            await asyncio.sleep(_CHORES_EVERY_S)

    async def _tell_readiness(self, health: Health) -> None:
        """Let health say SERVING for transcription while the recogniser can be used."""
        while True:
            await self._until_ready()
            await health.set_serving(TRANSCRIPTION, is_serving=True)
            while self._engine.up():  # noqa: ASYNC110 - engines know no event loop
                await asyncio.sleep(_LOOK_EVERY_S)
            await health.set_serving(TRANSCRIPTION, is_serving=False)

    async def _tell_stores(self, health: Health) -> None:
        """Let health say NOT_SERVING for what is of no use while a store is away, or full."""
        told = dict[str, str]()
        while True:
            found = await self._threads.chores(self._keep.stores.problems)
            for service in STORED:
                if (service in found) is not (service in told):
                    await health.set_serving(service, is_serving=service not in found)
            if found.keys() != told.keys():
                _say_what_is_away(found)
            told = found
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _until_ready(self) -> None:
        while True:
            try:
                await self._threads.chores(self._engine.ready)
            except PolycueError as error:
                log.warning("transcription is not ready", problem=str(error))
                await asyncio.sleep(getattr(error, "retry_after_s", None) or _CHORES_EVERY_S)
            else:
                return


def _say_what_is_away(problems: Mapping[str, str]) -> None:
    if problems:
        log.warning("services wait for a store", problems=sorted(set(problems.values())))
    else:
        log.info("no service waits for a store any more")


def _chore(work: Coroutine[None, None, None]) -> asyncio.Task[None]:
    """Work nobody waits for; if it breaks down, the log says so."""

    def tell(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception():
            log.error("a chore broke down", exc_info=task.exception())

    task = asyncio.create_task(work)
    task.add_done_callback(tell)
    return task


async def _pause(seconds: float, *, unless: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await unless.wait()
    except TimeoutError:
        return
