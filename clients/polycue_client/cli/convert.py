"""``polycue convert``: subtitle files into other formats."""

from pathlib import Path

import click

from polycue_client.cli.inputs import SUBTITLE_SUFFIXES, expanded
from polycue_client.cli.layout import LayoutChoice, layout_options
from polycue_client.cli.options import OutputChoice, formats_option
from polycue_client.cli.parsing import ForgivingCommand, section
from polycue_client.cli.servers import ServerChoice, server_options

# After \b click keeps the lines as they are.
_HELP = """Write subtitle files in other formats; every cue keeps its time.

film.en.srt becomes film.en.vtt beside it. The encoding of a file is found, and
so is its format. Lines are broken anew where the look of the cues is given, and
stay as they are otherwise. A folder stands for the subtitle files in it.

\b
Examples:
  polycue convert film.en.srt -f vtt,ass
  polycue convert film.en.json -f all -o subtitles/
  polycue convert film.en.vtt -f srt --preset bbc
  polycue convert film.en.ass -f srt -o - > film.en.srt
"""


@click.command(cls=ForgivingCommand, help=_HELP)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@section(
    "What to make",
    formats_option,
    click.option(
        "--language",
        "-l",
        default="",
        metavar="LANG",
        help="The language of the files; taken from their names unless given.",
    ),
)
@section(
    "Output",
    click.option(
        "--output-dir",
        "-o",
        default="source",
        metavar="DIR",
        help="Beside each file unless given; '-' prints a single file.",
    ),
    click.option("--overwrite", "-y", is_flag=True, help="Replace files that are there."),
    click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout."),
)
@layout_options
@server_options
@click.pass_context
def convert(
    ctx: click.Context,
    files: tuple[Path, ...],
    formats: tuple[str, ...],
    language: str,
    output_dir: str,
    overwrite: bool,
    as_json: bool,
    layout: LayoutChoice,
    choice: ServerChoice,
) -> None:
    from polycue_client.cli.conversion import Wish, convert_all

    if not formats:
        raise click.UsageError("say with -f what to write, such as -f vtt")
    output = OutputChoice(output_dir, overwrite, as_json, print_captions=False)
    output.refuse_folders(formats)
    texts = expanded(files, SUBTITLE_SUFFIXES)
    if output.to_stdout and (len(texts) > 1 or len(formats) > 1):
        raise click.UsageError("-o - prints one file: one input, one format")
    wish = Wish(formats, language, layout.config(), output)
    ctx.exit(convert_all(texts, wish, choice))
