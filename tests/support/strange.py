"""Messages that nobody would send, made from what the API says of itself."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

from polycue.api.v1 import (
    artifacts_pb2,
    catalog_pb2,
    jobs_pb2,
    media_pb2,
    subtitles_pb2,
    transcription_pb2,
    uploads_pb2,
)

_FILES = (
    artifacts_pb2,
    catalog_pb2,
    jobs_pb2,
    subtitles_pb2,
    transcription_pb2,
    uploads_pb2,
)
METHODS: Sequence[MethodDescriptor] = tuple(
    method
    for file in _FILES
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
)

_SRT = "1\n00:00:01,000 --> 00:00:02,000\nwell\n"
_STRINGS = (
    "", "\0", "en", "es", "de", "xx-bogus", "..", "../../etc/passwd", "file:///etc/passwd",
    "jobs/", "jobs/" + 32 * "0", "uploads/" + 32 * "0", "jobs/-/artifacts/-", "\ud7ff\u202e\ufeff",
    "a" * 300, "%00", "-i", "\x1b[2J", "a\nb", "0" * 70_000, _SRT,
    "WEBVTT\n\n00:01.000 --> 00:02.000\nso\n",
    "9b2f6a54-3c1e-4a55-9d0b-7d5b3c2f1a00", "netflix", "auto", "fake",
)  # fmt: skip
_BYTES = (b"", b"\0", _SRT.encode(), b"\xff\xfe", b"\x1aE\xdf\xa3", b"RIFF\xff\xff\xff\xffWAVE")
_INTEGERS = (0, 1, -1, 2, 7, 1000, 2**31 - 1, -(2**31), 2**32 - 1, 2**63 - 1, -(2**63), 2**64 - 1)
_REALS = (0.0, -0.0, 1.0, -1.0, 24.0, 1e308, 5e-324, math.inf, -math.inf, math.nan)
_DEEPEST = 6

_BITS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
    FieldDescriptor.CPPTYPE_ENUM: (-(2**31), 2**31 - 1),
}


def _sensible() -> Mapping[str, Sequence[Message]]:
    """Requests that get further in than noise does, by method; mutations start from them."""
    clip = media_pb2.MediaSource(content=b"moving pictures")
    document = subtitles_pb2.SubtitleDocument(
        format=media_pb2.SUBTITLE_FORMAT_SRT, text=_SRT, language_code="en"
    )
    to_spanish = [media_pb2.TranslateConfig(target_language_code="es")]
    formats = [media_pb2.SUBTITLE_FORMAT_SRT, media_pb2.SUBTITLE_FORMAT_JSON]
    subtitle = jobs_pb2.SubtitleTask(media=clip, translations=to_spanish, formats=formats)
    text = media_pb2.MediaSource(content=_SRT.encode())
    translate = jobs_pb2.TranslateTask(
        subtitle=text, language_code="en", translations=to_spanish, formats=formats
    )
    return {
        "CreateJob": [
            jobs_pb2.CreateJobRequest(spec=jobs_pb2.JobSpec(subtitle=subtitle)),
            jobs_pb2.CreateJobRequest(spec=jobs_pb2.JobSpec(translate=translate)),
        ],
        "Transcribe": [transcription_pb2.TranscribeRequest(media=clip, translations=to_spanish)],
        "StreamTranscribe": [transcription_pb2.StreamTranscribeRequest(media=clip)],
        "TranslateSubtitles": [
            subtitles_pb2.TranslateSubtitlesRequest(document=document, translations=to_spanish)
        ],
        "ConvertSubtitles": [
            subtitles_pb2.ConvertSubtitlesRequest(
                document=document, output_format=media_pb2.SUBTITLE_FORMAT_VTT
            )
        ],
        "LintSubtitles": [subtitles_pb2.LintSubtitlesRequest(document=document)],
        "CreateUpload": [uploads_pb2.CreateUploadRequest(size_bytes=3, filename="a.mkv")],
    }


_SENSIBLE = _sensible()


@dataclass(frozen=True, slots=True)
class Strange:
    """Draws requests; ``names`` are of resources that exist, so that calls find something."""

    chance: random.Random
    names: Sequence[str] = ()

    def requests(self, method: MethodDescriptor) -> list[bytes]:
        """What is sent of one call: one message, or some of a stream."""
        count = self.chance.randint(0, 4) if method.client_streaming else 1
        return [self._request(method) for _ in range(count)]

    def _request(self, method: MethodDescriptor) -> bytes:
        sensible = _SENSIBLE.get(method.name, ())
        if sensible and self.chance.random() < 0.6:
            message = self._changed(self.chance.choice(sensible))
        else:
            message = self.message(method.input_type)
        data = message.SerializeToString()
        return self._bent(data) if self.chance.random() < 0.3 else data

    def message(self, kind: Descriptor, depth: int = 0) -> Message:
        message = message_factory.GetMessageClass(kind)()
        for field in kind.fields:
            if self.chance.random() < 0.6:
                self._fill(message, field, depth)
        return message

    def _changed(self, message: Message) -> Message:
        """A copy in which some fields, at any depth, are others."""
        copy = type(message)()
        copy.CopyFrom(message)
        part: Any = copy
        for depth in range(_DEEPEST):
            field: Any = self.chance.choice(part.DESCRIPTOR.fields)
            inner = field.message_type and not field.is_repeated and part.HasField(field.name)
            if inner and self.chance.random() < 0.8:
                part = getattr(part, field.name)
                continue
            part.ClearField(field.name)
            if self.chance.random() < 0.8:
                self._fill(part, field, depth)
            if self.chance.random() < 0.5:
                break
        return copy

    def _fill(self, message: Message, field: Any, depth: int) -> None:
        if field.message_type and field.message_type.GetOptions().map_entry:
            self._fill_map(message, field)
        elif field.is_repeated:
            for _ in range(self.chance.choice((0, 1, 1, 2, 3, 20))):
                if field.message_type:
                    if depth < _DEEPEST:
                        getattr(message, field.name).add().CopyFrom(
                            self.message(field.message_type, depth + 1)
                        )
                else:
                    getattr(message, field.name).append(self._value(field))
        elif field.message_type:
            if depth < _DEEPEST:
                getattr(message, field.name).CopyFrom(self.message(field.message_type, depth + 1))
        else:
            setattr(message, field.name, self._value(field))

    def _fill_map(self, message: Message, field: Any) -> None:
        key, value = field.message_type.fields
        if value.message_type:
            return
        for _ in range(self.chance.choice((0, 1, 3, 100))):
            getattr(message, field.name)[self._value(key)] = self._value(value)

    def _value(self, field: Any) -> object:
        kind = field.cpp_type
        if kind == FieldDescriptor.CPPTYPE_BOOL:
            return self.chance.random() < 0.5
        if kind in {FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT}:
            return self.chance.choice(_REALS)
        if kind == FieldDescriptor.CPPTYPE_STRING:
            return self._text() if field.type == FieldDescriptor.TYPE_STRING else self._blob()
        least, most = _BITS[kind]
        if kind == FieldDescriptor.CPPTYPE_ENUM and self.chance.random() < 0.7:
            return self.chance.choice(field.enum_type.values).number
        return max(least, min(most, self.chance.choice(_INTEGERS)))

    def _text(self) -> str:
        if self.names and self.chance.random() < 0.4:
            return self.chance.choice(self.names)
        return self.chance.choice(_STRINGS)

    def _blob(self) -> bytes:
        return self.chance.choice((*_BYTES, self.chance.randbytes(self.chance.randrange(200))))

    def _bent(self, data: bytes) -> bytes:
        """The bytes with an injury: flipped, cut, doubled, or with something in between."""
        at = self.chance.randrange(len(data) + 1)
        noise = self.chance.randbytes(self.chance.randint(1, 8))
        bends: Sequence[Callable[[], bytes]] = (
            lambda: data[:at],
            lambda: data[:at] + noise + data[at:],
            lambda: data[:at] + noise + data[at + len(noise) :],
            lambda: data + data,
            lambda: noise,
            lambda: data[:at] + b"\xff" * 12,
        )
        return self.chance.choice(bends)()


def send(
    channel: grpc.Channel, method: MethodDescriptor, requests: Sequence[bytes], *, timeout_s: float
) -> grpc.StatusCode:
    """Make the call, read at most a few answers, and say how it ended."""
    given = iter(requests) if method.client_streaming else requests[0]
    call = _open(channel, method, given, timeout_s)
    try:
        for _ in zip(range(20), call, strict=False):
            pass
    except grpc.RpcError:
        code: grpc.StatusCode = call.code()
        return code
    call.cancel()
    return grpc.StatusCode.OK


def _open(channel: grpc.Channel, method: MethodDescriptor, given: Any, timeout_s: float) -> Any:
    """A call whose one answer, where it has no more, is a stream too; bytes out and in."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    open_call = channel.stream_stream if method.client_streaming else channel.unary_stream
    return open_call(path)(given, timeout=timeout_s)
