"""The synchronous client. ``polycue_client.aio`` has the same for asyncio."""

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self, TypeVar

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
from polycue_client.errors import (
    CallCancelled,
    PolycueClientError,
    ServerUnreachable,
)
from polycue_client.retry import CLIP_TRIES, Failures, Retry
from polycue_client.transfers import Incoming, Outgoing, Progress, closed_early
from polycue_client.watching import ClipTold, Told
from polycue_client.wire import channel
from polycue_client.wire.raised import translated
from polycue_client.wire.security import Access, Tls


class _Cancellable(Protocol):
    def cancel(self) -> object: ...


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
) -> "Polycue":
    """A client for the server at ``target``: ``localhost:50051``, ``unix:/run/polycue.sock``.

    Several that share their jobs are a name with all their addresses, or a list of numbers:
    ``10.0.0.1:50051,10.0.0.2:50051``. Each is used in turn, and one that is lost is done without.
    Nothing is sent before the first call. ``timeout_s`` bounds each call but those that transcribe
    a clip, which have ``clip_timeout_s``, and those that watch, upload or download: they last as
    long as they make headway, and survive a connection that breaks as ``retry`` says. ``token``
    is what the server knows the caller by. Without ``tls`` nothing is encrypted, and a token goes
    to this machine only, unless ``token_in_the_clear``.

    Raises:
        ValueError: the token would cross a network in the clear, or a list holds names, or is one
            of servers with TLS and without a name for their certificates.
        OSError: a file of ``tls`` cannot be read.
    """
    access = Access(target, token, tls, token_in_the_clear)
    wire = access.channel(grpc.secure_channel, grpc.insecure_channel, channel.options())
    return Polycue(wire, timeout_s=timeout_s, clip_timeout_s=clip_timeout_s, retry=retry or Retry())


