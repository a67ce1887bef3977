import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polycue.api.v1 import uploads_pb2 as pb
from polycue.api.v1.uploads_pb2_grpc import UploadServiceStub
from support.serving import Channel, Serve, refused

DATA = bytes(range(256)) * 8
SHA = hashlib.sha256(DATA).digest()


async def create(channel: Channel, **fields: Any) -> pb.Upload:
    fields.setdefault("size_bytes", len(DATA))
    return (await UploadServiceStub(channel).CreateUpload(pb.CreateUploadRequest(**fields))).upload


async def write(channel: Channel, *messages: pb.WriteUploadRequest) -> pb.Upload:
    return (await UploadServiceStub(channel).WriteUpload(iter(messages))).upload


async def get(channel: Channel, name: str) -> pb.Upload:
    return (await UploadServiceStub(channel).GetUpload(pb.GetUploadRequest(name=name))).upload


def chunk(name: str, start: int, end: int, *, finish: bool = False) -> pb.WriteUploadRequest:
    return pb.WriteUploadRequest(name=name, write_offset=start, data=DATA[start:end], finish=finish)


def test_a_file_comes_in_and_is_checked(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        upload = await create(channel, sha256=SHA, filename="a.mkv")
        assert (upload.state, upload.committed_bytes) == (pb.UPLOAD_STATE_OPEN, 0)
        done = await write(
            channel,
            chunk(upload.name, 0, 1000),
            chunk("", 1000, 2000),
            chunk("", 2000, 2048, finish=True),
        )
        assert (done.state, done.committed_bytes) == (pb.UPLOAD_STATE_COMPLETE, 2048)
        assert (done.sha256, done.filename) == (SHA, "a.mkv")
        assert await get(channel, upload.name) == done

    serve(scenario)


def test_a_call_without_finish_keeps_what_came(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        upload = await create(channel)
        kept = await write(channel, chunk(upload.name, 0, 700))
        assert (kept.state, kept.committed_bytes) == (pb.UPLOAD_STATE_OPEN, 700)
        done = await write(channel, chunk(upload.name, 700, 2048, finish=True))
        assert (done.state, done.sha256) == (pb.UPLOAD_STATE_COMPLETE, SHA)
        # The answer was lost, and the client says it again.
        again = await write(channel, chunk(upload.name, 2048, 2048, finish=True))
        assert again.state == pb.UPLOAD_STATE_COMPLETE

    serve(scenario)


def test_a_broken_call_keeps_what_came(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        upload = await create(channel, sha256=SHA)
        arrived = asyncio.Event()

        async def messages() -> AsyncIterator[pb.WriteUploadRequest]:
            yield chunk(upload.name, 0, 700)
            arrived.set()
            await asyncio.Event().wait()

        call = UploadServiceStub(channel).WriteUpload(messages())
        await arrived.wait()
        # What was sent may still be on its way: a mismatch tells how much of it has come.
        offset = 0
        while not offset:
            probe = await refused(write(channel, chunk(upload.name, 1, 1)))
            offset = int(probe.metadata["committedBytes"])
        call.cancel()
        assert offset == 700
        assert (await get(channel, upload.name)).committed_bytes == 700
        done = await write(channel, chunk(upload.name, 700, 2048, finish=True))
        assert done.state == pb.UPLOAD_STATE_COMPLETE

    serve(scenario)


def test_a_wrong_offset_is_told_where_to_go_on(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        upload = await create(channel)
        await write(channel, chunk(upload.name, 0, 700))
        error = await refused(write(channel, chunk(upload.name, 0, 700)))
        assert (error.status, error.reason) == ("ABORTED", "WRITE_OFFSET_MISMATCH")
        assert error.metadata["committedBytes"] == "700"

    serve(scenario)


def test_damaged_bytes_are_refused_and_can_be_sent_again(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        upload = await create(channel, sha256=hashlib.sha256(b"other").digest())
        error = await refused(write(channel, chunk(upload.name, 0, 2048, finish=True)))
        assert (error.status, error.reason) == ("DATA_LOSS", "CHECKSUM_MISMATCH")
        assert error.metadata["actual"] == SHA.hex()
        assert (await get(channel, upload.name)).committed_bytes == 0

    serve(scenario)


def test_uploads_that_cannot_be_are_refused(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        for fields, field in (
            ({"size_bytes": 0}, "size_bytes"),
            ({"size_bytes": -1}, "size_bytes"),
            ({"sha256": b"short"}, "sha256"),
            ({"filename": "../a"}, "filename"),
            ({"filename": "a/b"}, "filename"),
            ({"filename": "a\nb"}, "filename"),
            ({"filename": "ü" * 150}, "filename"),
            ({"request_id": "no uuid"}, "request_id"),
            ({"ttl": {"seconds": -5}}, "ttl"),
            ({"ttl": {"seconds": 5, "nanos": -1}}, "ttl"),
        ):
            error = await refused(create(channel, **fields))
            assert (error.status, error.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")
            assert error.metadata["field"] == field
        error = await refused(create(channel, size_bytes=5000))
        assert (error.reason, error.metadata["limit"]) == ("LIMIT_EXCEEDED", "4000")

    serve(scenario, max_upload_bytes=4000)


def test_a_write_that_cannot_be_is_refused_and_harms_nothing(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        upload = await create(channel)
        other = await create(channel)
        cases: Iterable[tuple[tuple[pb.WriteUploadRequest, ...], str]] = (
            ((), "name"),
            ((pb.WriteUploadRequest(),), "name"),
            ((pb.WriteUploadRequest(name="uploads/../x"),), "name"),
            ((chunk(upload.name, 0, 10), chunk(other.name, 10, 20)), "name"),
            ((pb.WriteUploadRequest(name=upload.name, write_offset=-1),), "write_offset"),
            (
                (pb.WriteUploadRequest(name=upload.name, data=bytes(1024 * 1024 + 1)),),
                "data",
            ),
        )
        for messages, field in cases:
            error = await refused(write(channel, *messages))
            assert (error.status, error.metadata["field"]) == ("INVALID_ARGUMENT", field)
        error = await refused(write(channel, chunk(upload.name, 10, 20, finish=True)))
        assert (error.status, error.reason) == ("FAILED_PRECONDITION", "UPLOAD_INCOMPLETE")
        done = await write(channel, chunk(upload.name, 20, 2048, finish=True))
        assert done.sha256 == SHA

    serve(scenario)


def test_an_upload_that_sends_nothing_is_ended(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        upload = await create(channel)

        async def messages() -> AsyncIterator[pb.WriteUploadRequest]:
            yield chunk(upload.name, 0, 700)
            await asyncio.Event().wait()

        kept = 0
        while not kept:  # on a slow machine, the first message may come too late as well
            error = await refused(UploadServiceStub(channel).WriteUpload(messages()))
            assert (error.status, error.reason) == ("ABORTED", "TRANSFER_STALLED")
            kept = (await get(channel, upload.name)).committed_bytes
        assert kept == 700

    serve(scenario, upload_idle_s=0.2)


def test_room_is_reserved_and_given_back(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        first = await create(channel)
        error = await refused(create(channel))
        assert (error.status, error.reason) == ("RESOURCE_EXHAUSTED", "UPLOAD_QUOTA")
        assert error.metadata["freeBytes"] == "952"
        await UploadServiceStub(channel).DeleteUpload(pb.DeleteUploadRequest(name=first.name))
        await create(channel)

    serve(scenario, max_stored_bytes=3000 + 2 * 16 * 1024)  # 16 KiB are each upload's


def test_the_same_request_twice_makes_one_upload(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        request_id = str(uuid.uuid4())
        first = await create(channel, request_id=request_id)
        assert await create(channel, request_id=request_id) == first
        error = await refused(create(channel, request_id=request_id, size_bytes=3))
        assert error.reason == "REQUEST_ID_REUSED"

    serve(scenario)


def test_a_deleted_upload_is_not_found(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        stub, upload = UploadServiceStub(channel), await create(channel)
        delete = pb.DeleteUploadRequest(name=upload.name)
        await stub.DeleteUpload(delete)
        for call in (get(channel, upload.name), stub.DeleteUpload(delete)):
            error = await refused(call)
            assert (error.status, error.reason) == ("NOT_FOUND", "UPLOAD_NOT_FOUND")
        assert (await refused(write(channel, chunk(upload.name, 0, 9)))).status == "NOT_FOUND"
        delete.allow_missing = True
        await stub.DeleteUpload(delete)

    serve(scenario)


def test_an_upload_goes_on_after_a_restart(serve: Serve, tmp_path: Path) -> None:
    names: list[str] = []

    async def before(channel: Channel) -> None:
        names.append((await create(channel, sha256=SHA)).name)
        await write(channel, chunk(names[0], 0, 700))

    async def after(channel: Channel) -> None:
        offset = (await get(channel, names[0])).committed_bytes
        assert offset == 700
        done = await write(channel, chunk(names[0], offset, 2048, finish=True))
        assert done.state == pb.UPLOAD_STATE_COMPLETE

    serve(before)
    serve(after)


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cuts=st.lists(st.integers(0, 2048), max_size=6))
def test_cut_anywhere_it_is_taken_up_without_loss(serve: Serve, cuts: list[int]) -> None:
    async def scenario(channel: Channel) -> None:
        upload = await create(channel, sha256=SHA)
        for cut in [*sorted(cuts), 2048]:
            offset = (await get(channel, upload.name)).committed_bytes
            upload = await write(channel, chunk(upload.name, offset, cut, finish=cut == 2048))
        assert upload.state == pb.UPLOAD_STATE_COMPLETE

    serve(scenario)


def test_a_message_over_the_limit_is_refused_and_the_server_serves_on(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        upload = await create(channel)
        large = pb.WriteUploadRequest(name=upload.name, data=bytes(5 * 1024 * 1024))
        error = await refused(write(channel, large))
        assert error.status == "RESOURCE_EXHAUSTED"
        assert (await get(channel, upload.name)).committed_bytes == 0

    serve(scenario)


@pytest.mark.parametrize("count", [1, 3])
def test_racing_calls_never_mix_their_bytes(serve: Serve, count: int) -> None:
    async def scenario(channel: Channel) -> None:
        upload = await create(channel, sha256=SHA)

        async def send() -> bool:
            pieces = [
                chunk(upload.name, n, n + 64, finish=n + 64 == 2048) for n in range(0, 2048, 64)
            ]
            try:
                done = await write(channel, *pieces)
            except grpc.aio.AioRpcError as error:
                assert error.code() in {  # noqa: PT017
                    grpc.StatusCode.ABORTED,
                    grpc.StatusCode.INVALID_ARGUMENT,
                }
                return False
            return done.state == pb.UPLOAD_STATE_COMPLETE

        results = await asyncio.gather(*(send() for _ in range(count)))
        if not any(results):  # each got in the other's way; one of them goes on
            offset = (await get(channel, upload.name)).committed_bytes
            done = await write(channel, chunk(upload.name, offset, 2048, finish=True))
            assert done.state == pb.UPLOAD_STATE_COMPLETE

    serve(scenario)
