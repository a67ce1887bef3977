"""The ``polycue`` group, and what each way of ending means to a shell."""

from collections.abc import Sequence

import click

from polycue_client.cli.exits import ExitCode
from polycue_client.cli.lazy import LazyCommand, LazyGroup
from polycue_client.cli.tracing import traced

_COMMANDS = {
    "subtitle": LazyCommand(
        "polycue_client.cli.subtitle:subtitle",
        "Write subtitles for films, in their own language and in others.",
    ),
    "translate": LazyCommand(
        "polycue_client.cli.translate:translate",
        "Translate subtitle files; every cue keeps its time.",
    ),
    "convert": LazyCommand(
        "polycue_client.cli.convert:convert",
        "Write subtitle files in other formats; every cue keeps its time.",
    ),
    "sync": LazyCommand(
        "polycue_client.cli.sync:sync", "Re-time subtitles against the speech of a film."
    ),
    "lint": LazyCommand(
        "polycue.commands.lint:lint", "Say which rules subtitle files break, and where."
    ),
    "jobs": LazyCommand("polycue_client.cli.jobs:jobs", "See and steer the jobs of a server."),
    "health": LazyCommand(
        "polycue_client.cli.health:health", "Say whether a server is ready for work."
    ),
    "serve": LazyCommand("polycue.commands.serve:serve", "Run a server.", tidies_up=True),
    "models": LazyCommand(
        "polycue.commands.models:models", "List, fetch and check models.", tidies_up=True
    ),
    "tokens": LazyCommand(
        "polycue.commands.tokens:tokens", "Make tokens that let callers in.", tidies_up=True
    ),
    "presets": LazyCommand(
        "polycue.commands.presets:presets", "Show the limits that cues can be held to."
    ),
    "doctor": LazyCommand("polycue.commands.doctor:doctor", "Say what is missing on this machine."),
}

# Those that ask a server for something.
_TRACED = ("subtitle", "translate", "convert", "sync", "jobs")

# After \b click keeps the lines as they are.
_HELP = """Video in, subtitles out, in any language, offline.

\b
Examples:
  polycue subtitle film.mp4                       film.en.srt beside the film
  polycue subtitle film.mp4 --translate-to es,de  and in Spanish and German
  polycue subtitle film.mp4 --mux                 and a copy of the film with them in
"""


@click.group(
    cls=LazyGroup,
    help=_HELP,
    commands=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 some failed, 2 wrong usage, 3 no server, 130 interrupted.",
)
@click.version_option(
    None, "-V", "--version", package_name="polycue", message="polycue %(version)s"
)
@click.option(
    "--server", default="", metavar="ADDR", help="The same as --server after the command."
)
def polycue(server: str) -> None:
    pass


def run(args: Sequence[str]) -> int:
    """Run the command and return the exit code."""
    try:
        with traced(args, _TRACED):
            outcome = polycue.main(args=list(args), prog_name="polycue", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:  # what click makes of Ctrl-C
        click.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    return outcome if isinstance(outcome, int) else ExitCode.DONE
