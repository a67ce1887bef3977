"""Several files, each a job of its own: one that fails does not stop the others."""

import contextlib
import sys
from collections import deque
from collections.abc import Iterable, Sequence

import click

from polycue.api.v1 import artifacts_pb2, jobs_pb2
from polycue_client import outcome
from polycue_client.cli import captions, costs
from polycue_client.cli.display import Display, Step, display, name_of, step_of
from polycue_client.cli.documents import print_json
from polycue_client.cli.embedded import NotStarted
from polycue_client.cli.exits import explain
from polycue_client.cli.interruption import Interruption
from polycue_client.cli.options import OutputChoice
from polycue_client.cli.outputs import REPORT_TYPES, fetch_all, refuse_taken
from polycue_client.cli.results import Item, Result, exit_code, planned
from polycue_client.cli.servers import ServerChoice
from polycue_client.cli.workplace import Workplace, roots_of, workplace
from polycue_client.drafts import wire_name
from polycue_client.errors import (
    PolycueClientError,
    ServerFault,
    ServerUnreachable,
)


def work_on(items: Sequence[Item], choice: ServerChoice, output: OutputChoice) -> int:
    """Do all items, tell about each, and return the exit code."""
    results = planned(items, overwrite=output.overwrite, printed=output.to_stdout)
    shown = display()
    with Interruption() as interruption:
        batch = _Batch(shown, output, interruption)
        batch.tell(result for result in results if result.error)
        batch.work([result for result in results if not result.error], choice)
    code = (
        interruption.exit_code
        if interruption.times
        else exit_code(result.error for result in results)
    )
    if interruption.times:
        shown.say("interrupted")
    if output.as_json:
        document = {"exit_code": code, "files": [result.document() for result in results]}
        print_json(document)
    return code


class _Batch:
    def __init__(self, shown: Display, output: OutputChoice, interruption: Interruption) -> None:
        self._shown, self._output, self._interruption = shown, output, interruption

    def work(self, pending: Sequence[Result], choice: ServerChoice) -> None:
        left = deque(pending)
        try:
            if left:
                self._work_off(left, choice)
        except (NotStarted, ServerUnreachable) as error:  # for one is for all
            for result in left:
                result.error = error
            self.tell(left)

    def _work_off(self, left: deque[Result], choice: ServerChoice) -> None:
        roots = roots_of([path for result in left for path in result.item.inputs])
        with workplace(choice, roots, self._interruption, self._shown.say) as place:
            while left:
                if self._interruption.times:
                    raise ServerUnreachable("interrupted before its turn")
                result = left.popleft()
                Worker(place, self._shown, self._output).do(result)
                self.tell([result])
                if isinstance(result.error, ServerUnreachable):
                    raise result.error

    def tell(self, results: Iterable[Result]) -> None:
        """Say what became of them, unless the person who interrupted it all knows."""
        for result in results:
            if not (result.error and self._interruption.times):
                _tell(self._shown, result, self._output)


class Worker:
    """Takes one file through a job to its outputs."""

    def __init__(self, place: Workplace, shown: Display, output: OutputChoice) -> None:
        self._place, self._shown, self._output = place, shown, output

    def do(self, result: Result) -> None:
        """Fill in the result; its ``error`` says what could not be done."""
        self._shown.begin(click.format_filename(result.item.path, shorten=True))
        try:
            self._do(result)
        except ServerUnreachable as error:
            result.error = self._place.unreachable(error, result.job)
        except PolycueClientError as error:
            result.error = self._place.at_home(error)
        except OSError as error:
            result.error = error
        finally:
            self._shown.end()

    def _do(self, result: Result) -> None:
        item = result.item
        with contextlib.ExitStack() as stack:
            sources = [
                stack.enter_context(self._place.source(path, self._uploaded))
                for path in item.inputs
            ]
            labels = {"file": wire_name(item.path)}
            # Fresh: the cues of what an earlier job has done are told no more.
            created = self._place.client.create_job(item.spec(*sources), labels=labels, fresh=True)
            result.job = created.name
            try:
                job = self._follow(result)
            except ServerUnreachable:
                raise
            except BaseException:  # Ctrl-C, SIGTERM, or a file in the way: nobody wants it now
                with contextlib.suppress(PolycueClientError):
                    self._place.client.cancel(created)
                raise
            self._fetch(outcome.succeeded(job), result)

    def _uploaded(self, done_bytes: int, total_bytes: int) -> None:
        self._shown.step(Step("uploading", done_bytes, total_bytes, done_bytes == total_bytes))

    def _follow(self, result: Result) -> jobs_pb2.Job:
        """Watch the job to its end, and return it as it is then."""
        ended: jobs_pb2.Job | None = None
        for event in self._place.client.watch(result.job, include_cues=True):
            if event.HasField("progress"):
                self._shown.step(step_of(event.progress))
            elif event.HasField("cues"):
                result.add_cues(event.cues)
                if not event.cues.route:
                    self._spoken(result, event.cues.language_code)
            elif event.HasField("job"):
                self._spoken(result, event.job.language_code)
                # Cues may follow, where it was over before the watch began.
                ended = event.job if outcome.has_ended(event.job) else None
        if ended is None:
            raise outcome.broken_off(result.job)
        result.notices, result.usage = list(ended.notices), ended.engine_usage
        return ended

    def _spoken(self, result: Result, language: str) -> None:
        """Now the name of the spoken track is known: better to stop here than hours later."""
        if not language or result.language:
            return
        result.language = language
        if not (self._output.overwrite or self._output.to_stdout):
            refuse_taken(result.item.place.sidecar(language, s) for s in result.item.unnamed)

    def _fetch(self, job: jobs_pb2.Job, result: Result) -> None:
        if self._output.to_stdout:
            sys.stdout.buffer.write(self._place.client.read(_wanted(job)))
            sys.stdout.buffer.flush()
        else:
            wanted = [a for a in job.artifacts if a.mime_type != REPORT_TYPES[0]]
            places = [(artifact, result.item.place.of(artifact)) for artifact in wanted]
            result.outputs = fetch_all(self._place.client, places, overwrite=self._output.overwrite)


def _wanted(job: jobs_pb2.Job) -> artifacts_pb2.Artifact:
    """The one track to print: the translation where there is one."""
    tracks = [a for a in job.artifacts if a.language_code and a.mime_type not in REPORT_TYPES]
    translated = [track for track in tracks if track.language_code != job.language_code]
    if not tracks:
        raise ServerFault(f"{job.name} succeeded and has no track")
    return (translated or tracks)[0]


def _tell(shown: Display, result: Result, output: OutputChoice) -> None:
    name = name_of(result.item.path)
    for notice in result.notices:
        shown.say(f"{name}: {outcome.notice_line(notice)}")
    if result.error:
        shown.say(f"{name}: error: {explain(result.error)}")
        return
    if engine := outcome.usage_line(result.usage):
        shown.say(f"{name}: {engine}")
    tracks = {language: list(track.values()) for language, track in result.tracks.items()}
    for line in costs.table(name, tracks):
        shown.say(line)
    if output.print_captions and tracks:
        captions.show(name, tracks)
    elif output.print_captions:
        shown.say(f"{name}: no captions to show")
    if not output.as_json:
        for written in result.outputs:
            click.echo(name_of(written.path))
