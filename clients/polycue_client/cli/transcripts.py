"""Stored transcripts on the command line: JSON tracks that stand in for a film's sound."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from polycue_client.cli.doubts import DoubtChoice
from polycue_client.cli.speech import SpeechChoice

# What is said about listening, and means nothing where nobody listens.
_ABOUT_LISTENING = (
    "audio_track",
    *(field.name for kind in (SpeechChoice, DoubtChoice) for field in dataclasses.fields(kind)),
)

from_json_option = click.option(
    "--from-json",
    "transcript",
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    help="The JSON track of an earlier run, instead of listening; no model is needed. The film "
    "goes with it for muxed copies.",
)


def is_transcript(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def inputs(
    files: Sequence[Path],
    transcript: Path | None,
    expanded: Callable[[Sequence[Path]], list[Path]],
) -> list[tuple[Path | None, Path | None]]:
    """The films and transcripts of a command line: a film, a transcript, or one with the other.

    Raises:
        click.UsageError: there is nothing, or nobody could say which belongs to which.
    """
    if transcript is None and not files:
        raise click.UsageError("name a film, or a stored transcript (film.en.json)")
    found = expanded(files)
    if transcript is None:
        return [(None, path) if is_transcript(path) else (path, None) for path in found]
    if len(found) > 1:
        raise click.UsageError("--from-json is of one film; name that one alone, or none")
    return [(found[0] if found else None, transcript)]


def refuse_listening(ctx: click.Context) -> None:
    """Fail where an option is given that would change how a film is listened to.

    Raises:
        click.UsageError: one is.
    """
    for param in ctx.command.params:
        given = ctx.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
        if given and param.name in _ABOUT_LISTENING:
            raise click.UsageError(
                f"{param.opts[0]} is about listening, and a stored transcript is not listened to;"
                " name the film instead"
            )