class Polycue:
    """A connection to a server: the whole API in one object. Threads may share one.

    Every method raises ``PolycueClientError``. Closing it, or leaving its ``with`` block, ends the
    calls in progress, but no job.
    """

    def __init__(
        self, wire: grpc.Channel, *, timeout_s: float, clip_timeout_s: float, retry: Retry
    ) -> None:
        self._wire = wire
        self._timeout_s, self._clip_timeout_s = timeout_s, clip_timeout_s
        self._retry, self._reached = retry, False
        self._lock = threading.Lock()
        self._interrupted = threading.Event()
        self._long_calls: set[_Cancellable] = set()
        self._catalog = catalog_pb2_grpc.CatalogServiceStub(wire)
        self._transcription = transcription_pb2_grpc.TranscriptionServiceStub(wire)
        self._subtitles = subtitles_pb2_grpc.SubtitleServiceStub(wire)
        self._uploads = uploads_pb2_grpc.UploadServiceStub(wire)
        self._jobs = jobs_pb2_grpc.JobServiceStub(wire)
        self._artifacts = artifacts_pb2_grpc.ArtifactServiceStub(wire)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._wire.close()

    def interrupt(self) -> None:
        """End what takes long, from another thread or a signal's.

        Watching, uploading, downloading and transcribing raise ``CallCancelled``, now and from now
        on; other calls still work, so that jobs can be cancelled and uploads removed.
        """
        with self._lock:
            self._interrupted.set()
            for call in self._long_calls:
                call.cancel()

    @contextlib.contextmanager
    def _lasting(self, call: "_Cancellable") -> "Iterator[None]":
        """Let ``interrupt`` end the call, and end it with the block however that is left."""
        with self._lock:
            self._long_calls.add(call)
            late = self._interrupted.is_set()
        try:
            if late:  # its answer may be here already, but nobody wants it
                raise CallCancelled("the client was interrupted", status="CANCELLED")
            with translated():
                yield
        finally:
            call.cancel()  # one that has ended is not changed by it
            with self._lock:
                self._long_calls.discard(call)

    def _pause(self, delay_s: float) -> None:
        self._interrupted.wait(delay_s)

    def _patiently(
        self, method: "grpc.UnaryUnaryMultiCallable[_Asked, _Answer]", request: "_Asked"
    ) -> "_Answer":
        """The answer to a call that can be repeated, from a server that may be away for a while."""
        failures = Failures(self._retry)
        while True:
            try:
                with translated():
                    answer = method(request, timeout=self._timeout_s)
            except PolycueClientError as error:
                self._reached |= not isinstance(error, ServerUnreachable)  # a refusal is an answer
                if not self._reached or self._interrupted.is_set():
                    raise
                self._pause(failures.delay_s(error))
            else:
                self._reached = True
                return answer

    # What the server can do

    def server_info(self) -> catalog_pb2.GetServerInfoResponse:
        request = catalog_pb2.GetServerInfoRequest()
        return self._patiently(self._catalog.GetServerInfo, request)

    def models(self) -> list[catalog_pb2.Model]:
        """The recognisers that are installed."""
        pages = self._pages(self._catalog.ListModels, catalog_pb2.ListModelsRequest())
        return [model for page in pages for model in page.models]

    def pairs(self, *, source: str = "", target: str = "") -> list[catalog_pb2.TranslationPair]:
        """The directions that can be translated, from ``source`` and to ``target`` if given."""
        request = catalog_pb2.ListTranslationPairsRequest(
            source_language_code=source, target_language_code=target
        )
        pages = self._pages(self._catalog.ListTranslationPairs, request)
        return [pair for page in pages for pair in page.pairs]

    def presets(
        self, *, language: str = "", children: bool = False, hearing_impaired: bool = False
    ) -> list[catalog_pb2.Preset]:
        """The presets for cues, with their numbers for one language and kind of programme."""
        request = requests.list_presets(language, children, hearing_impaired)
        return list(self._patiently(self._catalog.ListPresets, request).presets)

    def _pages(
        self, method: "grpc.UnaryUnaryMultiCallable[_Request, _Page]", request: "_Request"
    ) -> "Iterator[_Page]":
        while True:
            page = self._patiently(method, request)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    # Clips, within one call

    def transcribe(
        self,
        media: requests.Media,
        *,
        translate_to: Sequence[requests.Target] = (),
        transcribe: media_pb2.TranscribeConfig | None = None,
        layout: media_pb2.LayoutConfig | None = None,
    ) -> transcription_pb2.TranscribeResponse:
        """The tracks of a clip: the spoken language first, then ``translate_to`` in its order."""
        with self._source(media) as source:
            request = transcription_pb2.TranscribeRequest(
                media=source,
                transcribe=transcribe,
                translations=requests.translations(translate_to),
                layout=layout,
            )
            return self._clip(self._transcription.Transcribe, request)

    def stream_transcribe(
        self,
        media: requests.Media,
        *,
        translate_to: Sequence[requests.Target] = (),
        transcribe: media_pb2.TranscribeConfig | None = None,
        layout: media_pb2.LayoutConfig | None = None,
    ) -> Iterator[transcription_pb2.StreamTranscribeResponse]:
        """Cues of a clip as they become final; a cue never changes once it was sent."""
        with self._source(media) as source:
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
                    with self._lasting(call):
                        yield from filter(told.is_new, call)
                except ServerUnreachable:
                    self._wait_for_another(left)
                else:
                    return

    def _clip(
        self, method: "grpc.UnaryUnaryMultiCallable[_Asked, _Answer]", request: "_Asked"
    ) -> "_Answer":
        """The answer to a call that takes long and changes nothing.

        Where its server is lost it is begun anew on another, or on the same that is back.
        """
        for left in reversed(range(CLIP_TRIES)):
            call = method.future(request, timeout=self._clip_timeout_s)
            try:
                with self._lasting(call):
                    return call.result()
            except ServerUnreachable:
                self._wait_for_another(left)
        raise AssertionError("the last try was left")

    def _wait_for_another(self, tries_left: int) -> None:
        """Come back when a server answers; within its ``except``, raise that where none is left."""
        if not tries_left or self._interrupted.is_set():
            raise
        self.server_info()

    # Subtitle texts

    def translate_subtitles(
        self,
        text: str,
        *,
        source: str,
        to: Sequence[requests.Target],
        written_as: str = "srt",
        output_format: str = "",
        layout: media_pb2.LayoutConfig | None = None,
    ) -> list[subtitles_pb2.SubtitleDocument]:
        """The text in each of the languages ``to``, on the same time line."""
        request = requests.translate_subtitles(
            text,
            source=source,
            to=to,
            written_as=written_as,
            output_format=output_format,
            layout=layout,
        )
        return list(self._clip(self._subtitles.TranslateSubtitles, request).documents)

    def convert_subtitles(
        self,
        text: str,
        *,
        to: str,
        written_as: str = "srt",
        language: str = "",
        layout: media_pb2.LayoutConfig | None = None,
    ) -> subtitles_pb2.SubtitleDocument:
        """The same cues in the format ``to``, with new lines where a ``layout`` is given."""
        request = requests.convert_subtitles(
            text, to=to, written_as=written_as, language=language, layout=layout
        )
        return self._patiently(self._subtitles.ConvertSubtitles, request).document

    def convert_file(
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
        response = self._patiently(self._subtitles.ConvertSubtitles, request)
        return response.content or response.document.text.encode(), response.document

    def lint_subtitles(
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
        return self._patiently(self._subtitles.LintSubtitles, request)

    # Uploads

    def upload(
        self,
        path: str | Path,
        *,
        filename: str = "",
        request_id: str = "",
        progress: Progress | None = None,
    ) -> uploads_pb2.Upload:
        """Send a file, taking it up again where it stopped whenever the connection breaks.

        ``progress`` is called from another thread. The server forgets the upload at its
        ``expire_time``. With a ``request_id``, a UUID, it is taken up where another process that
        gave the same one left it.

        Raises:
            OSError: the file cannot be read.
            ChecksumMismatch: the server got something else.
        """
        chunk_bytes = self.server_info().limits.max_chunk_bytes
        outgoing = Outgoing(Path(path), chunk_bytes=chunk_bytes, progress=progress)
        request = requests.create_upload(outgoing.path, outgoing.size_bytes, filename, request_id)
        upload = self._patiently(self._uploads.CreateUpload, request).upload
        failures = Failures(self._retry)
        while not outgoing.complete(upload):
            try:
                upload = self._write(outgoing, upload)
            except PolycueClientError as error:
                self._pause(failures.delay_s(error))
                upload = self._resumed(upload, failures)
        return upload

    def _write(self, outgoing: Outgoing, upload: uploads_pb2.Upload) -> uploads_pb2.Upload:
        try:
            call = self._uploads.WriteUpload.future(
                outgoing.messages(upload.name, upload.committed_bytes)
            )
            with self._lasting(call):
                stored = call.result().upload
        finally:
            outgoing.raise_failure()
        if stored.state != uploads_pb2.UPLOAD_STATE_COMPLETE:
            raise closed_early(stored)
        return stored

    def _resumed(self, upload: uploads_pb2.Upload, failures: Failures) -> uploads_pb2.Upload:
        """The upload as the server has it now."""
        stored = self.get_upload(upload.name)
        if stored.committed_bytes > upload.committed_bytes:
            failures.forget()
        return stored

    def get_upload(self, name: str) -> uploads_pb2.Upload:
        request = uploads_pb2.GetUploadRequest(name=name)
        return self._patiently(self._uploads.GetUpload, request).upload

    def delete_upload(self, name: str) -> None:
        """Free its space; no error where it is gone already."""
        request = uploads_pb2.DeleteUploadRequest(name=name, allow_missing=True)
        self._patiently(self._uploads.DeleteUpload, request)

    # Jobs

    def subtitle(
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
        """Queue a film, uploading it first where it is a path; ``wait`` or ``watch`` the job.

        ``formats`` are of "srt", "vtt", "json", "ass", "ttml", "txt", "tsv" and "hls"; ``mux`` of
        "mkv", "mp4", "mov" and "webm", or "" for the film's own container. A target is a language,
        or a ``TranslateConfig`` where more is to be said of it, such as a glossary; with
        ``bilingual`` each translation stands beneath the spoken words. ``transcript`` is the JSON
        track of an earlier job, in the language that is spoken: with it the film is needed for
        muxed copies only. ``forced`` adds tracks of the parts that are not in the film's main
        language, ``report_page`` the report on each track as a page for people. An earlier job that
        did the same on the same bytes is the answer, unless this one is to be ``fresh``.
        """
        spec = requests.subtitle_spec(
            self._placed(media, progress),
            transcript=self._placed(transcript, progress),
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
        return self.create_job(spec, labels=labels, fresh=fresh)

    def sync(
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
        """Queue an existing subtitle file to be re-timed against the speech of a film.

        ``by`` is "text" for the words that are said, "speech" for where somebody speaks, "" for
        what fits. ``transcript`` is the JSON track of an earlier job, in place of the film.
        The job's notices of the reason RETIMED say how each piece was moved. One whose subtitles
        fit nothing fails with the reason POOR_FIT, unless ``force`` wants the best fit anyway.
        """
        spec = requests.sync_spec(
            self._placed(media, progress),
            self._placed(subtitle, progress),
            transcript=self._placed(transcript, progress),
            language=language,
            by=by,
            formats=formats,
            force=force,
            transcribe=transcribe,
        )
        return self.create_job(spec, labels=requests.file_label(subtitle), fresh=fresh)

    def _placed(
        self, given: requests.File | None, progress: Progress | None
    ) -> media_pb2.MediaSource | None:
        """Where the server finds a file, which is uploaded if it is one of this machine."""
        if given is None or isinstance(given, media_pb2.MediaSource):
            return given
        return media_pb2.MediaSource(upload=self.upload(given, progress=progress).name)

    def create_job(
        self,
        spec: jobs_pb2.JobSpec,
        *,
        labels: Mapping[str, str] | None = None,
        fresh: bool = False,
        request_id: str = "",
        ttl_s: float | None = None,
    ) -> jobs_pb2.Job:
        """Queue work; where an earlier job has done the same on the same bytes, that job.

        ``fresh`` has the work done again all the same. With a ``request_id``, a UUID, it is the job
        that an earlier request with the same one made, for as long as the server keeps that.
        ``ttl_s`` is how long to keep it once it has ended; the server may shorten it.
        """
        request = requests.create_job(spec, labels, fresh=fresh, request_id=request_id, ttl_s=ttl_s)
        return self._patiently(self._jobs.CreateJob, request).job

    def get_job(self, name: str) -> jobs_pb2.Job:
        """The job with all there is to know, its spec included."""
        request = jobs_pb2.GetJobRequest(name=name, view=jobs_pb2.JOB_VIEW_FULL)
        return self._patiently(self._jobs.GetJob, request).job

    def jobs(
        self,
        *,
        states: Iterable[jobs_pb2.JobState.ValueType] = (),
        labels: Mapping[str, str] | None = None,
    ) -> Iterator[jobs_pb2.Job]:
        """Jobs without their specs, newest first; pages are fetched as they are needed."""
        request = jobs_pb2.ListJobsRequest(states=states, labels=labels)
        for page in self._pages(self._jobs.ListJobs, request):
            yield from page.jobs

    def watch(
        self, job: str | jobs_pb2.Job, *, after_sequence: int = 0, include_cues: bool = False
    ) -> Iterator[jobs_pb2.WatchJobResponse]:
        """Events of a job until it has ended; the last one holds the whole job.

        A connection that breaks is made anew, be it to the same server, to one that restarted or to
        another, and the events go on: no cue is told twice, and none is missing. Leaving the loop
        does not cancel the job.
        """
        request = jobs_pb2.WatchJobRequest(
            name=requests.job_name(job), after_sequence=after_sequence, include_cues=include_cues
        )
        failures, told = Failures(self._retry), Told()
        while True:
            try:
                call = self._jobs.WatchJob(request)
                with self._lasting(call):
                    for event in call:
                        failures.forget()
                        request.after_sequence = event.sequence
                        if news := told.news(event):
                            yield news
            except PolycueClientError as error:
                self._pause(failures.delay_s(error))
            else:
                return

    def wait(self, job: str | jobs_pb2.Job) -> jobs_pb2.Job:
        """The job once it has succeeded.

        Raises:
            PolycueClientError: it did not; ``reason`` and the class say why.
        """
        for event in self.watch(job):
            if event.HasField("job") and outcome.has_ended(event.job):
                return outcome.succeeded(event.job)
        raise outcome.broken_off(requests.job_name(job))

    def cancel(self, job: str | jobs_pb2.Job) -> jobs_pb2.Job:
        """Ask a job to stop; one that has ended stays as it is."""
        request = jobs_pb2.CancelJobRequest(name=requests.job_name(job))
        return self._patiently(self._jobs.CancelJob, request).job

    def resume(self, job: str | jobs_pb2.Job) -> jobs_pb2.Job:
        """Queue a failed or cancelled job again; it goes on from what it had finished.

        Raises:
            PreconditionFailed: it succeeded.
        """
        request = requests.resume_job(job)
        return self._patiently(self._jobs.ResumeJob, request).job

    def delete(self, job: str | jobs_pb2.Job) -> None:
        """Remove a job with its artifacts; one that waits or runs is stopped first."""
        request = jobs_pb2.DeleteJobRequest(name=requests.job_name(job))
        try:
            with translated():
                self._jobs.DeleteJob(request, timeout=self._timeout_s)
        except ServerUnreachable:  # it may be gone all the same
            request.allow_missing = True
            self._patiently(self._jobs.DeleteJob, request)

    # Results

    def read(self, artifact: artifacts_pb2.Artifact) -> bytes:
        """A whole artifact in memory; for tracks rather than for films."""
        return b"".join(self._chunks(artifact))

    def download_into(self, file: IO[bytes], artifact: artifacts_pb2.Artifact) -> None:
        """Write an artifact into an open file, taking it up again when the connection breaks.

        Raises:
            ChecksumMismatch: what was written is not what the server has; do not use it.
        """
        for data in self._chunks(artifact):
            file.write(data)

    def download(
        self,
        artifact: artifacts_pb2.Artifact,
        folder: str | Path = ".",
        *,
        filename: str = "",
        overwrite: bool = False,
    ) -> Path:
        """Fetch an artifact; the file appears whole or not at all.

        Raises:
            FileExists: ``overwrite`` is not set and there is such a file.
            OSError: the folder cannot be written.
        """
        path = Path(folder) / (filename or own_name(artifact.filename))
        with Draft(path) as draft, told_of(path):
            self.download_into(draft.file, artifact)
            draft.publish(overwrite=overwrite)
        return path

    def _chunks(self, artifact: artifacts_pb2.Artifact) -> Iterator[bytes]:
        incoming = Incoming(artifact)
        failures = Failures(self._retry)
        while not incoming.complete:
            try:
                call = self._artifacts.ReadArtifact(incoming.request())
                with self._lasting(call):
                    for message in call:
                        failures.forget()
                        yield incoming.take(message)
            except PolycueClientError as error:
                self._pause(failures.delay_s(error))
            else:
                break
        incoming.check()

    @contextlib.contextmanager
    def _source(self, media: requests.Media) -> Iterator[media_pb2.MediaSource]:
        """Where the server finds a clip for the length of one call."""
        if isinstance(media, media_pb2.MediaSource):
            yield media
        elif isinstance(media, bytes):
            yield media_pb2.MediaSource(content=media)
        elif Path(media).stat().st_size <= self.server_info().limits.max_inline_bytes:
            yield media_pb2.MediaSource(content=Path(media).read_bytes())
        else:
            upload = self.upload(media)
            try:
                yield media_pb2.MediaSource(upload=upload.name)
            finally:
                self.delete_upload(upload.name)
