"""A running server: everything above the engine, from start to drain."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import version

from polycue import telemetry
from polycue.app.engine import Engine
from polycue.app.stop import Stop
from polycue.config import Settings
from polycue.domain.errors import JobInterrupted, PolycueError, StoreError
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.board import Board
from polycue.jobs.clock import Clock, wall_clock
from polycue.jobs.folder import DataFolder
from polycue.jobs.lane import Lane
from polycue.jobs.retention import Retention
from polycue.jobs.runner import Runner
from polycue.jobs.store.database import Database
from polycue.jobs.store.sqlite import SqliteJobs, SqliteUploads
from polycue.jobs.uploads import UploadLimits, Uploads
from polycue.jobs.watch import Watcher
from polycue.rpc.address import Address
from polycue.rpc.admission import Admission
from polycue.rpc.artifacts import ArtifactService
from polycue.rpc.catalog import CatalogService
from polycue.rpc.clips import Clips
from polycue.rpc.gate import Gate
from polycue.rpc.jobs import JobService
from polycue.rpc.limits import Limits
from polycue.rpc.server import TRANSCRIPTION, Server, Services
from polycue.rpc.sources import Sources
from polycue.rpc.status import failure_of
from polycue.rpc.subtitles import SubtitleService
from polycue.rpc.texts import Texts
from polycue.rpc.transcription import TranscriptionService
from polycue.rpc.uploads import UploadService
from polycue.rpc.workers import Workers

_CHORES_EVERY_S = 60
_LET_GO_S = 5  # for threads to see that they were cancelled
_TEXTS_AT_ONCE = 4

log = telemetry.logger(__name__)


class App:
    """Holds the data folder and all that works on it, from its making to the end of ``serve``."""

    def __init__(self, settings: Settings, engine: Engine, *, clock: Clock = wall_clock) -> None:
        """Take the data folder, and find what an earlier server left in it.

        Raises:
            ListenError: the address is malformed, or not safe.
            DataFolderInUse, StoreUnusable, Unwritable: the data folder cannot be used.
        """
        self._settings, self._engine = settings, engine
        self._address = Address.parse(settings.listen)
        self._address.require_safe(insecure=settings.insecure)
        with ExitStack() as closing:  # closed from the last to the first
            folder = DataFolder(settings.data_dir)
            closing.callback(folder.close)
            database = Database(folder.database)
            closing.callback(database.close)
            self._compose(folder, database, clock, closing)
            self._closing = closing.pop_all()

    def _compose(
        self, folder: DataFolder, database: Database, clock: Clock, closing: ExitStack
    ) -> None:
        settings, engine = self._settings, self._engine
        jobs, upload_rows = SqliteJobs(database), SqliteUploads(database)
        folder.clean(jobs=jobs.ids(), uploads=upload_rows.ids())
        self._board = Board(
            jobs,
            folder,
            clock=clock,
            max_queued=settings.max_queued_jobs,
            max_ttl_ms=settings.job_ttl_s * 1000,
        )
        self._board.recover(lambda job: failure_of(JobInterrupted(job.id)))
        uploads = Uploads(
            upload_rows,
            folder,
            clock=clock,
            limits=UploadLimits(
                max_upload_bytes=settings.max_upload_bytes,
                max_stored_bytes=settings.max_stored_bytes,
                max_ttl_ms=settings.upload_ttl_s * 1000,
            ),
        )
        self._retention = Retention(
            jobs, upload_rows, board=self._board, files=uploads, clock=clock
        )
        artifacts = Artifacts(folder)
        sources = Sources(
            self._board,
            uploads,
            artifacts,
            file_roots=settings.file_root,
            max_inline_bytes=settings.max_inline_bytes,
        )
        admission = Admission(self._board, sources, uploads, engine.installed)
        self._runner = Runner(
            self._board,
            engine.jobs,
            folder,
            task_of=admission.task_of,
            failure_of=failure_of,
            workers=settings.max_running_jobs,
        )
        self._gate = Gate()
        self._clips = Workers("clip", limit=settings.max_calls)
        self._texts = Workers("text", limit=_TEXTS_AT_ONCE)
        store, disk = Lane("store", threads=2), Lane("disk", threads=4)
        self._chores = Lane("chores", threads=3)
        for lane in (self._clips, self._texts, store, disk, self._chores):
            closing.callback(lane.close)
        self._services = Services(
            transcription=TranscriptionService(
                Clips(engine.calls, sources, self._clips, folder.calls)
            ),
            uploads=UploadService(uploads, disk, idle_s=settings.upload_idle_s),
            jobs=JobService(
                self._board,
                admission,
                Watcher(self._board, store, heartbeat_s=settings.heartbeat_s),
                store,
            ),
            artifacts=ArtifactService(self._board, artifacts, disk),
            subtitles=SubtitleService(Texts(engine.calls), self._texts),
            catalog=CatalogService(
                engine.installed, _limits(settings), disk, version=version("polycue")
            ),
        )

    async def serve(self, stop: Stop, *, on_ready: Callable[[str], None]) -> None:
        """Serve until told to stop; ``on_ready`` gets the address once calls are answered.

        Raises:
            AddressUnusable: the address is taken, or not this machine's.
        """
        reflect = self._settings.reflection
        server = Server(
            self._services,
            self._gate,
            reflect=self._address.is_local if reflect is None else reflect,
        )
        tasks: list[asyncio.Task[None]] = []
        try:
            address = await server.start(self._address)
            self._runner.start()
            tasks += [
                asyncio.create_task(self._tidy()),
                asyncio.create_task(self._tell_readiness(server)),
            ]
            on_ready(address)
            await stop.gently.wait()
        finally:
            for task in tasks:
                task.cancel()
            await self._drain(server, stop)
            stop.release_signals()
            # Blocks until every thread has let go; the loop has nothing left to do by now.
            self._closing.close()

    async def _drain(self, server: Server, stop: Stop) -> None:
        """Refuse what is new, let what runs end in its time, stop the rest, and end."""
        log.info("stopping")
        self._gate.shut()
        await server.stop_serving()
        hurrying = asyncio.create_task(self._hurry(stop))
        await _pause(self._settings.drain_delay_s, unless=stop.at_once)
        loop = asyncio.get_running_loop()
        until_s = loop.time() + (0 if stop.at_once.is_set() else self._settings.drain_s)
        await self._chores(self._runner.stop, within_s=until_s - loop.time())
        self._board.close_feeds()
        if not await self._gate.emptied(within_s=max(0.0, until_s - loop.time())):
            self._interrupt_calls()
            await self._gate.emptied(within_s=_LET_GO_S)
        hurrying.cancel()
        await server.stop()

    async def _hurry(self, stop: Stop) -> None:
        await stop.at_once.wait()
        self._board.interrupt()
        self._interrupt_calls()

    def _interrupt_calls(self) -> None:
        self._clips.interrupt()
        self._texts.interrupt()

    async def _tidy(self) -> None:
        """Purge what has outlived its time, now and then."""
        while True:
            try:
                await self._chores(self._retention.sweep)
            except StoreError:
                log.exception("nothing could be purged")
            await asyncio.sleep(_CHORES_EVERY_S)

    async def _tell_readiness(self, server: Server) -> None:
        """Let health say SERVING for transcription as soon as the recogniser can be used."""
        while True:
            try:
                await self._chores(self._engine.ready)
            except PolycueError as error:
                log.warning("transcription is not ready", problem=str(error))
                await asyncio.sleep(_CHORES_EVERY_S)
            else:
                await server.set_serving(TRANSCRIPTION, is_serving=True)
                return


def _limits(settings: Settings) -> Limits:
    return Limits(
        max_inline_bytes=settings.max_inline_bytes,
        max_upload_bytes=settings.max_upload_bytes,
        max_call_media_ms=settings.max_call_media_s * 1000,
        max_job_media_ms=settings.max_job_media_s * 1000,
        max_queued_jobs=settings.max_queued_jobs,
    )


async def _pause(seconds: float, *, unless: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await unless.wait()
    except TimeoutError:
        return
