"""``polycue sync``: existing subtitles onto the time of a film's speech."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from polycue_client.cli.inputs import own_format, stem_and_language
from polycue_client.cli.options import OutputChoice, formats_option, output_options
from polycue_client.cli.outputs import SYNCED
from polycue_client.cli.parsing import ForgivingCommand, section
from polycue_client.cli.servers import ServerChoice, server_options
from polycue_client.cli.speech import (
    SpeechChoice,
    audio_selector,
    audio_track_option,
    speech_options,
)
from polycue_client.cli.transcripts import is_transcript, refuse_listening

if TYPE_CHECKING:
    from polycue.api.v1 import jobs_pb2, media_pb2
    from polycue_client.cli.results import Item

# After \b click keeps the lines as they are.
_HELP = """Re-time subtitles against the speech of a film.

A wrong start, a wrong frame rate, breaks that were put in and scenes that were cut
out are found piece by piece; text and lines stay as they are. old.srt becomes
old.synced.srt beside it. Subtitles that fit nothing are refused, not written wrong.

Words decide where the subtitles are in the language that is spoken and a model
knows it; else where somebody speaks does, in any language. A stored transcript
(film.en.json) may stand for the film.

\b
Examples:
  polycue sync film.mkv old.srt
  polycue sync film.mkv old.es.srt --by speech
  polycue sync film.en.json *.srt --overwrite-input
"""


@click.command(cls=ForgivingCommand, help=_HELP)
@click.argument("film", type=click.Path(path_type=Path), metavar="FILM")
@click.argument("subtitles", nargs=-1, required=True, type=click.Path(path_type=Path))
@section(
    "What to make",
    click.option(
        "--by",
        type=click.Choice(["text", "speech"]),
        help="What to go by: the words that are said, or where somebody speaks; "
        "whichever fits unless given.",
    ),
    click.option(
        "--subtitle-language",
        default="",
        metavar="LANG",
        help="The language of the subtitles, where their names (old.es.srt) do not say it.",
    ),
    click.option("--force", is_flag=True, help="Write the best fit, even one that may be chance."),
    formats_option,
)
@output_options
@section(
    "Input",
    click.option("--overwrite-input", is_flag=True, help="Write over the subtitles themselves."),
    audio_track_option("--audio-track", "--reference-stream"),
)
@speech_options
@server_options
@click.pass_context
def sync(
    ctx: click.Context,
    film: Path,
    subtitles: tuple[Path, ...],
    by: str | None,
    subtitle_language: str,
    force: bool,
    formats: tuple[str, ...],
    output: OutputChoice,
    overwrite_input: bool,
    audio_track: str,
    speech: SpeechChoice,
    choice: ServerChoice,
) -> None:
    from polycue_client.cli.batch import work_on

    if is_transcript(film):
        refuse_listening(ctx)
    if output.to_stdout and (len(subtitles) > 1 or len(formats) > 1):
        raise click.UsageError("-o - prints one track: one file, one format")
    output.refuse_folders(formats)
    if overwrite_input and (formats or output.output_dir != "source"):
        raise click.UsageError("--overwrite-input keeps name and format; -f and -o change them")
    wish = _Wish(film, by or "", subtitle_language, force, formats, audio_track, speech)
    if overwrite_input:
        output = replace(output, overwrite=True)
    items = [wish.item(text, output, in_place=overwrite_input) for text in unsynced(subtitles)]
    ctx.exit(work_on(items, choice, output))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is wanted of each subtitle file."""

    film: Path
    by: str
    language: str
    force: bool
    formats: tuple[str, ...]
    audio_track: str
    speech: SpeechChoice

    def item(self, text: Path, output: OutputChoice, *, in_place: bool) -> "Item":
        from polycue_client.cli.outputs import InPlace, SyncedPlacement
        from polycue_client.cli.results import Item

        formats = self.formats or (own_format(text),)
        folder = output.placement(text, text.stem).folder
        place = InPlace(folder, text.stem, text) if in_place else SyncedPlacement(folder, text.stem)
        return Item(
            path=text,
            place=place,
            spec=self.spec(self.language or stem_and_language(text)[1], formats),
            beside=(self.film,),
            expected=() if in_place else tuple(map(place.synced, formats)),
            certain=True,
        )

    def spec(self, language: str, formats: Sequence[str]) -> "Callable[..., jobs_pb2.JobSpec]":
        from polycue_client.requests import sync_spec

        stored = is_transcript(self.film)

        def of(
            subtitle: "media_pb2.MediaSource", film: "media_pb2.MediaSource"
        ) -> "jobs_pb2.JobSpec":
            if self.audio_track and not stored:
                film.audio.CopyFrom(audio_selector(self.audio_track))
            return sync_spec(
                None if stored else film,
                subtitle,
                transcript=film if stored else None,
                language=language,
                by=self.by,
                formats=formats,
                force=self.force,
                transcribe=None if stored else self.speech.config(),
            )

        return of


def unsynced(paths: Sequence[Path]) -> list[Path]:
    """What ``*.srt`` means: not the files that an earlier sync made."""
    own = [path for path in paths if not path.stem.endswith(SYNCED)]
    if len(paths) == 1 or not own:
        return list(paths)
    for path in paths:
        if path not in own:
            click.echo(f"{path}: left out, it was made by an earlier sync", err=True)
    return own
