"""The parts of a server, made from settings and joined."""

import os
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version

from polycue import metrics
from polycue.app.database import open_database
from polycue.app.doors import Doors
from polycue.app.engine import Engine
from polycue.app.files import bucket_of, open_elsewhere, open_files, open_objects
from polycue.app.stores import Stores
from polycue.config import Settings
from polycue.domain.errors import PoisonJob
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.at_work import AtWork
from polycue.jobs.attempt import Workshop
from polycue.jobs.bells import Bells
from polycue.jobs.board import Board, BoardLimits
from polycue.jobs.clock import Clock
from polycue.jobs.files.protocol import Files
from polycue.jobs.folder import DataFolder
from polycue.jobs.heartbeat import Heartbeat
from polycue.jobs.inputs.elsewhere import Elsewhere
from polycue.jobs.job import Failure, Job, JobState, new_id
from polycue.jobs.lane import Lane
from polycue.jobs.retention import Retention
from polycue.jobs.runner import Runner
from polycue.jobs.store.identity import identity_of
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.protocol import JobStore
from polycue.jobs.store.uploads import SqlUploads
from polycue.jobs.timed import tell_of
from polycue.jobs.uploads import UploadLimits, Uploads
from polycue.jobs.watch import Watcher
from polycue.rpc.admission import Admission
from polycue.rpc.artifacts import ArtifactService
from polycue.rpc.catalog import CatalogService
from polycue.rpc.clips import Clips
from polycue.rpc.jobs import JobService
from polycue.rpc.limits import Limits
from polycue.rpc.pages import PageTokens
from polycue.rpc.server import Services
from polycue.rpc.sources import Sources
from polycue.rpc.status import failure_of, known_reasons
from polycue.rpc.subtitles import SubtitleService
from polycue.rpc.texts import Texts
from polycue.rpc.transcription import TranscriptionService
from polycue.rpc.uploads import UploadService
from polycue.rpc.workers import Workers


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept on disk, and who looks after it."""

    folder: DataFolder
    identity: str  # the database's
    jobs: JobStore
    files: Files
    at_work: AtWork
    elsewhere: Elsewhere
    board: Board
    uploads: Uploads
    artifacts: Artifacts
    retention: Retention
    stores: Stores


@dataclass(frozen=True, slots=True)
class Threads:
    """Where blocking work is done: calls' own, and what asks the store or the disk."""

    clips: Workers
    texts: Workers
    store: Lane
    disk: Lane
    chores: Lane


def open_keep(settings: Settings, clock: Clock, doors: Doors, closing: ExitStack) -> Keep:
    """Take the data folder, and find what an earlier server left in it.

    Raises:
        StoreError, Unwritable: the data folder, the database or the bucket cannot be used.
    """
    folder = DataFolder(settings.data_dir)
    closing.callback(folder.close)
    metrics.DATA_FREE.set_function(lambda: folder.room().free_bytes)
    metrics.DATA_SIZE.set_function(lambda: folder.room().size_bytes)
    database = open_database(settings, folder, clock)
    closing.callback(database.close)
    tell_of(database.kind)
    jobs, rows = SqlJobs(database), SqlUploads(database)
    folder.clean()
    objects = open_objects(settings, closing)
    files = open_files(settings, folder, database, objects)
    artifacts, bells = Artifacts(files), Bells()
    at_work = _at_work(settings, clock, jobs, bells)
    at_work.recover()
    limits = BoardLimits(
        settings.max_queued_jobs, settings.job_ttl_s * 1000, of_tenant=doors.limits_of
    )
    board = Board(jobs, at_work, artifacts, bells, clock=clock, limits=limits)
    uploads = Uploads(rows, files, clock=clock, limits=_upload_limits(settings, doors))
    retention = Retention(jobs, rows, board=board, kept=uploads, files=files, clock=clock)
    elsewhere = open_elsewhere(settings, objects)
    return Keep(
        folder,
        identity_of(database),
        jobs,
        files,
        at_work,
        elsewhere,
        board,
        uploads,
        artifacts,
        retention,
        Stores(database, folder, bucket_of(settings, objects)),
    )


