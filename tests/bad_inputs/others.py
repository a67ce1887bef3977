"""Inputs that are no media: calls that break the rules of the API, and subtitle texts."""

import threading
from collections.abc import Callable, Iterator

import grpc

from bad_inputs.service import Service
from polycue.api.v1 import (
    catalog_pb2,
    catalog_pb2_grpc,
    jobs_pb2,
    jobs_pb2_grpc,
    media_pb2,
    subtitles_pb2,
    subtitles_pb2_grpc,
    uploads_pb2,
    uploads_pb2_grpc,
)
from polycue_client import PolycueClientError
from polycue_client.client import Polycue
from polycue_client.wire.raised import from_rpc

MIB = 2**20
STREAMS = 2_000
_OPTIONS = (("grpc.max_send_message_length", -1), ("grpc.max_metadata_size", 4 * MIB))
_CONVERT = "/polycue.api.v1.SubtitleService/ConvertSubtitles"

_CUE = "1\n00:00:01,000 --> 00:00:02,500\nHello there.\n"

Check = Callable[[Polycue, grpc.Channel], str]


def tried(client: Polycue, service: Service) -> Iterator[tuple[str, str, str]]:
    """The number, the title and the problem of each; "" where all was as it has to be."""
    for number, title, check in (*_CALLS, *_TEXTS):
        with grpc.insecure_channel(service.address, options=_OPTIONS) as channel:
            yield number, title, check(client, channel)
    yield "", "the server still answers", "" if client.server_info().features else "it does not"


def _refused(reason: str, call: Callable[[], object]) -> str:
    """The problem, if a call is not refused for this reason or status."""
    try:
        call()
    except grpc.RpcError as error:
        told = from_rpc(error)
    except PolycueClientError as error:
        told = error
    else:
        return "is not refused"
    if len(told.message.encode()) > 4096:
        return "its refusal is longer than 4 KiB"
    return "" if reason in {told.reason, told.status} else f"{told.status} {told.reason}"


def _raw(channel: grpc.Channel, method: str) -> "grpc.UnaryUnaryMultiCallable[bytes, bytes]":
    """Sends bytes as they are."""
    return channel.unary_unary(method)


def _large(n_bytes: int, compression: grpc.Compression) -> Check:
    def check(_: Polycue, channel: grpc.Channel) -> str:
        send = _raw(channel, _CONVERT)
        message = bytes(n_bytes)
        return _refused(
            "RESOURCE_EXHAUSTED", lambda: send(message, timeout=60, compression=compression)
        )

    return check


def _upload(channel: grpc.Channel, **fields: object) -> uploads_pb2.Upload:
    stub = uploads_pb2_grpc.UploadServiceStub(channel)
    return stub.CreateUpload(uploads_pb2.CreateUploadRequest(**fields)).upload  # type: ignore[arg-type]


def _write(channel: grpc.Channel, *messages: uploads_pb2.WriteUploadRequest) -> object:
    return uploads_pb2_grpc.UploadServiceStub(channel).WriteUpload(iter(messages), timeout=30)


def _out_of_order(_: Polycue, channel: grpc.Channel) -> str:
    name = _upload(channel, size_bytes=9).name
    chunk = uploads_pb2.WriteUploadRequest(name=name, write_offset=5, data=b"wxyz")
    return _refused("WRITE_OFFSET_MISMATCH", lambda: _write(channel, chunk))


def _wrong_sum(_: Polycue, channel: grpc.Channel) -> str:
    name = _upload(channel, size_bytes=4, sha256=bytes(32)).name
    chunk = uploads_pb2.WriteUploadRequest(name=name, data=b"wxyz", finish=True)
    return _refused("CHECKSUM_MISMATCH", lambda: _write(channel, chunk))


def _stalled(_: Polycue, channel: grpc.Channel) -> str:
    """The server is told to wait for a second; here nothing comes until the call is over."""
    name = _upload(channel, size_bytes=9).name
    over = threading.Event()

    def messages() -> Iterator[uploads_pb2.WriteUploadRequest]:
        yield uploads_pb2.WriteUploadRequest(name=name, data=b"wx")
        over.wait(30)

    call = uploads_pb2_grpc.UploadServiceStub(channel).WriteUpload.future(messages(), timeout=30)
    call.add_done_callback(lambda _: over.set())
    return _refused("TRANSFER_STALLED", call.result)


