"""A large file to an object store, in parts: all of it comes to lie there, or none.

s3fs's own sending leaves parts on their way when one fails or the caller goes: they come too late
to be removed, and nobody takes their errors. Here nothing outlives the sending.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

_PART_BYTES = 16 * 1024 * 1024  # the store wants at least 5 MiB in all but the last
_MOST_PARTS = 10_000  # S3's limit
_SENT_TOGETHER = 3

T = TypeVar("T")


async def send(fs: Any, key: str, path: Path, size_bytes: int, pauses_s: Sequence[float]) -> None:
    """Send a file by ``fs``, an ``S3FileSystem``; ``key`` is ``bucket/path``, and nobody else's.

    What had been sent when it fails or is cancelled is removed before the error goes on, with
    ``pauses_s`` between the tries at that.
    """
    bucket, _, name = key.partition("/")
    target = {"Bucket": bucket, "Key": name}
    with path.open("rb") as file:
        if size_bytes <= _PART_BYTES:
            await fs._call_s3("put_object", **target, Body=file.read())
            return
        async with _upload(fs, target, pauses_s) as upload:
            sent = await _send_parts(fs, upload, _parts_of(file, size_bytes))
            await fs._call_s3(
                "complete_multipart_upload", **upload, MultipartUpload={"Parts": sent}
            )


async def together(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """What each gives, in order. Of several failures the first is raised, once all have ended."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except* Exception as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


@asynccontextmanager
async def _upload(
    fs: Any, target: dict[str, str], pauses_s: Sequence[float]
) -> AsyncIterator[dict[str, str]]:
    """What names the upload in calls; it is no more when the block fails."""
    try:
        made = await fs._call_s3("create_multipart_upload", **target)
        yield {**target, "UploadId": made["UploadId"]}
    except BaseException:
        await _remove(fs, target, pauses_s)
        raise


def _parts_of(file: BinaryIO, size_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Numbered from 1, each read when it is asked for."""
    part_bytes = max(_PART_BYTES, -(-size_bytes // _MOST_PARTS))
    return enumerate(iter(lambda: file.read(part_bytes), b""), start=1)


async def _send_parts(
    fs: Any, upload: dict[str, str], parts: Iterator[tuple[int, bytes]]
) -> list[dict[str, object]]:
    """S3's own list of what came, in order; only so many parts are in memory as go together."""
    sent: dict[int, dict[str, object]] = {}

    async def take_turns() -> None:
        for number, data in parts:
            came = await fs._call_s3("upload_part", **upload, PartNumber=number, Body=data)
            sent[number] = {"PartNumber": number, "ETag": came["ETag"]}

    await together([take_turns() for _ in range(_SENT_TOGETHER)])
    return [sent[number] for number in sorted(sent)]


async def _remove(fs: Any, target: dict[str, str], pauses_s: Sequence[float]) -> None:
    """Take back what was sent of a file.

    A part that was on its way may still come, or make the store fail at it: S3's documentation
    says to look, and to try again.
    """
    for pause_s in itertools.chain(pauses_s, [0]):
        with suppress(Exception):
            found = await fs._call_s3(
                "list_multipart_uploads", Bucket=target["Bucket"], Prefix=target["Key"]
            )
            ours = [each for each in found.get("Uploads", ()) if each["Key"] == target["Key"]]
            if not ours:
                return
            for each in ours:
                await fs._abort_mpu(target["Bucket"], target["Key"], each["UploadId"])
        await asyncio.sleep(pause_s)
