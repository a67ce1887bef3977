"""Whisper models from the Hugging Face hub, through faster-whisper's own downloader."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polycue.domain.errors import DownloadFailed
from polycue.models.facts import whisper_files
from polycue.models.lock import LockedModel
from polycue.models.manifest import Progress
from polycue.models.store import size_of

_LOOK_EVERY_S = 0.3
_ADVICE = (
    "check the network and pull again, which goes on where it stopped; or fetch it on another"
    " machine and run 'polycue models import' on the folder"
)


def fetch(model: LockedModel, cache: Path, into: Path, progress: Progress) -> str:
    """Put the model's files into the new folder ``into`` and return the commit they are of.

    ``cache`` keeps what came of a download that broke off; the caller empties it.

    Raises:
        DownloadFailed: the hub cannot be reached or does not have it.
    """
    from polycue.whisperlib import download_model

    with _watched(cache, model.size_bytes, progress):
        try:
            # Not to output_dir: faster-whisper 1.2 then passes an argument the hub has dropped.
            snapshot = Path(
                download_model(model.source, cache_dir=str(cache), revision=model.revision or None)
            )
        except Exception as error:  # the hub's, httpx's and Xet's errors have no common root
            reason = str(error).partition("\n")[0]
            raise DownloadFailed(f"{model.name} ({model.source})", reason, _ADVICE) from error
    into.mkdir()
    for file in whisper_files(snapshot):
        _take(file.resolve(), into / file.name)
    return snapshot.name


def _take(file: Path, to: Path) -> None:
    """Without a copy where the disk allows it. Not moved: equal files are one in the cache."""
    try:
        os.link(file, to)
    except OSError:
        shutil.copyfile(file, to)


@contextmanager
def _watched(folder: Path, total: int, progress: Progress) -> Iterator[None]:
    """Report the growth of ``folder``: the downloader tells nobody how far it is."""
    folder.mkdir(parents=True, exist_ok=True)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_LOOK_EVERY_S):
            progress(min(size_of(folder), total), total)

    thread = threading.Thread(target=watch, name="polycue-pull", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
