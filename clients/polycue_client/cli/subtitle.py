"""``polycue subtitle``: films in, subtitles out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from polycue_client.cli.bulk.options import BulkChoice, bulk_options
from polycue_client.cli.doubts import DoubtChoice, doubt_options
from polycue_client.cli.familiar import EPILOG, familiar_options
from polycue_client.cli.inputs import MEDIA_SUFFIXES, expanded, stem_and_language
from polycue_client.cli.layout import LayoutChoice, layout_options
from polycue_client.cli.muxing import MuxChoice, mux_options
from polycue_client.cli.options import (
    REPORT_PAGE,
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
    audio_selector,
    audio_track_option,
    speech_options,
)
from polycue_client.cli.transcripts import from_json_option, inputs, refuse_listening
from polycue_client.cli.translations import TranslationChoice, translation_options

if TYPE_CHECKING:
    from polycue.api.v1 import jobs_pb2, media_pb2
    from polycue_client.cli.outputs import Placement
    from polycue_client.cli.results import Item

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
    targets = _Targets(
        translate_to, translation, keep_source_cues=keep_source_cues, bilingual=bilingual
    )
    wish = _Wish(
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


@dataclass(frozen=True, slots=True)
class _Targets:
    """Which translations are wanted, and how."""

    languages: tuple[str, ...]
    translation: TranslationChoice
    keep_source_cues: bool
    bilingual: bool

    def configs(self) -> "list[media_pb2.TranslateConfig]":
        return self.translation.targets(self.languages, keep_source_cues=self.keep_source_cues)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is wanted of each film."""

    targets: _Targets
    forced: bool
    formats: tuple[str, ...]
    audio_track: str
    mux: MuxChoice
    speech: SpeechChoice
    doubt: DoubtChoice
    layout: LayoutChoice
    explain: bool
    report_page: bool

    @property
    def suffixes(self) -> tuple[str, ...]:
        """What the names of what is written of each track end with."""
        return (*self.formats, REPORT_PAGE) if self.report_page else self.formats

    def film(self, output: OutputChoice) -> "Callable[[Path], Item]":
        """What is wanted of a film, by its path."""
        return lambda path: self.item(path, None, output)

    def item(self, film: Path | None, transcript: Path | None, output: OutputChoice) -> "Item":
        from polycue_client.cli.results import Item

        path, *beside = filter(None, (film, transcript))
        stem, written = path.stem, self.speech.written
        if transcript:
            stem, written = stem_and_language(transcript)
            stem = film.stem if film else stem
        place = output.placement(path, stem)
        copies = [place.copy(suffix) for suffix in self.mux.suffixes(film)] if film else []
        return Item(
            path=path,
            place=place,
            spec=self.spec(film, transcript),
            beside=tuple(beside),
            expected=(*self._tracks(place, written), *copies),
            # The first forced track is in the language that turns out to be spoken most.
            certain=all(map(is_canonical, (written, *self.targets.languages))) and not self.forced,
            unnamed=() if is_canonical(written) else self._endings(),
        )

    def _tracks(self, place: "Placement", written: str) -> Iterator[Path]:
        """Those whose names are known beforehand."""
        kind, others = self.layout.kind, self.targets.languages
        named = [(written, kind, False), *((code, kind, self.targets.bilingual) for code in others)]
        if self.forced:
            named += [(code, "forced", False) for code in (written, *others)]
        for language, kind, bilingual in named:
            if is_canonical(language):
                for suffix in self.suffixes:
                    yield place.sidecar(language, suffix, kind, bilingual=bilingual)

    def _endings(self) -> tuple[str, ...]:
        """What the names end with of tracks whose language nobody knows yet."""
        forced = tuple(f"forced.{suffix}" for suffix in self.suffixes) if self.forced else ()
        return (*self.layout.endings(self.suffixes), *forced)

    def _transcribe(self) -> "media_pb2.TranscribeConfig":
        config = self.speech.config()
        config.defence.CopyFrom(self.doubt.config())
        return config

    def spec(self, film: Path | None, transcript: Path | None) -> "Callable[..., jobs_pb2.JobSpec]":
        from polycue_client.requests import subtitle_spec

        def of(*sources: "media_pb2.MediaSource") -> "jobs_pb2.JobSpec":
            media = sources[0] if film else None
            if media and self.audio_track:
                media.audio.CopyFrom(audio_selector(self.audio_track))
            return subtitle_spec(
                media,
                transcript=sources[-1] if transcript else None,
                translate_to=self.targets.configs(),
                bilingual=self.targets.bilingual,
                formats=self.formats,
                mux=self.mux.configs(),
                transcribe=None if transcript else self._transcribe(),
                layout=self._layout(),
                forced=self.forced,
                report_page=self.report_page,
            )

        return of

    def _layout(self) -> "media_pb2.LayoutConfig":
        config = self.layout.config()
        config.explain = self.explain
        return config
