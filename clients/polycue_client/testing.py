"""A server for tests of programs that use the client: real gRPC, answers written down beforehand.

It keeps the API's promises where they matter to a client: uploads go on where they stopped,
watching goes on after a sequence, artifacts are read from an offset, bytes are counted and hashed.
What it does not do is any work: each job plays a script.
"""

import hashlib
import itertools
import tempfile
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self, TypeVar

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from polycue.api.v1 import (
    artifacts_pb2,
    artifacts_pb2_grpc,
    catalog_pb2,
    catalog_pb2_grpc,
    jobs_pb2,
    jobs_pb2_grpc,
    media_pb2,
    report_pb2,
    subtitles_pb2,
    subtitles_pb2_grpc,
    transcription_pb2,
    transcription_pb2_grpc,
    uploads_pb2,
    uploads_pb2_grpc,
)

# ruff: noqa: N802  # methods are called as the API calls them

M = TypeVar("M")
Event = jobs_pb2.WatchJobResponse
Script = Callable[[jobs_pb2.JobSpec], Sequence[Event]]
"""The events of a job, given its spec; names and sequence numbers are filled in."""

PAGE_SIZE = 2  # small, so that whoever forgets the next page is found out
READ_BYTES = 1000


class Refusal(Exception):
    """An answer that is an error, with the details polycue's server would send."""

    def __init__(
        self, status: grpc.StatusCode, message: str, *, reason: str = "", **facts: str
    ) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.details: list[Message] = []
        if reason:
            self.details.append(error_details_pb2.ErrorInfo(reason=reason, metadata=facts))

    def retry_after(self, seconds: int) -> None:
        """Say when to come back."""
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromSeconds(seconds)
        self.details.append(retry)

    def trailers(self) -> tuple[tuple[str, bytes], ...]:
        status = status_pb2.Status(code=self.status.value[0], message=self.message)
        for detail in self.details:
            packed = any_pb2.Any()
            packed.Pack(detail)
            status.details.append(packed)
        return (("grpc-status-details-bin", status.SerializeToString()),)


def broken() -> Refusal:
    """What a client sees of a connection that breaks."""
    return Refusal(grpc.StatusCode.UNAVAILABLE, "the script breaks the connection here")


class ScriptedServer:
    """The server and what was asked of it, for use in a ``with`` block.

    ``requests`` holds what came, by method; ``uploads`` and ``artifacts`` are bytes by name.
    """

    def __init__(self) -> None:
        self.requests: dict[str, list[Message]] = defaultdict(list)
        self.uploads: dict[str, bytearray] = {}
        self.artifacts: dict[str, bytes] = {}
        self.scripts: deque[Script] = deque()
        self.models: list[catalog_pb2.Model] = []
        self.pairs: list[catalog_pb2.TranslationPair] = []
        self.limits = catalog_pb2.ServerLimits(max_inline_bytes=1 << 20, max_chunk_bytes=1 << 20)
        self.watched = threading.Event()
        self.cancelled = threading.Event()
        self._faults: dict[str, deque[tuple[int, Refusal]]] = defaultdict(deque)
        self._folder = tempfile.TemporaryDirectory(prefix="polycue-")
        self.address = f"unix:{Path(self._folder.name) / 'scripted.sock'}"
        self._server = grpc.server(ThreadPoolExecutor(16))
        self._server.add_insecure_port(self.address)
        _register(_Answers(self), self._server)

    def __repr__(self) -> str:
        return f"ScriptedServer({self.address})"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cancelled.set()  # so that no script waits for it
        self._server.stop(grace=None).wait()
        self._folder.cleanup()

    def fail(self, method: str, refusal: Refusal | None = None, *, after: int = 0) -> None:
        """Let the next call of ``method`` that has no fault yet end with ``refusal``.

        ``after`` counts the messages of the stream that still get through.
        """
        self._faults[method].append((after, refusal or broken()))

    def fault(self, method: str) -> tuple[int, Refusal | None]:
        """The next fault of a method, taken off its list."""
        faults = self._faults[method]
        return faults.popleft() if faults else (0, None)