def _many_streams(client: Polycue, channel: grpc.Channel) -> str:
    """More than are let in are refused, and others are answered all the while."""
    stub = jobs_pb2_grpc.JobServiceStub(channel)
    job = next(client.jobs())
    watches = [stub.WatchJob(jobs_pb2.WatchJobRequest(name=job.name)) for _ in range(STREAMS)]
    try:
        return "" if client.server_info().features else "others are not answered"
    finally:
        for watch in watches:
            watch.cancel()


def _no_text(_: Polycue, channel: grpc.Channel) -> str:
    send = _raw(channel, "/polycue.api.v1.JobService/GetJob")
    return _refused("INVALID_ARGUMENT", lambda: send(b"\x0a\x02\xff\xfe", timeout=10))


def _nul(_: Polycue, channel: grpc.Channel) -> str:
    stub = jobs_pb2_grpc.JobServiceStub(channel)
    return _refused(
        "INVALID_ARGUMENT", lambda: stub.GetJob(jobs_pb2.GetJobRequest(name="jobs/a\0b"))
    )


def _no_such_format(_: Polycue, channel: grpc.Channel) -> str:
    document = subtitles_pb2.SubtitleDocument(format=media_pb2.SUBTITLE_FORMAT_SRT, text=_CUE)
    request = subtitles_pb2.ConvertSubtitlesRequest(document=document, output_format=99)  # type: ignore[arg-type]
    stub = subtitles_pb2_grpc.SubtitleServiceStub(channel)
    return _refused("INVALID_FIELD", lambda: stub.ConvertSubtitles(request))


def _negative(_: Polycue, channel: grpc.Channel) -> str:
    request = uploads_pb2.CreateUploadRequest(size_bytes=4)
    request.ttl.seconds = -5
    stub = uploads_pb2_grpc.UploadServiceStub(channel)
    return _refused("INVALID_FIELD", lambda: stub.CreateUpload(request))


def _metadata(_: Polycue, channel: grpc.Channel) -> str:
    stub = catalog_pb2_grpc.CatalogServiceStub(channel)
    much = (("x-much", "y" * MIB),)
    return _refused(
        "RESOURCE_EXHAUSTED",
        lambda: stub.GetServerInfo(catalog_pb2.GetServerInfoRequest(), metadata=much, timeout=10),
    )


_CALLS: tuple[tuple[str, str, Check], ...] = (
    ("87a", "a message of 64 MB", _large(64 * MIB, grpc.Compression.NoCompression)),
    ("87b", "a message of 512 MB that gzip makes 0.5", _large(512 * MIB, grpc.Compression.Gzip)),
    ("88", "a chunk out of order", _out_of_order),
    ("89", "a wrong SHA-256", _wrong_sum),
    ("90", "an upload that stalls", _stalled),
    ("91", f"{STREAMS} streams at once", _many_streams),
    ("92a", "a string that is no UTF-8", _no_text),
    ("92b", "a NUL in a name", _nul),
    ("93a", "an enumeration's value that is none", _no_such_format),
    ("93b", "a negative duration", _negative),
    ("94", "metadata of 1 MB", _metadata),
)


def _converted(content: bytes, *, cues: int | None = None, reason: str = "") -> Check:
    """A subtitle file, converted to WebVTT: so many cues, or a refusal."""

    def check(client: Polycue, _: grpc.Channel) -> str:
        if reason:
            return _refused(reason, lambda: client.convert_file(content, to="vtt"))
        try:
            vtt, _document = client.convert_file(content, to="vtt")
        except PolycueClientError as error:
            return f"{error.status} {error.reason} {error.message}"
        found = vtt.decode().count(" --> ")
        return "" if cues is None or found == cues else f"{found} cues instead of {cues}"

    return check


