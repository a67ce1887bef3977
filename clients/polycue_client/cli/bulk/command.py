"""``polycue subtitle --recursive``: from what was named to the report."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from polycue.api.v1 import media_pb2
from polycue_client.cli.bulk import keys, rows
from polycue_client.cli.bulk.ahead import Ahead
from polycue_client.cli.bulk.ending import tell
from polycue_client.cli.bulk.journal import Journal
from polycue_client.cli.bulk.listing import count, listed
from polycue_client.cli.bulk.memory import Memory
from polycue_client.cli.bulk.options import BulkChoice
from polycue_client.cli.bulk.places import Places
from polycue_client.cli.bulk.report import Report, now
from polycue_client.cli.bulk.report_file import write
from polycue_client.cli.bulk.rows import FilmRow
from polycue_client.cli.bulk.run import Run
from polycue_client.cli.bulk.screen import Screen, screen
from polycue_client.cli.bulk.sieve import Sieve
from polycue_client.cli.bulk.totals import Totals
from polycue_client.cli.bulk.work import Desk
from polycue_client.cli.display import name_of
from polycue_client.cli.documents import print_json
from polycue_client.cli.embedded import NotStarted
from polycue_client.cli.exits import ExitCode, Failed, explain
from polycue_client.cli.interruption import Interruption
from polycue_client.cli.options import OutputChoice
from polycue_client.cli.results import Item
from polycue_client.cli.servers import ServerChoice
from polycue_client.cli.workplace import PATIENCE, Workplace, workplace
from polycue_client.errors import PolycueClientError, ServerUnreachable

# Whoever began thousands of films is not there to begin them again after a restart of the server.
_PATIENCE = replace(PATIENCE, attempts=10_000, patience_s=900.0)

ItemOf = Callable[[Path], Item]


def work_on_all(
    named: Sequence[Path],
    item_of: ItemOf,
    choice: ServerChoice,
    output: OutputChoice,
    bulk: BulkChoice,
) -> int:
    """Do all films of what was named, report on them, and return the exit code."""
    try:
        places = Places(named, output)
    except OSError as error:
        raise Failed(explain(error)) from error
    shown = screen()
    began = now()
    with Interruption() as interruption:
        whole = _Whole(places, item_of, output, bulk, shown, interruption)
        whole.work(choice)
        code = whole.exit_code()
        shown.end()
        report = whole.report(choice, began)
        _end(report, output, bulk, code)
    return code


class _Whole:
    """A run with all that stands around it."""

    def __init__(
        self,
        places: Places,
        item_of: ItemOf,
        output: OutputChoice,
        bulk: BulkChoice,
        shown: Screen,
        interruption: Interruption,
    ) -> None:
        self._places, self._item_of, self._output, self._bulk = places, item_of, output, bulk
        self._shown, self._interruption = shown, interruption
        self._totals, self._rows = Totals(), list[FilmRow]()
        self._prints = not output.as_json and not sys.stdout.isatty()
        self._fatal: Exception | None = None

    def work(self, choice: ServerChoice) -> None:
        label = self._label()
        with contextlib.closing(Memory(label, is_embedded=not choice.server)) as memory:
            self._work_with(choice, label, memory)
            if self._is_over():
                memory.forget_jobs()

    def _is_over(self) -> bool:
        """Whether the next run has nothing to take up, nor results that could not be written."""
        is_unwritten = any(row.job and isinstance(row.error, OSError) for row in self._rows)
        return not (self._fatal or self._interruption.times or is_unwritten)

    def _work_with(self, choice: ServerChoice, label: str, memory: Memory) -> None:
        flags = [f"--source-bucket={each}" for each in self._places.buckets]
        try:
            with (
                workplace(
                    choice,
                    self._places.roots,
                    self._interruption,
                    self._shown.say,
                    flags=flags,
                    waits=_PATIENCE,
                    data_dir=memory.data_dir,
                ) as place,
                _counted(self._places, self._totals),
            ):
                self._work_at(place, label, memory)
        except (NotStarted, PolycueClientError) as error:
            self._fatal = error

    def _label(self) -> str:
        spec = self._item_of(Path("film.mkv")).spec(media_pb2.MediaSource())
        places = [tree.label for tree in self._places.trees]
        return keys.run_key(spec, places, self._output.output_dir)

    def _work_at(self, place: Workplace, label: str, memory: Memory) -> None:
        overwrite = self._output.overwrite
        journal = Journal(memory.journal, replaces=overwrite)
        films = listed(self._places.trees, self._places.shelf_of)
        sieve = Sieve(films, self._item_of, journal, overwrite=overwrite, tell=self._tell)
        desk = Desk(place, label, journal=journal, overwrite=overwrite)
        limits = place.client.server_info().limits
        sent = any(tree.local("") for tree in self._places.trees) and not place.is_embedded
        ahead = Ahead(limits, sent=sent, at_once=self._bulk.jobs)
        run = Run(
            *(desk, sieve, ahead, self._totals, self._interruption),
            tell=self._tell,
            say=self._shown.say,
            look=self._shown.look,
        )
        run.work()
        self._fatal = run.fatal
        if isinstance(run.fatal, ServerUnreachable):
            self._fatal = place.unreachable(run.fatal)
        if sieve.is_empty and self._is_over():
            journal.ended()

    def _tell(self, row: FilmRow) -> None:
        self._totals.add(row)
        self._rows.append(row)
        self._shown.film(row)
        if self._prints:
            for written in row.outputs if row.state == rows.DONE else ():
                click.echo(name_of(written))

    def exit_code(self) -> int:
        if self._interruption.times:
            return self._interruption.exit_code
        match self._fatal:
            case NotStarted(exit_code=code):
                return code
            case ServerUnreachable():
                return ExitCode.UNREACHABLE
        if self._fatal or self._totals.states[rows.FAILED]:
            return ExitCode.SOME_FAILED
        return ExitCode.DONE

    def report(self, choice: ServerChoice, began: datetime) -> Report:
        stopped_by = explain(self._fatal) if self._fatal else ""
        if self._interruption.times:
            stopped_by = "interrupted; the same command goes on from here"
        left = (self._totals.films or 0) - self._totals.seen if stopped_by else 0
        return Report(
            rows=sorted(self._rows, key=lambda row: row.film),
            places=[tree.address or "." for tree in self._places.trees],
            server=choice.server or "a server of its own",
            began=began,
            ended=now(),
            stopped_by=stopped_by,
            not_looked_at=max(0, left),
        )


@contextlib.contextmanager
def _counted(places: Places, totals: Totals) -> Iterator[None]:
    """Beside the work: how many films there are, for whoever wants to know how long it takes."""

    def look() -> None:
        totals.films = count(places.trees, places.shelf_of)

    threading.Thread(target=look, name="bulk-count", daemon=True).start()
    yield


def _end(report: Report, output: OutputChoice, bulk: BulkChoice, code: int) -> None:
    if output.as_json:
        print_json({"exit_code": code, **report.document()})
    tell(report)
    if report.stopped_by:
        click.echo(report.stopped_by, err=True)
    if bulk.report_file:
        try:
            write(report, bulk.report_file)
        except OSError as error:
            raise Failed(explain(error)) from error
        click.echo(f"the report is in {name_of(bulk.report_file)}", err=True)
