"""Jobs: queueing them, following them, and what else is done with them."""

import contextlib
import uuid
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from pathlib import Path

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue_client import outcome, requests
from polycue_client.drafts import wire_name
from polycue_client.errors import ServerUnreachable
from polycue_client.methods.uploads import Uploads
from polycue_client.requests import File, Target
from polycue_client.transfers import Progress
from polycue_client.watching import Watch


class Jobs(Uploads):
    async def subtitle(
        self,
        media: File | None = None,
        *,
        transcript: File | None = None,
        translate_to: Sequence[Target] = (),
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
        return await self.create_job(spec, labels=_file_label(media, transcript), fresh=fresh)

    async def sync(
        self,
        subtitle: File,
        media: File | None = None,
        *,
        transcript: File | None = None,
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
            await self._placed(media, progress),
            await self._placed(subtitle, progress),
            transcript=await self._placed(transcript, progress),
            language=language,
            by=by,
            formats=formats,
            force=force,
            transcribe=transcribe,
        )
        return await self.create_job(spec, labels=_file_label(subtitle), fresh=fresh)

    async def create_job(
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
        request = jobs_pb2.CreateJobRequest(
            spec=spec,
            labels=labels,
            request_id=request_id or _repeatable(),
            fresh=fresh,
            ttl=None if ttl_s is None else requests.duration(ttl_s),
        )
        return (await self._ask(self._jobs.CreateJob, request)).job

    async def get_job(self, name: str) -> jobs_pb2.Job:
        """The job with all there is to know, its spec included."""
        request = jobs_pb2.GetJobRequest(name=name, view=jobs_pb2.JOB_VIEW_FULL)
        return (await self._ask(self._jobs.GetJob, request)).job

    async def jobs(
        self,
        *,
        states: Iterable[jobs_pb2.JobState.ValueType] = (),
        labels: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[jobs_pb2.Job]:
        """Jobs without their specs, newest first; pages are fetched as they are needed."""
        request = jobs_pb2.ListJobsRequest(states=states, labels=labels)
        async with contextlib.aclosing(self._pages(self._jobs.ListJobs, request)) as pages:
            async for page in pages:
                for job in page.jobs:
                    yield job

    def watch(
        self, job: str | jobs_pb2.Job, *, after_sequence: int = 0, include_cues: bool = False
    ) -> AsyncGenerator[jobs_pb2.WatchJobResponse]:
        """Events of a job until it has ended; the last one holds the whole job.

        A connection that breaks is made anew, be it to the same server, to one that restarted or to
        another, and the events go on: no cue is told twice, and none is missing. Leaving the loop
        does not cancel the job.
        """
        request = jobs_pb2.WatchJobRequest(
            name=_name_of(job), after_sequence=after_sequence, include_cues=include_cues
        )
        return self._resumed(self._jobs.WatchJob, Watch(request))

    async def wait(self, job: str | jobs_pb2.Job) -> jobs_pb2.Job:
        """The job once it has succeeded.

        Raises:
            PolycueClientError: it did not; ``reason`` and the class say why.
        """
        async with contextlib.aclosing(self.watch(job)) as events:
            async for event in events:
                if event.HasField("job") and outcome.has_ended(event.job):
                    return outcome.succeeded(event.job)
        raise outcome.broken_off(_name_of(job))

    async def cancel(self, job: str | jobs_pb2.Job) -> jobs_pb2.Job:
        """Ask a job to stop; one that has ended stays as it is."""
        request = jobs_pb2.CancelJobRequest(name=_name_of(job))
        return (await self._ask(self._jobs.CancelJob, request)).job

    async def resume(self, job: str | jobs_pb2.Job) -> jobs_pb2.Job:
        """Queue a failed or cancelled job again; it goes on from what it had finished.

        Raises:
            PreconditionFailed: it succeeded.
        """
        request = jobs_pb2.ResumeJobRequest(name=_name_of(job), request_id=_repeatable())
        return (await self._ask(self._jobs.ResumeJob, request)).job

    async def delete(self, job: str | jobs_pb2.Job) -> None:
        """Remove a job with its artifacts; one that waits or runs is stopped first."""
        request = jobs_pb2.DeleteJobRequest(name=_name_of(job))
        try:
            await self._line.ask(self._jobs.DeleteJob, request, self._timeout_s)
        except ServerUnreachable:  # it may be gone all the same
            request.allow_missing = True
            await self._ask(self._jobs.DeleteJob, request)


def _name_of(job: str | jobs_pb2.Job) -> str:
    return job if isinstance(job, str) else job.name


def _repeatable() -> str:
    """A request id: gRPC may repeat the call, and the server still does it once."""
    return str(uuid.uuid4())


def _file_label(*files: File | None) -> dict[str, str]:
    """The name under which people find a job again: of the first file that lies here."""
    here = [Path(file) for file in files if isinstance(file, str | Path)]
    return {"file": wire_name(here[0])} if here else {}
