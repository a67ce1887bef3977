"""``polycue translate``: subtitle files into other languages."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from polycue_client.cli.inputs import SUBTITLE_SUFFIXES, expanded, own_format, stem_and_language
from polycue_client.cli.layout import LayoutChoice, layout_options
from polycue_client.cli.options import (
    REPORT_PAGE,
    OutputChoice,
    formats_option,
    is_canonical,
    output_options,
    report_option,
)
from polycue_client.cli.parsing import ForgivingCommand, comma_list, section
from polycue_client.cli.servers import ServerChoice, server_options
from polycue_client.cli.translations import TranslationChoice, translation_options

if TYPE_CHECKING:
    from polycue.api.v1 import jobs_pb2, media_pb2
    from polycue_client.cli.results import Item

# After \b click keeps the lines as they are.
_HELP = """Translate subtitle files; every cue keeps its time.

film.en.srt becomes film.es.srt beside it. The language of a file is taken from
its name where --from does not say it. A folder stands for the subtitle files in
it that are not in one of the languages wanted yet.

\b
Examples:
  polycue translate film.en.srt --to es,de
  polycue translate film.srt --from en --to es -f vtt
  polycue translate film.en.srt --to es,de --glossary terms.csv
  polycue translate film.en.vtt --to es -o - > film.es.vtt
"""


@click.command(cls=ForgivingCommand, help=_HELP)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@section(
    "What to make",
    click.option(
        "--to",
        "--translate-to",
        "-t",
        "targets",
        multiple=True,
        required=True,
        callback=comma_list,
        metavar="LANG,...",
        help="The languages wanted, such as es,de.",
    ),
    click.option(
        "--from",
        "--translate-from",
        "--language",
        "-l",
        "source",
        default="",
        metavar="LANG",
        help="The language of the files.",
    ),
    formats_option,
    report_option,
)
@output_options
@layout_options
@translation_options
@server_options
@click.pass_context
def translate(
    ctx: click.Context,
    files: tuple[Path, ...],
    targets: tuple[str, ...],
    source: str,
    formats: tuple[str, ...],
    report_page: bool,
    output: OutputChoice,
    layout: LayoutChoice,
    translation: TranslationChoice,
    choice: ServerChoice,
) -> None:
    from polycue_client.cli.batch import work_on

    def foreign(text: Path) -> bool:
        return stem_and_language(text)[1] not in targets

    texts = expanded(files, SUBTITLE_SUFFIXES, wanted=foreign)
    if output.to_stdout and (len(texts) > 1 or len(targets) > 1 or len(formats) > 1):
        raise click.UsageError("-o - prints one track: one file, one format, one language")
    output.refuse_folders(formats, report_page=report_page)
    wish = _Wish(targets, source, formats, layout, translation, report_page)
    ctx.exit(work_on([wish.item(text, output) for text in texts], choice, output))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is wanted of each file."""

    targets: tuple[str, ...]
    source: str
    formats: tuple[str, ...]
    layout: LayoutChoice
    translation: TranslationChoice
    report_page: bool

    def item(self, text: Path, output: OutputChoice) -> "Item":
        from polycue_client.cli.results import Item

        stem, named = stem_and_language(text)
        language = self.source or named
        if not language:
            raise click.UsageError(f"{text}: say the language of the text with --from")
        targets = tuple(target for target in self.targets if target != language)
        if not targets:
            raise click.UsageError(f"{text} is in {language} already; name another language")
        if len(targets) < len(self.targets):
            click.echo(f"{text}: warning: it is in {language} already", err=True)
        formats = self.formats or (own_format(text),)
        place = output.placement(text, stem)
        return Item(
            path=text,
            place=place,
            spec=self.spec(language, targets, formats),
            expected=tuple(
                place.sidecar(target, suffix, self.layout.kind)
                for target in filter(is_canonical, targets)
                for suffix in (*formats, *([REPORT_PAGE] if self.report_page else ()))
            ),
            certain=all(map(is_canonical, targets)),
        )

    def spec(
        self, language: str, targets: tuple[str, ...], formats: tuple[str, ...]
    ) -> "Callable[[media_pb2.MediaSource], jobs_pb2.JobSpec]":
        from polycue_client.requests import translate_spec

        return lambda source: translate_spec(
            source,
            source=language,
            to=self.translation.targets(targets),
            formats=formats,
            layout=self.layout.config(),
            report_page=self.report_page,
        )
