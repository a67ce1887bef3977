"""Calls to an S3-compatible object store: the one door to s3fs. Blocks; safe from several threads.

Where it is and who we are come from the usual environment: ``AWS_ENDPOINT_URL``,
``AWS_ACCESS_KEY_ID``, ``AWS_PROFILE``, an instance's role. Nothing of it is logged.
"""

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from polycue import metrics, telemetry
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import StorageFull, StorageUnavailable
from polycue.jobs import outage
from polycue.jobs.files.sending import send, together

NEVER = CancelToken()
"""The flag of what nobody cancels."""

_RETRY_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0)
_PATIENCE_S = 30  # with a store that swallows everything each try takes its time
_CONNECT_S, _READ_S = 5, 20
_REMOVED_IN_S = 10  # when we close; a rule of the bucket's own takes what remains
_WHAT = "uploads and results"
_DELETED_AT_ONCE = 1000  # S3 takes no more in one call
_FULL = {"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"}
PERMANENT = {
    "AccessDenied",
    "InvalidAccessKeyId",
    "InvalidBucketName",
    "NoSuchBucket",
    "SignatureDoesNotMatch",
}
"""S3's words for what no further try will change."""

T = TypeVar("T")

log = telemetry.logger(__name__)


class Objects:
    """Keys are ``bucket/path``, without a scheme.

    Every method may raise ``StorageUnavailable`` (after some tries) and ``StorageFull``, those that
    are given a flag ``Cancelled``, at once when it is set.
    """

    def __init__(self, *, retry_pauses_s: Sequence[float] = _RETRY_PAUSES_S) -> None:
        """Makes no call yet.

        Raises:
            ImportError: s3fs, an extra, is not installed.
        """
        import s3fs

        self._pauses_s = tuple(retry_pauses_s)
        self.outage = outage.Outage()
        self._sending = set[asyncio.Task[None]]()  # a loop alone does not keep its tasks alive
        self._fs = s3fs.S3FileSystem(
            skip_instance_cache=True,
            use_listings_cache=False,
            config_kwargs={
                "connect_timeout": _CONNECT_S,
                "read_timeout": _READ_S,
                "retries": {"mode": "standard", "total_max_attempts": 1},  # ours are enough
            },
        )
        self._fs.retries = 1

    def put(self, key: str, data: bytes) -> None:
        self._call(lambda: self._fs._pipe_file(key, data))

    def put_file(self, key: str, path: Path, cancel: CancelToken) -> None:
        """Send a file, in parts where it is large; it is there once all of it is.

        Who cancels does not wait until what was sent is removed: ``close`` does.
        """
        size_bytes = path.stat().st_size

        async def sending() -> None:
            task = asyncio.create_task(send(self._fs, key, path, size_bytes, self._pauses_s))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
            await task

        self._call(sending, cancel)

    def get(self, key: str, start: int, end: int, cancel: CancelToken = NEVER) -> bytes:
        """Bytes ``start`` up to ``end``.

        Raises:
            FileNotFoundError: there is no such object.
        """
        return self.gather([(key, start, end)], cancel)[0]

    def gather(
        self, ranges: Sequence[tuple[str, int, int]], cancel: CancelToken = NEVER
    ) -> list[bytes]:
        """Several ranges at once; as ``get``."""

        async def fetch() -> list[bytes]:
            return await together(
                [self._fs._cat_file(key, start=start, end=end) for key, start, end in ranges]
            )

        return self._call(fetch, cancel)

    def size_and_tag(self, key: str, cancel: CancelToken) -> tuple[int, str]:
        """How large an object is, and what changes with its bytes.

        Raises:
            FileNotFoundError: there is no such object.
        """
        found = self._call(lambda: self._fs._info(key, refresh=True), cancel)
        if found["type"] != "file":
            raise FileNotFoundError(key)
        return found["size"], found["ETag"].strip('"')

    def below(self, prefix: str) -> dict[str, datetime]:
        """All objects below a prefix, and when they came."""
        found = self._call(lambda: self._fs._find(prefix, detail=True))
        return {key: each["LastModified"] for key, each in found.items()}

    def folders(self, prefix: str) -> list[str]:
        """The next part of all keys below a prefix, each once."""
        found = self._call(lambda: self._fs._lsdir(prefix, refresh=True))
        return [each["name"].rpartition("/")[2] for each in found]

    def look(self, bucket: str) -> None:
        """Ask for next to nothing, once: ``outage`` knows the answer."""
        with suppress(StorageUnavailable, StorageFull, FileNotFoundError):
            self._wait(self._fs._call_s3("list_objects_v2", Bucket=bucket, MaxKeys=1), NEVER)

    def delete(self, keys: Sequence[str]) -> None:
        for begin in range(0, len(keys), _DELETED_AT_ONCE):
            some = list(keys[begin : begin + _DELETED_AT_ONCE])
            self._call(lambda some=some: self._fs._bulk_delete(some))  # type: ignore[misc]

    def close(self) -> None:
        """Every call has come back; what cancelled ones had sent is removed first, for a while."""
        if self._fs._s3 is not None:
            self._wait(self._close(), NEVER)

    async def _close(self) -> None:
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=_REMOVED_IN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._fs._s3creator.__aexit__(None, None, None)

    def _call(self, work: Callable[[], Coroutine[Any, Any, T]], cancel: CancelToken = NEVER) -> T:
        """What the work gives, tried again after pauses where the store is at fault."""
        if self.outage.is_hopeless(_PATIENCE_S):  # who looks at it now and then finds it back
            raise StorageUnavailable(_WHAT, self.outage.problem)
        woken, began_s = threading.Event(), time.monotonic()
        waits_s = outage.patience_s(_PATIENCE_S)
        forget = cancel.on_cancel(woken.set)
        try:
            for pause_s in self._pauses_s:
                try:
                    return self._wait(work(), cancel)
                except StorageUnavailable as error:
                    if error.problem in PERMANENT or time.monotonic() - began_s > waits_s:
                        raise
                metrics.STORE_RETRIES.labels("bucket").inc()
                woken.wait(pause_s)
                cancel.check()
            return self._wait(work(), cancel)
        finally:
            forget()

    def _wait(self, work: Coroutine[Any, Any, T], cancel: CancelToken) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._fs.loop)

        def stop() -> None:
            future.cancel()

        forget = cancel.on_cancel(stop)
        try:
            answer = future.result()
        except FileNotFoundError as error:
            self.outage.answered()
            if _code_of(error) == "NoSuchBucket":
                raise _ours(error) from error
            raise
        except (Exception, concurrent.futures.CancelledError) as error:
            cancel.check()
            ours = _ours(error)
            if isinstance(ours, StorageUnavailable) and ours.problem not in PERMANENT:
                self.outage.failed(ours.problem)
            raise ours from error
        else:
            self.outage.answered()
            return answer
        finally:
            forget()


def _ours(error: Exception) -> StorageFull | StorageUnavailable:
    code = _code_of(error)
    log.warning("the object store is at fault", problem=f"{type(error).__name__}: {error}")
    if code in _FULL:
        return StorageFull(_WHAT)
    return StorageUnavailable(_WHAT, code or "the object store does not answer")


def _code_of(error: Exception) -> str:
    """S3's own word for what is wrong, "" where it said nothing."""
    response = getattr(error, "response", None) or getattr(error.__cause__, "response", None) or {}
    code: str = response.get("Error", {}).get("Code", "")
    return code
