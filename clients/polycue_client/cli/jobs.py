"""``polycue jobs``: the jobs of a running server."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from polycue_client.cli.display import name_of
from polycue_client.cli.documents import print_json
from polycue_client.cli.exits import Failed, reported
from polycue_client.cli.interruption import Interruption
from polycue_client.cli.job_views import description, document, print_table
from polycue_client.cli.parsing import ForgivingCommand, comma_list_of
from polycue_client.cli.servers import AccessChoice, access_options

if TYPE_CHECKING:
    from polycue.api.v1 import jobs_pb2
    from polycue_client.client import Polycue

_STATES = ("queued", "running", "cancelling", "succeeded", "failed", "cancelled", "interrupted")

# After \b click keeps the lines as they are.
_HELP = """See and steer the jobs of a server.

A job is named jobs/ID, by its ID alone, or by a beginning of it that no other
job has; and the server by --server or POLYCUE_SERVER.

\b
Examples:
  polycue jobs list --server localhost:50051 --state running
  polycue jobs watch 3f2a
  polycue jobs fetch 3f2a -o subtitles/
"""


@click.group(help=_HELP)
def jobs() -> None:
    pass


def _on_server(function: Callable[..., None]) -> Callable[..., None]:
    """Give the command --server, and call it with a client as its first argument."""

    @access_options
    @functools.wraps(function)
    def run(access: AccessChoice, **kwargs: object) -> None:
        access.require_server()
        from polycue_client.cli.workplace import patience
        from polycue_client.client import connect

        retry = patience(lambda line: click.echo(line, err=True))
        with (
            reported(access.server),
            Interruption() as interruption,
            connect(access.server, retry=retry, **access.keywords()) as client,
        ):
            interruption.on_signal(lambda times: client.interrupt())
            function(client, **kwargs)

    return run


_json_option = click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
_job_argument = click.argument("name", metavar="JOB")
_jobs_argument = click.argument("names", metavar="JOB...", nargs=-1, required=True)


@jobs.command("list", cls=ForgivingCommand)
@click.option(
    "--state",
    "states",
    multiple=True,
    callback=comma_list_of(*_STATES),
    metavar="STATE,...",
    help=f"Only these: {', '.join(_STATES)}.",
)
@_json_option
@_on_server
def list_jobs(client: "Polycue", states: tuple[str, ...], as_json: bool) -> None:
    """List jobs, newest first."""
    from polycue.api.v1 import jobs_pb2

    wanted = [jobs_pb2.JobState.Value(f"JOB_STATE_{state.upper()}") for state in states]
    found = list(client.jobs(states=wanted))
    if as_json:
        print_json({"jobs": [document(job) for job in found]})
    else:
        print_table(found)


@jobs.command(cls=ForgivingCommand)
@_job_argument
@_json_option
@_on_server
def show(client: "Polycue", name: str, as_json: bool) -> None:
    """Show all there is to know of a job."""
    job = _found(client, name)
    if as_json:
        print_json(document(job))
    else:
        click.echo("\n".join(description(job)))


@jobs.command(cls=ForgivingCommand)
@_job_argument
@_on_server
def watch(client: "Polycue", name: str) -> None:
    """Follow a job to its end; leaving with Ctrl-C does not stop it."""
    from polycue_client import outcome
    from polycue_client.cli.display import display, step_of

    job, shown = _found(client, name), display()
    shown.begin(job.name)
    try:
        for event in client.watch(job):
            if event.HasField("progress"):
                shown.step(step_of(event.progress))
            elif event.HasField("job"):
                job = event.job
    finally:
        shown.end()
    outcome.succeeded(job)
    click.echo("\n".join(description(job)))


@jobs.command(cls=ForgivingCommand)
@_jobs_argument
@_on_server
def cancel(client: "Polycue", names: Sequence[str]) -> None:
    """Ask jobs to stop."""
    from polycue_client.outcome import state_name

    for name in names:
        job = client.cancel(_found(client, name))
        click.echo(f"{job.name}: {state_name(job.state)}")


@jobs.command(cls=ForgivingCommand)
@_jobs_argument
@_on_server
def resume(client: "Polycue", names: Sequence[str]) -> None:
    """Have failed or cancelled jobs go on from where they stopped."""
    from polycue_client.outcome import state_name

    for name in names:
        job = client.resume(_found(client, name))
        click.echo(f"{job.name}: {state_name(job.state)}")


@jobs.command(cls=ForgivingCommand)
@_jobs_argument
@_on_server
def delete(client: "Polycue", names: Sequence[str]) -> None:
    """Remove jobs and their results; those at work are stopped first."""
    for name in names:
        job = _found(client, name)
        client.delete(job)
        click.echo(f"{job.name}: deleted")


@jobs.command(cls=ForgivingCommand)
@_job_argument
@click.option(
    "--output-dir",
    "-o",
    "folder",
    default=".",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to put the files; here unless given.",
)
@click.option("--overwrite", "-y", is_flag=True, help="Replace files that are there.")
@_on_server
def fetch(client: "Polycue", name: str, folder: Path, overwrite: bool) -> None:
    """Download the results of a job."""
    from polycue_client.cli.hls import local_name
    from polycue_client.cli.inputs import check_writable
    from polycue_client.cli.outputs import fetch_all
    from polycue_client.drafts import own_name

    job = _found(client, name)
    check_writable(folder)
    places = [(a, folder / local_name(own_name(a.filename))) for a in job.artifacts]
    for output in fetch_all(client, places, overwrite=overwrite):
        click.echo(name_of(output.path))


def _found(client: "Polycue", name: str) -> "jobs_pb2.Job":
    """The job of that name, or the only one whose name begins so."""
    from polycue_client.errors import InvalidRequest, NotFound

    beginning = name.removeprefix("jobs/")
    full_name = f"jobs/{beginning}"
    try:
        return client.get_job(full_name)
    except (NotFound, InvalidRequest) as error:  # the latter where it is too short to be whole
        begun = [job.name for job in client.jobs() if job.name.startswith(full_name)]
        if not begun or not beginning:
            raise Failed(f"there is no {full_name}") from error
    if len(begun) > 1:
        raise click.UsageError(f"{len(begun)} jobs have names that begin with {name}")
    return client.get_job(begun[0])
