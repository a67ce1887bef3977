"""Options for how translations are made: settled terms, and how far the search looks."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from polycue_client.cli.parsing import comma_list, packed

if TYPE_CHECKING:
    from polycue.api.v1 import media_pb2
    from polycue_client.glossary import Row


@dataclass(frozen=True, slots=True)
class TranslationChoice:
    """The rows of a glossary file, terms to leave as they are, and the width of the search."""

    glossary: "tuple[Row, ...]"
    keep_terms: tuple[str, ...]
    translation_beam: int | None

    def targets(
        self, languages: tuple[str, ...], *, keep_source_cues: bool = False
    ) -> "list[media_pb2.TranslateConfig]":
        from polycue_client.glossary import Glossary

        glossary = Glossary(self.glossary, self.keep_terms)
        return [
            glossary.target(
                code, keep_source_cues=keep_source_cues, beam_size=self.translation_beam
            )
            for code in languages
        ]


def _rows(ctx: click.Context, param: click.Parameter, path: Path | None) -> "tuple[Row, ...]":
    if path is None:
        return ()
    from polycue_client.glossary import read_glossary

    try:
        return read_glossary(path)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


translation_options = packed(
    "translation",
    TranslationChoice,
    "Translation",
    click.option(
        "--glossary",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        callback=_rows,
        help="Settled translations: a CSV or TSV file whose first line is such as 'term,es,de'.",
    ),
    click.option(
        "--keep-terms",
        multiple=True,
        callback=comma_list,
        metavar="TERM,...",
        help="Never translate these, such as 'polycue,FFmpeg'.",
    ),
    click.option(
        "--translation-beam",
        type=click.IntRange(1, 10),
        metavar="N",
        help="1 to 10 translations are weighed against each other; 4 where not said, 1 is fastest.",
    ),
)
