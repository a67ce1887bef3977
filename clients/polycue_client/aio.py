"""The client for asyncio: the methods of ``polycue_client.client``, to be awaited."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

import grpc

from polycue.api.v1 import (
    artifacts_pb2,
    artifacts_pb2_grpc,
    catalog_pb2,
    catalog_pb2_grpc,
    jobs_pb2,
    jobs_pb2_grpc,
    media_pb2,
    subtitles_pb2,
    subtitles_pb2_grpc,
    transcription_pb2,
    transcription_pb2_grpc,
    uploads_pb2,
    uploads_pb2_grpc,
)
from polycue_client import outcome, requests
from polycue_client.drafts import Draft, own_name, told_of
from polycue_client.errors import PolycueClientError, ServerUnreachable
from polycue_client.retry import CLIP_TRIES, Failures, Retry
from polycue_client.transfers import Incoming, Outgoing, Progress, closed_early
from polycue_client.watching import ClipTold, Told
from polycue_client.wire import channel
from polycue_client.wire.raised import translated
from polycue_client.wire.security import Access, Tls

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")
_Request = TypeVar("_Request", bound=requests.PageRequest)
_Page = TypeVar("_Page", bound=requests.Page)


def connect(
    target: str,
    *,
    timeout_s: float = 30.0,
    clip_timeout_s: float = 600.0,
    retry: Retry | None = None,
    token: str = "",
    tls: Tls | bool = False,
    token_in_the_clear: bool = False,
) -> "AsyncPolycue":
    """As ``polycue_client.connect``, for use in ``async with``; needs a running loop."""
    access = Access(target, token, tls, token_in_the_clear)
    wire = access.channel(grpc.aio.secure_channel, grpc.aio.insecure_channel, channel.options())
    return AsyncPolycue(
        wire, timeout_s=timeout_s, clip_timeout_s=clip_timeout_s, retry=retry or Retry()
    )


class AsyncPolycue:
    """A connection to a server, for the tasks of one loop.

    Methods mean what those of ``Polycue`` mean, and raise the same. Files are read and written in
    threads. Close what iterates (``contextlib.aclosing``) when you leave it before its end.
    """

    def __init__(
        self, wire: grpc.aio.Channel, *, timeout_s: float, clip_timeout_s: float, retry: Retry
    ) -> None:
        self._wire = wire
        self._timeout_s, self._clip_timeout_s = timeout_s, clip_timeout_s
        self._retry, self._reached = retry, False
        self._catalog = catalog_pb2_grpc.CatalogServiceStub(wire)
        self._transcription = transcription_pb2_grpc.TranscriptionServiceStub(wire)
        self._subtitles = subtitles_pb2_grpc.SubtitleServiceStub(wire)
        self._uploads = uploads_pb2_grpc.UploadServiceStub(wire)
        self._jobs = jobs_pb2_grpc.JobServiceStub(wire)
        self._artifacts = artifacts_pb2_grpc.ArtifactServiceStub(wire)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._wire.close()

    async def _patiently(
        self, method: "grpc.aio.UnaryUnaryMultiCallable[_Asked, _Answer]", request: "_Asked"
    ) -> "_Answer":
        failures = Failures(self._retry)
        while True:
            try:
                with translated():
                    answer = await method(request, timeout=self._timeout_s)
            except PolycueClientError as error:
                self._reached |= not isinstance(error, ServerUnreachable)  # a refusal is an answer
                if not self._reached:
                    raise
                await asyncio.sleep(failures.delay_s(error))
            else:
                self._reached = True
                return answer

    # What the server can do

    async def server_info(self) -> catalog_pb2.GetServerInfoResponse:
        request = catalog_pb2.GetServerInfoRequest()
        return await self._patiently(self._catalog.GetServerInfo, request)

    async def models(self) -> list[catalog_pb2.Model]:
        pages = self._pages(self._catalog.ListModels, catalog_pb2.ListModelsRequest())
        return [model async for page in pages for model in page.models]

    async def pairs(
        self, *, source: str = "", target: str = ""
    ) -> list[catalog_pb2.TranslationPair]:
        request = catalog_pb2.ListTranslationPairsRequest(
            source_language_code=source, target_language_code=target
        )
        pages = self._pages(self._catalog.ListTranslationPairs, request)
        return [pair async for page in pages for pair in page.pairs]

    async def presets(
        self, *, language: str = "", children: bool = False, hearing_impaired: bool = False
    ) -> list[catalog_pb2.Preset]:
        request = requests.list_presets(language, children, hearing_impaired)
        return list((await self._patiently(self._catalog.ListPresets, request)).presets)

    async def _pages(
        self, method: "grpc.aio.UnaryUnaryMultiCallable[_Request, _Page]", request: "_Request"
    ) -> "AsyncGenerator[_Page]":
        while True:
            page = await self._patiently(method, request)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    # Clips, within one call

    async def transcribe(
        self,
        media: requests.Media,
        *,
        translate_to: Sequence[requests.Target] = (),
        transcribe: media_pb2.TranscribeConfig | None = None,
        layout: media_pb2.LayoutConfig | None = None,
    ) -> transcription_pb2.TranscribeResponse:
        async with self._source(media) as source:
            request = transcription_pb2.TranscribeRequest(
                media=source,
                transcribe=transcribe,
                translations=requests.translations(translate_to),
                layout=layout,
            )
            return await self._clip(self._transcription.Transcribe, request)

    async def stream_transcribe(
        self,
        media: requests.Media,
        *,
        translate_to: Sequence[requests.Target] = (),
        transcribe: media_pb2.TranscribeConfig | None = None,
        layout: media_pb2.LayoutConfig | None = None,
    ) -> AsyncGenerator[transcription_pb2.StreamTranscribeResponse]:
        async with self._source(media) as source:
            request = transcription_pb2.StreamTranscribeRequest(
                media=source,
                transcribe=transcribe,
                translations=requests.translations(translate_to),
                layout=layout,
            )
            told = ClipTold()
            for left in reversed(range(CLIP_TRIES)):
                call = self._transcription.StreamTranscribe(request, timeout=self._clip_timeout_s)
                try:
                    with _ending(call), translated():
                        async for event in call:
                            if told.is_new(event):
                                yield event
                except ServerUnreachable:
                    await self._wait_for_another(left)
                else:
                    return

    async def _clip(
        self, method: "grpc.aio.UnaryUnaryMultiCallable[_Asked, _Answer]", request: "_Asked"
    ) -> "_Answer":
        for left in reversed(range(CLIP_TRIES)):
            try:
                with translated():
                    return await method(request, timeout=self._clip_timeout_s)
            except ServerUnreachable:
                await self._wait_for_another(left)
        raise AssertionError("the last try was left")

    async def _wait_for_another(self, tries_left: int) -> None:
        if not tries_left:
            raise
        await self.server_info()

    # Subtitle texts

    async def translate_subtitles(
        self,
        text: str,
        *,
        source: str,
        to: Sequence[requests.Target],
        written_as: str = "srt",
        output_format: str = "",
        layout: media_pb2.LayoutConfig | None = None,
    ) -> list[subtitles_pb2.SubtitleDocument]:
        request = requests.translate_subtitles(
            text,
            source=source,
            to=to,
            written_as=written_as,
            output_format=output_format,
            layout=layout,
        )
        response = await self._clip(self._subtitles.TranslateSubtitles, request)
        return list(response.documents)

    async def convert_subtitles(
        self,
        text: str,
        *,
        to: str,
        written_as: str = "srt",
        language: str = "",
        layout: media_pb2.LayoutConfig | None = None,
    ) -> subtitles_pb2.SubtitleDocument:
        request = requests.convert_subtitles(
            text, to=to, written_as=written_as, language=language, layout=layout
        )
        response = await self._patiently(self._subtitles.ConvertSubtitles, request)
        return response.document

    async def convert_file(
        self,
        content: bytes,
        *,
        to: str,
        written_as: str = "",
        language: str = "",
        layout: media_pb2.LayoutConfig | None = None,
    ) -> tuple[bytes, subtitles_pb2.SubtitleDocument]:
        """A subtitle file's bytes in the format ``to``, and what there is to know of them.

        The encoding is found, and the format too unless ``written_as`` helps. "hls" gives a ZIP.
        """
        request = requests.convert_file(
            content, to=to, written_as=written_as, language=language, layout=layout
        )
        response = await self._patiently(self._subtitles.ConvertSubtitles, request)
        return response.content or response.document.text.encode(), response.document

    async def lint_subtitles(
        self,
        text: str,
        *,
        language: str = "",
        written_as: str = "srt",
        layout: media_pb2.LayoutConfig | None = None,
        frame_rate: float | None = None,
        media_s: float | None = None,
        rules: Sequence[str] = (),
        ignored_rules: Sequence[str] = (),
    ) -> subtitles_pb2.LintSubtitlesResponse:
        """The text held against the rules of a preset; a JSON track needs no ``language``.

        ``media_s`` is the film's length; ``rules`` empty means all of them.
        """
        request = requests.lint_subtitles(
            text,
            language=language,
            written_as=written_as,
            layout=layout,
            frame_rate=frame_rate,
            media_s=media_s,
            rules=rules,
            ignored_rules=ignored_rules,
        )
        return await self._patiently(self._subtitles.LintSubtitles, request)

    # Uploads

    async def upload(
        self,
        path: str | Path,
        *,
        filename: str = "",
        request_id: str = "",
        progress: Progress | None = None,
    ) -> uploads_pb2.Upload:
        chunk_bytes = (await self.server_info()).limits.max_chunk_bytes
        outgoing = Outgoing(Path(path), chunk_bytes=chunk_bytes, progress=progress)
        request = requests.create_upload(outgoing.path, outgoing.size_bytes, filename, request_id)
        upload = (await self._patiently(self._uploads.CreateUpload, request)).upload
        failures = Failures(self._retry)
        while not outgoing.complete(upload):
            try:
                upload = await self._write(outgoing, upload)
            except PolycueClientError as error:
                await asyncio.sleep(failures.delay_s(error))
                upload = await self._resumed(upload, failures)
        return upload

    async def _write(self, outgoing: Outgoing, upload: uploads_pb2.Upload) -> uploads_pb2.Upload:
        messages = outgoing.messages(upload.name, upload.committed_bytes)
        try:
            with translated():
                response = await self._uploads.WriteUpload(_read_in_threads(messages))
        finally:
            outgoing.raise_failure()
        if response.upload.state != uploads_pb2.UPLOAD_STATE_COMPLETE:
            raise closed_early(response.upload)
        return response.upload

    async def _resumed(self, upload: uploads_pb2.Upload, failures: Failures) -> uploads_pb2.Upload:
        stored = await self.get_upload(upload.name)
        if stored.committed_bytes > upload.committed_bytes:
            failures.forget()
        return stored

    async def get_upload(self, name: str) -> uploads_pb2.Upload:
        request = uploads_pb2.GetUploadRequest(name=name)
        return (await self._patiently(self._uploads.GetUpload, request)).upload

    async def delete_upload(self, name: str) -> None:
        request = uploads_pb2.DeleteUploadRequest(name=name, allow_missing=True)
        await self._patiently(self._uploads.DeleteUpload, request)

    # Jobs

    async def subtitle(
        self,
        media: requests.File | None = None,
        *,
        transcript: requests.File | None = None,
        translate_to: Sequence[requests.Target] = (),
        bilingual: bool = False,
        formats: Sequence[str] = ("srt",),
        mux: Sequence[str] = (),
        transcribe: media_pb2.TranscribeConfig | None = None,
        layout: media_pb2.LayoutConfig | None = None,
        forced: bool = False,
        report_page: bool = False,
        fresh: bool = False,
        progress: Progress | None = None,
    ) -> jobs_pb2.Job:
        spec = requests.subtitle_spec(
            await self._placed(media, progress),
            transcript=await self._placed(transcript, progress),
            translate_to=translate_to,
            bilingual=bilingual,
            formats=formats,
            mux=requests.mux_configs(mux),
            transcribe=transcribe,
            layout=layout,
            forced=forced,
            report_page=report_page,
        )
        labels = requests.file_label(media, transcript)
        return await self.create_job(spec, labels=labels, fresh=fresh)

    async def sync(
        self,
        subtitle: requests.File,
        media: requests.File | None = None,
        *,
        transcript: requests.File | None = None,
        language: str = "",
        by: str = "",
        formats: Sequence[str] = ("srt",),
        force: bool = False,
        fresh: bool = False,
        transcribe: media_pb2.TranscribeConfig | None = None,
        progress: Progress | None = None,
    ) -> jobs_pb2.Job:
        spec = requests.sync_spec(
            await self._placed(media, progress),
            await self._placed(subtitle, progress),
            transcript=await self._placed(transcript, progress),
            language=language,
            by=by,
            formats=formats,
            force=force,
            transcribe=transcribe,
        )
        return await self.create_job(spec, labels=requests.file_label(subtitle), fresh=fresh)

    async def _placed(
        self, given: requests.File | None, progress: Progress | None
    ) -> media_pb2.MediaSource | None:
        if given is None or isinstance(given, media_pb2.MediaSource):
            return given
        upload = await self.upload(given, progress=progress)
        return media_pb2.MediaSource(upload=upload.name)

    async def create_job(
        self,
        spec: jobs_pb2.JobSpec,
        *,
        labels: Mapping[str, str] | None = None,
        fresh: bool = False,
        request_id: str = "",
        ttl_s: float | None = None,
    ) -> jobs_pb2.Job:
        request = requests.create_job(spec, labels, fresh=fresh, request_id=request_id, ttl_s=ttl_s)
        return (await self._patiently(self._jobs.CreateJob, request)).job

    async def get_job(self, name: str) -> jobs_pb2.Job:
        request = jobs_pb2.GetJobRequest(name=name, view=jobs_pb2.JOB_VIEW_FULL)
        return (await self._patiently(self._jobs.GetJob, request)).job

    async def jobs(
        self,
        *,
        states: Iterable[jobs_pb2.JobState.ValueType] = (),
        labels: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[jobs_pb2.Job]:
        request = jobs_pb2.ListJobsRequest(states=states, labels=labels)
        async for page in self._pages(self._jobs.ListJobs, request):
            for job in page.jobs:
                yield job

    async def watch(
        self, job: str | jobs_pb2.Job, *, after_sequence: int = 0, include_cues: bool = False
    ) -> AsyncGenerator[jobs_pb2.WatchJobResponse]:
        request = jobs_pb2.WatchJobRequest(
            name=requests.job_name(job), after_sequence=after_sequence, include_cues=include_cues
        )
        failures, told = Failures(self._retry), Told()
        while True:
            try:
                call = self._jobs.WatchJob(request)
                with _ending(call), translated():
                    async for event in call:
                        failures.forget()
                        request.after_sequence = event.sequence
                        if news := told.news(event):
                            yield news
            except PolycueClientError as error:
                await asyncio.sleep(failures.delay_s(error))
            else:
                return

    async def wait(self, job: str | jobs_pb2.Job) -> jobs_pb2.Job:
        async with contextlib.aclosing(self.watch(job)) as events:
            async for event in events:
                if event.HasField("job") and outcome.has_ended(event.job):
                    return outcome.succeeded(event.job)
        raise outcome.broken_off(requests.job_name(job))

    async def cancel(self, job: str | jobs_pb2.Job) -> jobs_pb2.Job:
        request = jobs_pb2.CancelJobRequest(name=requests.job_name(job))
        return (await self._patiently(self._jobs.CancelJob, request)).job

    async def resume(self, job: str | jobs_pb2.Job) -> jobs_pb2.Job:
        request = requests.resume_job(job)
        return (await self._patiently(self._jobs.ResumeJob, request)).job

    async def delete(self, job: str | jobs_pb2.Job) -> None:
        request = jobs_pb2.DeleteJobRequest(name=requests.job_name(job))
        try:
            with translated():
                await self._jobs.DeleteJob(request, timeout=self._timeout_s)
        except ServerUnreachable:  # it may be gone all the same
            request.allow_missing = True
            await self._patiently(self._jobs.DeleteJob, request)

    # Results

    async def read(self, artifact: artifacts_pb2.Artifact) -> bytes:
        return b"".join([data async for data in self._chunks(artifact)])

    async def download_into(self, file: IO[bytes], artifact: artifacts_pb2.Artifact) -> None:
        async with contextlib.aclosing(self._chunks(artifact)) as chunks:
            async for data in chunks:
                await asyncio.to_thread(file.write, data)

    async def download(
        self,
        artifact: artifacts_pb2.Artifact,
        folder: str | Path = ".",
        *,
        filename: str = "",
        overwrite: bool = False,
    ) -> Path:
        path = Path(folder) / (filename or own_name(artifact.filename))
        with Draft(path) as draft, told_of(path):
            await self.download_into(draft.file, artifact)
            await asyncio.to_thread(draft.publish, overwrite=overwrite)
        return path

    async def _chunks(self, artifact: artifacts_pb2.Artifact) -> AsyncGenerator[bytes]:
        incoming = Incoming(artifact)
        failures = Failures(self._retry)
        while not incoming.complete:
            try:
                call = self._artifacts.ReadArtifact(incoming.request())
                with _ending(call), translated():
                    async for message in call:
                        failures.forget()
                        yield incoming.take(message)
            except PolycueClientError as error:
                await asyncio.sleep(failures.delay_s(error))
            else:
                break
        incoming.check()

    @contextlib.asynccontextmanager
    async def _source(self, media: requests.Media) -> AsyncGenerator[media_pb2.MediaSource]:
        if isinstance(media, media_pb2.MediaSource):
            yield media
        elif isinstance(media, bytes):
            yield media_pb2.MediaSource(content=media)
        elif await self._fits_inline(Path(media)):
            yield media_pb2.MediaSource(content=await asyncio.to_thread(Path(media).read_bytes))
        else:
            upload = await self.upload(media)
            try:
                yield media_pb2.MediaSource(upload=upload.name)
            finally:
                await self.delete_upload(upload.name)

    async def _fits_inline(self, path: Path) -> bool:
        stat = await asyncio.to_thread(path.stat)
        return stat.st_size <= (await self.server_info()).limits.max_inline_bytes


async def _read_in_threads(
    messages: Iterator[uploads_pb2.WriteUploadRequest],
) -> AsyncGenerator[uploads_pb2.WriteUploadRequest]:
    """The same messages; a disk that is slow holds up a thread and not the loop."""
    while (message := await asyncio.to_thread(next, messages, None)) is not None:
        yield message


@contextlib.contextmanager
def _ending(call: grpc.aio.Call) -> Iterator[None]:
    """End the call with the block, however that is left; an ended call is not changed by it."""
    try:
        yield
    finally:
        call.cancel()
