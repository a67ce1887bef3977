"""``polycue subtitle``: films in, subtitles out."""

from pathlib import Path

import click

from polycue_client.cli.bulk.options import BulkChoice, bulk_options
from polycue_client.cli.doubts import DoubtChoice, doubt_options
from polycue_client.cli.familiar import EPILOG, familiar_options
from polycue_client.cli.film_wish import FilmWish, Targets
from polycue_client.cli.inputs import MEDIA_SUFFIXES, expanded
from polycue_client.cli.layout import LayoutChoice, layout_options
from polycue_client.cli.muxing import MuxChoice, mux_options
from polycue_client.cli.options import (
    OutputChoice,
    formats_option,
    is_canonical,
    output_options,
    report_option,
)
from polycue_client.cli.parsing import (
    ForgivingCommand,
    comma_list,
    section,
)
from polycue_client.cli.servers import ServerChoice, server_options
from polycue_client.cli.speech import (
    SpeechChoice,
    audio_track_option,
    speech_options,
)
from polycue_client.cli.transcripts import from_json_option, inputs, refuse_listening
from polycue_client.cli.translations import TranslationChoice, translation_options

# After \b click keeps the lines as they are.
_HELP = """Write subtitles for films, in their own language and in others.

They lie beside the film as {stem}.{language}.{ext}, and a copy of the film that
holds them as {stem}.subtitled.{ext}. A folder stands for the media in it.

From film.en.json, which -f json writes, new cues, formats and languages are made
in a moment: all words and their times are in it.

\b
Examples:
  polycue subtitle film.mp4
  polycue subtitle film.mp4 --translate-to es,de -f srt,vtt
  polycue subtitle film.mkv --language en --mux --burn en
  polycue subtitle film.mkv --allowed-languages en,es --forced
  polycue subtitle talks/ --recursive -o subtitles/ --report-file report.html
  polycue subtitle s3://films/series -r --server films.example.org:50051 --tls
  polycue subtitle film.en.json --translate-to fr --preset bbc
  polycue subtitle --from-json film.en.json film.mp4 --mux
  polycue subtitle film.mp4 -t es --bilingual --keep-terms polycue,FFmpeg
  polycue subtitle film.en.json --explain -o explained/
  polycue subtitle film.mp4 --server localhost:50051 --json
"""


@click.command(cls=ForgivingCommand, help=_HELP, epilog=EPILOG)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@section(
    "What to make",
    click.option(
        "--translate-to",
        "-t",
        multiple=True,
        callback=comma_list,
        metavar="LANG,...",
        help="Other languages, such as es,de.",
    ),
    click.option(
        "--keep-source-cues",
        is_flag=True,
        help="Cues come and go in every language as in the spoken one.",
    ),
    click.option(
        "--bilingual",
        is_flag=True,
        help="Each translation beneath the words it translates: {stem}.bilingual.{language}.{ext}.",
    ),
    click.option(
        "--forced",
        is_flag=True,
        help="Also film.LANG.forced: only what is not in the film's main language, translated.",
    ),
    formats_option,
    click.option(
        "--explain",
        is_flag=True,
        help="Tell what each cue cost the search, on stderr and in JSON tracks.",
    ),
    report_option,
)
@mux_options
@output_options
@section(
    "Input",
    audio_track_option("--audio-track"),
    from_json_option,
)
@bulk_options
@speech_options
@doubt_options
@layout_options
@translation_options
@server_options
@familiar_options
@click.pass_context
def subtitle(
    ctx: click.Context,
    files: tuple[Path, ...],
    translate_to: tuple[str, ...],
    keep_source_cues: bool,
    bilingual: bool,
    forced: bool,
    formats: tuple[str, ...],
    explain: bool,
    report_page: bool,
    audio_track: str,
    transcript: Path | None,
    mux: MuxChoice,
    output: OutputChoice,
    bulk: BulkChoice,
    speech: SpeechChoice,
    doubt: DoubtChoice,
    layout: LayoutChoice,
    translation: TranslationChoice,
    choice: ServerChoice,
) -> None:
    if not translate_to and (keep_source_cues or bilingual):
        flag = "--bilingual" if bilingual else "--keep-source-cues"
        raise click.UsageError(f"{flag} is about translations; name a language with --translate-to")
    formats = formats or ("srt",)
    output.refuse_folders(formats, report_page=report_page)
    there_will_be = (speech.written, *translate_to)
    known = all(map(is_canonical, (mux.burn, *there_will_be)))
    if known and mux.burn not in there_will_be:
        raise click.UsageError(f"--burn {mux.burn}: no track will be in that language")
    targets = Targets(
        translate_to, translation, keep_source_cues=keep_source_cues, bilingual=bilingual
    )
    wish = FilmWish(
        targets, forced, formats, audio_track, mux, speech, doubt, layout, explain, report_page
    )
    if bulk.is_meant(files):
        from polycue_client.cli.bulk.command import work_on_all

        bulk.refuse_what_is_of_one(files, transcript, output, formats, explain=explain)
        ctx.exit(work_on_all(files, wish.film(output), choice, output, bulk))
    from polycue_client.cli.batch import work_on

    wanted = inputs(files, transcript, lambda paths: expanded(paths, MEDIA_SUFFIXES))
    if any(stored for _, stored in wanted):
        refuse_listening(ctx)
    several = any(len(choices) > 1 for choices in (wanted, formats, translate_to))
    if output.to_stdout and (several or mux.containers or forced):
        raise click.UsageError("-o - prints one track: one file, one format, one language, no copy")
    ctx.exit(work_on([wish.item(*each, output) for each in wanted], choice, output))