class _Answers(
    artifacts_pb2_grpc.ArtifactServiceServicer,
    catalog_pb2_grpc.CatalogServiceServicer,
    jobs_pb2_grpc.JobServiceServicer,
    subtitles_pb2_grpc.SubtitleServiceServicer,
    transcription_pb2_grpc.TranscriptionServiceServicer,
    uploads_pb2_grpc.UploadServiceServicer,
):
    def __init__(self, server: ScriptedServer) -> None:
        self._server = server
        self._sizes: dict[str, int] = {}
        self._jobs: dict[str, list[Event]] = {}
        self._labels: dict[str, dict[str, str]] = {}
        self._numbers = itertools.count(1)

    def _begin(self, method: str, request: Message, context: grpc.ServicerContext) -> None:
        self._server.requests[method].append(request)
        _, refusal = self._server.fault(method)
        if refusal:
            _refuse(context, refusal)

    def _stream(
        self, method: str, messages: Iterable[M], context: grpc.ServicerContext
    ) -> Iterator[M]:
        """The messages, up to where the script breaks the stream."""
        after, refusal = self._server.fault(method)
        yield from itertools.islice(messages, after) if refusal else messages
        if refusal:
            _refuse(context, refusal)

    # Catalog

    def GetServerInfo(
        self, request: catalog_pb2.GetServerInfoRequest, context: grpc.ServicerContext
    ) -> catalog_pb2.GetServerInfoResponse:
        self._begin("GetServerInfo", request, context)
        return catalog_pb2.GetServerInfoResponse(version="0.0.0", limits=self._server.limits)

    def ListModels(
        self, request: catalog_pb2.ListModelsRequest, context: grpc.ServicerContext
    ) -> catalog_pb2.ListModelsResponse:
        self._begin("ListModels", request, context)
        models, token = _page(self._server.models, request.page_token)
        return catalog_pb2.ListModelsResponse(models=models, next_page_token=token)

    def ListTranslationPairs(
        self, request: catalog_pb2.ListTranslationPairsRequest, context: grpc.ServicerContext
    ) -> catalog_pb2.ListTranslationPairsResponse:
        self._begin("ListTranslationPairs", request, context)
        pairs, token = _page(self._server.pairs, request.page_token)
        return catalog_pb2.ListTranslationPairsResponse(pairs=pairs, next_page_token=token)

    def ListPresets(
        self, request: catalog_pb2.ListPresetsRequest, context: grpc.ServicerContext
    ) -> catalog_pb2.ListPresetsResponse:
        self._begin("ListPresets", request, context)
        return catalog_pb2.ListPresetsResponse(presets=[catalog_pb2.Preset(name="netflix")])

    # Uploads

    def CreateUpload(
        self, request: uploads_pb2.CreateUploadRequest, context: grpc.ServicerContext
    ) -> uploads_pb2.CreateUploadResponse:
        self._begin("CreateUpload", request, context)
        name = f"uploads/{next(self._numbers)}"
        self._server.uploads[name] = bytearray()
        self._sizes[name] = request.size_bytes
        return uploads_pb2.CreateUploadResponse(upload=self._upload(name))

    def WriteUpload(
        self,
        request_iterator: Iterator[uploads_pb2.WriteUploadRequest],
        context: grpc.ServicerContext,
    ) -> uploads_pb2.WriteUploadResponse:
        name = ""
        for request in self._stream("WriteUpload", request_iterator, context):
            self._server.requests["WriteUpload"].append(request)
            name = name or request.name
            stored = self._server.uploads[name]
            if request.write_offset != len(stored):
                _refuse(context, _offset_mismatch(len(stored)))
            stored += request.data
        return uploads_pb2.WriteUploadResponse(upload=self._upload(name))

    def GetUpload(
        self, request: uploads_pb2.GetUploadRequest, context: grpc.ServicerContext
    ) -> uploads_pb2.GetUploadResponse:
        self._begin("GetUpload", request, context)
        if request.name not in self._server.uploads:
            _refuse(context, _not_found(request.name))
        return uploads_pb2.GetUploadResponse(upload=self._upload(request.name))

    def DeleteUpload(
        self, request: uploads_pb2.DeleteUploadRequest, context: grpc.ServicerContext
    ) -> uploads_pb2.DeleteUploadResponse:
        self._begin("DeleteUpload", request, context)
        self._server.uploads.pop(request.name, None)
        return uploads_pb2.DeleteUploadResponse()

    def _upload(self, name: str) -> uploads_pb2.Upload:
        stored, size_bytes = self._server.uploads[name], self._sizes[name]
        complete = len(stored) == size_bytes
        return uploads_pb2.Upload(
            name=name,
            size_bytes=size_bytes,
            committed_bytes=len(stored),
            state=uploads_pb2.UPLOAD_STATE_COMPLETE if complete else uploads_pb2.UPLOAD_STATE_OPEN,
            sha256=hashlib.sha256(stored).digest() if complete else b"",
        )

    # Jobs

    def CreateJob(
        self, request: jobs_pb2.CreateJobRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.CreateJobResponse:
        self._begin("CreateJob", request, context)
        name = f"jobs/{next(self._numbers)}"
        script = self._server.scripts.popleft() if self._server.scripts else _nothing_to_do
        self._jobs[name] = [_numbered(e, n, name) for n, e in enumerate(script(request.spec), 1)]
        self._labels[name] = dict(request.labels)
        queued = jobs_pb2.Job(name=name, state=jobs_pb2.JOB_STATE_QUEUED, labels=request.labels)
        return jobs_pb2.CreateJobResponse(job=queued)

    def GetJob(
        self, request: jobs_pb2.GetJobRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.GetJobResponse:
        self._begin("GetJob", request, context)
        return jobs_pb2.GetJobResponse(job=self._last(request.name, context))

    def ListJobs(
        self, request: jobs_pb2.ListJobsRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.ListJobsResponse:
        self._begin("ListJobs", request, context)
        newest = [self._last(name, context) for name in reversed(self._jobs)]
        wanted = [
            job
            for job in newest
            if (not request.states or job.state in request.states)
            and all(job.labels[key] == value for key, value in request.labels.items())
        ]
        jobs, token = _page(wanted, request.page_token)
        return jobs_pb2.ListJobsResponse(jobs=jobs, next_page_token=token)

    def WatchJob(
        self, request: jobs_pb2.WatchJobRequest, context: grpc.ServicerContext
    ) -> Iterator[Event]:
        self._server.requests["WatchJob"].append(request)
        self._last(request.name, context)
        self._server.watched.set()
        events = (e for e in self._jobs[request.name] if e.sequence > request.after_sequence)
        yield from self._stream("WatchJob", map(self._in_time, events), context)

    def _in_time(self, event: Event) -> Event:
        """A job whose script ends as cancelled runs until somebody cancels it."""
        if event.job.state == jobs_pb2.JOB_STATE_CANCELLED:
            self._server.cancelled.wait()
        return event

    def CancelJob(
        self, request: jobs_pb2.CancelJobRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.CancelJobResponse:
        self._begin("CancelJob", request, context)
        self._last(request.name, context)
        self._server.cancelled.set()
        job = jobs_pb2.Job(name=request.name, state=jobs_pb2.JOB_STATE_CANCELLING)
        return jobs_pb2.CancelJobResponse(job=job)

    def ResumeJob(
        self, request: jobs_pb2.ResumeJobRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.ResumeJobResponse:
        self._begin("ResumeJob", request, context)
        self._last(request.name, context)
        job = jobs_pb2.Job(name=request.name, state=jobs_pb2.JOB_STATE_QUEUED)
        return jobs_pb2.ResumeJobResponse(job=job)

    def DeleteJob(
        self, request: jobs_pb2.DeleteJobRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.DeleteJobResponse:
        self._begin("DeleteJob", request, context)
        self._last(request.name, context)
        del self._jobs[request.name]
        return jobs_pb2.DeleteJobResponse()

    def _last(self, name: str, context: grpc.ServicerContext) -> jobs_pb2.Job:
        if name not in self._jobs:
            _refuse(context, _not_found(name))
        job = jobs_pb2.Job(labels=self._labels[name])
        job.MergeFrom(self._jobs[name][-1].job)
        return job

    # Artifacts

    def GetArtifact(
        self, request: artifacts_pb2.GetArtifactRequest, context: grpc.ServicerContext
    ) -> artifacts_pb2.GetArtifactResponse:
        self._begin("GetArtifact", request, context)
        artifact = artifacts_pb2.Artifact(name=request.name)
        return artifacts_pb2.GetArtifactResponse(artifact=artifact)

    def ReadArtifact(
        self, request: artifacts_pb2.ReadArtifactRequest, context: grpc.ServicerContext
    ) -> Iterator[artifacts_pb2.ReadArtifactResponse]:
        self._server.requests["ReadArtifact"].append(request)
        data = self._server.artifacts[request.name]
        pieces = (
            artifacts_pb2.ReadArtifactResponse(offset=at, data=data[at : at + READ_BYTES])
            for at in range(request.read_offset, len(data), READ_BYTES)
        )
        yield from self._stream("ReadArtifact", pieces, context)

    # Clips and texts: an answer that shows what came

    def Transcribe(
        self, request: transcription_pb2.TranscribeRequest, context: grpc.ServicerContext
    ) -> transcription_pb2.TranscribeResponse:
        self._begin("Transcribe", request, context)
        tracks = [media_pb2.Track(language_code=request.transcribe.language_code or "en")]
        tracks += [
            media_pb2.Track(language_code=t.target_language_code) for t in request.translations
        ]
        return transcription_pb2.TranscribeResponse(tracks=tracks)

    def StreamTranscribe(
        self, request: transcription_pb2.StreamTranscribeRequest, context: grpc.ServicerContext
    ) -> Iterator[transcription_pb2.StreamTranscribeResponse]:
        self._server.requests["StreamTranscribe"].append(request)
        answer = transcription_pb2.StreamTranscribeResponse
        events = [answer(started=answer.Started()), answer(finished=answer.Finished(cue_count=0))]
        yield from self._stream("StreamTranscribe", events, context)

    def TranslateSubtitles(
        self, request: subtitles_pb2.TranslateSubtitlesRequest, context: grpc.ServicerContext
    ) -> subtitles_pb2.TranslateSubtitlesResponse:
        self._begin("TranslateSubtitles", request, context)
        return subtitles_pb2.TranslateSubtitlesResponse(
            documents=[
                subtitles_pb2.SubtitleDocument(
                    format=request.output_format,
                    text=request.document.text,
                    language_code=translation.target_language_code,
                )
                for translation in request.translations
            ]
        )

    def ConvertSubtitles(
        self, request: subtitles_pb2.ConvertSubtitlesRequest, context: grpc.ServicerContext
    ) -> subtitles_pb2.ConvertSubtitlesResponse:
        self._begin("ConvertSubtitles", request, context)
        archive = request.output_format == media_pb2.SUBTITLE_FORMAT_HLS
        document = subtitles_pb2.SubtitleDocument(
            format=request.output_format,
            text="" if archive else request.document.text or request.content.decode(),
        )
        return subtitles_pb2.ConvertSubtitlesResponse(
            document=document, content=request.content if archive else b""
        )

    def LintSubtitles(
        self, request: subtitles_pb2.LintSubtitlesRequest, context: grpc.ServicerContext
    ) -> subtitles_pb2.LintSubtitlesResponse:
        self._begin("LintSubtitles", request, context)
        report = report_pb2.TrackReport(language_code=request.document.language_code)
        return subtitles_pb2.LintSubtitlesResponse(report=report)


def _register(answers: _Answers, server: grpc.Server) -> None:
    artifacts_pb2_grpc.add_ArtifactServiceServicer_to_server(answers, server)
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(answers, server)
    jobs_pb2_grpc.add_JobServiceServicer_to_server(answers, server)
    subtitles_pb2_grpc.add_SubtitleServiceServicer_to_server(answers, server)
    transcription_pb2_grpc.add_TranscriptionServiceServicer_to_server(answers, server)
    uploads_pb2_grpc.add_UploadServiceServicer_to_server(answers, server)


def _refuse(context: grpc.ServicerContext, refusal: Refusal) -> NoReturn:
    context.set_trailing_metadata(refusal.trailers())
    context.abort(refusal.status, refusal.message)


def _offset_mismatch(committed_bytes: int) -> Refusal:
    return Refusal(
        grpc.StatusCode.ABORTED,
        f"the upload continues at byte {committed_bytes}",
        reason="WRITE_OFFSET_MISMATCH",
        committedBytes=str(committed_bytes),
    )


def _not_found(name: str) -> Refusal:
    return Refusal(grpc.StatusCode.NOT_FOUND, f"there is no {name}", reason="NOT_FOUND")


def _page(items: Sequence[M], token: str) -> tuple[Sequence[M], str]:
    start = int(token or 0)
    end = start + PAGE_SIZE
    return items[start:end], str(end) if end < len(items) else ""


def _nothing_to_do(spec: jobs_pb2.JobSpec) -> Sequence[Event]:
    return [Event(job=jobs_pb2.Job(state=jobs_pb2.JOB_STATE_SUCCEEDED))]


def _numbered(event: Event, number: int, name: str) -> Event:
    event.sequence = number
    if event.HasField("job"):
        event.job.name = name
    return event