def _at_work(settings: Settings, clock: Clock, jobs: JobStore, bells: Bells) -> AtWork:
    return AtWork(
        jobs,
        bells,
        owner=f"{socket.gethostname()}/{os.getpid()}/{new_id()}",
        clock=clock,
        lease_ms=int(settings.lease_s * 1000),
        max_attempts=settings.max_attempts,
        poisoned=_poisoned,
    )


def _upload_limits(settings: Settings, doors: Doors) -> UploadLimits:
    return UploadLimits(
        max_upload_bytes=settings.max_upload_bytes,
        max_stored_bytes=settings.max_stored_bytes,
        max_ttl_ms=settings.upload_ttl_s * 1000,
        of_tenant=doors.limits_of,
    )


def _poisoned(job: Job) -> Failure:
    return failure_of(PoisonJob(job.id, job.attempts, job.reached))


def start_threads(settings: Settings, doors: Doors, closing: ExitStack) -> Threads:
    wait_s = settings.store_wait_s
    threads = Threads(
        clips=Workers("clip", doors.clips),
        texts=Workers("text", doors.texts),
        store=Lane("store", threads=2, store_wait_s=wait_s),
        disk=Lane("disk", threads=8, store_wait_s=wait_s),
        chores=Lane("chores", threads=3),
    )
    for lane in (threads.clips, threads.texts, threads.store, threads.disk, threads.chores):
        closing.callback(lane.close)
    return threads


def make_admission(settings: Settings, engine: Engine, keep: Keep) -> tuple[Admission, Sources]:
    sources = Sources(
        keep.board,
        keep.uploads,
        keep.artifacts,
        keep.files,
        keep.elsewhere,
        max_inline_bytes=settings.max_inline_bytes,
    )
    admission = Admission(
        keep.board, sources, keep.uploads, engine.installed, version=version("polycue")
    )
    return admission, sources


def make_runner(settings: Settings, engine: Engine, keep: Keep, admission: Admission) -> Runner:
    for reason in known_reasons():  # 0: what is not there at first is not seen to grow
        metrics.JOBS_ENDED.labels(JobState.FAILED.value, reason)
    metrics.JOB_PLACES.set(settings.max_running_jobs)
    heartbeat = Heartbeat(keep.at_work, keep.jobs, lease_s=settings.lease_s, poll_s=settings.poll_s)
    shop = Workshop(
        keep.at_work,
        keep.jobs,
        engine.jobs,
        keep.folder,
        keep.artifacts,
        engine.ledger,
        task_of=admission.task_of,
        failure_of=failure_of,
    )
    return Runner(
        keep.at_work,
        heartbeat,
        shop,
        workers=settings.max_running_jobs,
        poll_s=settings.poll_s,
    )


def make_services(
    settings: Settings,
    engine: Engine,
    keep: Keep,
    threads: Threads,
    admission: Admission,
    sources: Sources,
    doors: Doors,
) -> Services:
    clips = Clips(engine.calls, sources, threads.clips, keep.folder.calls, engine.ledger)
    watcher = Watcher(
        keep.board, threads.store, heartbeat_s=settings.heartbeat_s, poll_s=settings.poll_s
    )
    limits = Limits(
        max_inline_bytes=settings.max_inline_bytes,
        max_upload_bytes=settings.max_upload_bytes,
        max_call_media_ms=settings.max_call_media_s * 1000,
        max_job_media_ms=settings.max_job_media_s * 1000,
        max_queued_jobs=settings.max_queued_jobs,
    )
    return Services(
        transcription=TranscriptionService(clips),
        uploads=UploadService(keep.uploads, threads.disk, idle_s=settings.upload_idle_s),
        jobs=JobService(keep.board, admission, watcher, PageTokens(keep.identity), threads.store),
        artifacts=ArtifactService(keep.board, keep.artifacts, threads.disk),
        subtitles=SubtitleService(Texts(engine.calls), threads.texts),
        catalog=CatalogService(
            engine.installed,
            limits,
            doors.limits_of,
            threads.disk,
            version=version("polycue"),
            features=("url-sources",) if keep.elsewhere.reads_others else (),
        ),
    )
