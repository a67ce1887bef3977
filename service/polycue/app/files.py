"""Where uploads and results are kept, as the settings have it."""

from contextlib import ExitStack

from polycue.config import Settings
from polycue.domain.errors import StorageUnavailable
from polycue.jobs.files.bucket import BucketFiles
from polycue.jobs.files.local import LocalFiles
from polycue.jobs.files.objects import Objects
from polycue.jobs.files.protocol import Files
from polycue.jobs.folder import DataFolder

_WHAT = "uploads and results"


def open_files(settings: Settings, folder: DataFolder, closing: ExitStack) -> Files:
    """The data folder, or the bucket that several servers share.

    Raises:
        StorageUnavailable: the bucket is not there, not ours, or does not answer.
    """
    if not settings.files_url:
        return LocalFiles(folder.root)
    try:
        objects = Objects()
    except ImportError as error:
        advice = "an extra is missing; get it with: pip install 'polycue[s3]'"
        raise StorageUnavailable(_WHAT, advice) from error
    files = BucketFiles(objects, settings.files_url.removeprefix("s3://"))
    closing.callback(files.close)
    next(files.shelves(), None)
    return files
