"""Where uploads and results are kept, and what else may be read, as the settings have it."""

from contextlib import ExitStack

from polycue import telemetry
from polycue.config import Settings
from polycue.domain.errors import StorageUnavailable
from polycue.jobs.files.bucket import BucketFiles
from polycue.jobs.files.local import LocalFiles
from polycue.jobs.files.objects import Objects
from polycue.jobs.files.protocol import Files
from polycue.jobs.files.timed import TimedFiles
from polycue.jobs.folder import DataFolder
from polycue.jobs.inputs.buckets import Buckets
from polycue.jobs.inputs.elsewhere import Elsewhere
from polycue.jobs.inputs.rules import SourceRules
from polycue.jobs.inputs.web import Web
from polycue.jobs.store.identity import identity_of
from polycue.jobs.store.session import Database

log = telemetry.logger(__name__)


def open_objects(settings: Settings, closing: ExitStack) -> Objects | None:
    """The object store, where anything is kept in one or read from one; no call is made yet.

    Raises:
        StorageUnavailable: s3fs is not installed.
    """
    if not (settings.files_url or settings.source_bucket):
        return None
    try:
        objects = Objects()
    except ImportError as error:
        advice = "an extra is missing; get it with: pip install 'polycue[s3]'"
        raise StorageUnavailable("buckets", advice) from error
    closing.callback(objects.close)
    return objects


def open_files(
    settings: Settings, folder: DataFolder, database: Database, objects: Objects | None
) -> Files:
    """The data folder, or the bucket that all servers of a database share.

    Raises:
        StorageUnavailable: the bucket is not there, not ours, or does not answer.
        StoreUnusable: it is another database's.
    """
    if not (objects and settings.files_url):
        if settings.database_url:
            log.warning("no other server of this database can read what is uploaded to this one")
        return TimedFiles(LocalFiles(folder.root), "folder")
    files = BucketFiles(objects, _bucket_of(settings))
    files.claim(identity_of(database))
    return TimedFiles(files, "bucket")


def open_elsewhere(settings: Settings, objects: Objects | None) -> Elsewhere:
    """What may be read besides uploads and results."""
    rules = SourceRules(
        file_roots=settings.file_root,
        hosts=settings.source_host,
        buckets=settings.source_bucket,
        own_bucket=_bucket_of(settings),
        networks=settings.source_network,
        plain_http=settings.source_http,
        max_bytes=settings.max_upload_bytes,
        timeout_s=settings.source_timeout_s,
    )
    buckets = Buckets(objects, timeout_s=rules.timeout_s) if objects and rules.buckets else None
    return Elsewhere(rules, Web(rules), buckets)


def bucket_of(settings: Settings, objects: Objects | None) -> tuple[Objects, str] | None:
    """Where uploads and results are kept, if that is a bucket: the way there, and its name."""
    name = _bucket_of(settings).partition("/")[0]
    return (objects, name) if objects and name else None


def _bucket_of(settings: Settings) -> str:
    return (settings.files_url or "").removeprefix("s3://")