def _translated(content: bytes, reason: str) -> Check:
    """A subtitle file too large for a message, uploaded and translated by a job."""

    def check(client: Polycue, channel: grpc.Channel) -> str:
        name = _upload(channel, size_bytes=len(content), filename="large.srt").name
        chunks = range(0, len(content), MIB)
        _write(
            channel,
            *(
                uploads_pb2.WriteUploadRequest(
                    name=name,
                    write_offset=at,
                    data=content[at : at + MIB],
                    finish=at + MIB >= len(content),
                )
                for at in chunks
            ),
        )
        task = jobs_pb2.TranslateTask(
            subtitle=media_pb2.MediaSource(upload=name),
            language_code="en",
            translations=[media_pb2.TranslateConfig(target_language_code="es")],
            formats=[media_pb2.SUBTITLE_FORMAT_SRT],
        )
        return _refused(
            reason, lambda: client.wait(client.create_job(jobs_pb2.JobSpec(translate=task)))
        )

    return check


def _million() -> bytes:
    return b"".join(
        b"%d\n%02d:%02d:%02d,000 --> %02d:%02d:%02d,900\na\n\n" % (i + 1, *_clock(i), *_clock(i))
        for i in range(1_000_000)
    )


def _clock(seconds: int) -> tuple[int, int, int]:
    return seconds // 3600 % 100, seconds // 60 % 60, seconds % 60


_VTT_CASES = {
    "a": ("WEBVTT", 0),
    "b": ("WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n", 1),
    "c": ("\ufeffWEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\nHi", 1),
    "d": ("WEBVTT\n\nNOTE a --> b\n\n00:01.000 --> 00:02.000\nHi\n", None),
    "e": ("WEBVTT\n\nSTYLE\n::cue{color:red}\n\n00:01.000 --> 00:02.000\n<c.x>Hi</c>\n", 1),
    "f": ("WEBVTT\n\n00:01.000 --> 00:02.000 line:9999999999% size:x\nHi\n", 1),
    "g": ("WEBVTT\n\n00:01.000 --> 00:02.000\n<b><i><u><v " + "x" * 5000 + ">Hi\n", 1),
    "h": ("WEBVTT\n\n00:01.000 --> 00:02.000\n&lt;&amp;&nbsp;&rlm;&bogus;&#0;\n", 1),
    "i": ("WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<i>" * 5000 + "Hi\n", None),
}

_TEXTS: tuple[tuple[str, str, Check], ...] = (
    ("95a", "SubRip, UTF-8 with a mark", _converted(_CUE.encode("utf-8-sig"), cues=1)),
    ("95b", "SubRip, UTF-16", _converted(_CUE.encode("utf-16"), cues=1)),
    ("95c", "SubRip, UTF-32", _converted(_CUE.encode("utf-32"), cues=1)),
    (
        "95d",
        "SubRip, Windows-1252",
        _converted(_CUE.replace("Hello", "Voilà").encode("cp1252"), cues=1),
    ),
    ("95e", "SubRip, empty", _converted(b"", reason="INVALID_ARGUMENT")),
    (
        "95f",
        "SubRip, invalid",
        _converted(b"this is no subtitle at all\n", reason="SUBTITLE_SYNTAX"),
    ),
    ("95g", "SubRip without numbers", _converted(_CUE.removeprefix("1\n").encode(), cues=1)),
    *(
        (f"96{letter}", "WebVTT, odd but right or nearly", _converted(text.encode(), cues=cues))
        for letter, (text, cues) in _VTT_CASES.items()
    ),
    ("97", "a million cues", lambda c, w: _translated(_million(), "LIMIT_EXCEEDED")(c, w)),
    (
        "98",
        "a line of 50 MB",
        lambda c, w: _translated(_CUE.encode() + b"a" * 50 * MIB, "LIMIT_EXCEEDED")(c, w),
    ),
    (
        "99",
        "a cue that ends before it starts",
        _converted(b"1\n99:59:59,999 --> 00:00:00,000\na\n"),
    ),
    ("100a", "an arrow inside the text", _converted((_CUE + "a --> b\n").encode(), cues=1)),
    (
        "100b",
        "ASS tags and marks of direction",
        _converted((_CUE + "{\\an8}\u200f\u202eabc\n").encode(), cues=1),
    ),
)
