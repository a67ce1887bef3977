"""``polycue lint``: subtitle files, anybody's, held against the rules of a preset.

It works here and not on a server: a check in CI starts in a moment, and no report is
too large for a message.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import click

from polycue.commands.lint_tables import breach_lines, show
from polycue.cues.lint.catalogue import chosen
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import InvalidRequest, PolycueError
from polycue.domain.language import UNDETERMINED, canonical
from polycue.domain.report import Severity
from polycue.media.probe import probe
from polycue.pipeline.foreign import language_of_stem
from polycue.pipeline.linting import Linted, LintOptions, frame_rate_of, lint_text
from polycue.rpc.convert.layout import layout_options as checked_layout
from polycue.tracks import report_json
from polycue.tracks.files import decode_text, format_of, write_atomically
from polycue.tracks.size import read_file
from polycue_client.cli.inputs import SUBTITLE_SUFFIXES, expanded
from polycue_client.cli.layout import LayoutChoice, layout_options
from polycue_client.cli.parsing import ForgivingCommand, comma_list, section

CLEAN, BROKEN = 0, 1

# After \b click keeps the lines as they are.
_HELP = """Say which rules subtitle files break, and where.

SRT, WebVTT, JSON tracks and whatever else polycue reads are held against the limits of a preset.
The language is taken from the file's name (film.es.srt) or from the file itself; say it with
--language where neither does. A folder stands for the subtitle files in it. Rules that could not be
checked are named, with why.

\b
Examples:
  polycue lint film.en.srt
  polycue lint film.en.srt --media film.mp4 --html report.html
  polycue lint subs/*.vtt --language de --preset ted --list
  polycue lint film.en.srt --ignore reading_speed,orphan --strict

\b
Exit codes: 0 no hard breach, 1 some (with --strict, any), or a file that
cannot be read, 2 wrong usage.
"""


@click.command(cls=ForgivingCommand, help=_HELP)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@section(
    "What to check",
    click.option("--language", "-l", default="", metavar="LANG", help="Of the files."),
    click.option(
        "--rule",
        "--rules",
        "rules",
        multiple=True,
        callback=comma_list,
        metavar="RULE,...",
        help="Only these; all unless given.",
    ),
    click.option(
        "--ignore",
        multiple=True,
        callback=comma_list,
        metavar="RULE,...",
        help="Not these.",
    ),
    click.option("--strict", is_flag=True, help="Soft breaches, too, end with 1."),
)
@section(
    "The film",
    click.option(
        "--frame-rate",
        default="",
        metavar="FPS",
        help="25, 23.976 or 24000/1001; without it gaps are judged more mildly.",
    ),
    click.option(
        "--media",
        type=click.Path(path_type=Path),
        help="The film itself: its length and frame rate are taken from it.",
    ),
)
@section(
    "Output",
    click.option("--list", "list_all", is_flag=True, help="A line for each breach."),
    click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout."),
    click.option(
        "--html",
        type=click.Path(path_type=Path),
        metavar="PAGE",
        help="Also a page for people; of several files, a folder for their pages.",
    ),
)
@layout_options
@click.pass_context
def lint(
    ctx: click.Context,
    *,
    files: tuple[Path, ...],
    language: str,
    rules: tuple[str, ...],
    ignore: tuple[str, ...],
    strict: bool,
    frame_rate: str,
    media: Path | None,
    list_all: bool,
    as_json: bool,
    html: Path | None,
    layout: LayoutChoice,
) -> None:
    files = tuple(expanded(files, SUBTITLE_SUFFIXES))
    if html and len(files) > 1 and not html.is_dir():
        raise click.UsageError(f"--html {html}: name a folder for the pages of several files")
    if list_all and as_json:
        raise click.UsageError("--list and --json both write to stdout; choose one")
    options, spoken = _options(layout, rules, ignore, frame_rate, language)
    options = _with_film(options, media)
    found = [_looked_through(path, spoken, options) for path in files]
    for outcome in found:
        if html and outcome.linted:
            name = f"{outcome.path.name}.report.html"
            page = html / name if html.is_dir() else html
            write_atomically(page, outcome.linted.page(outcome.path.name))
        if not as_json:
            _tell(outcome, list_all=list_all)
    code = max(outcome.exit_code(strict=strict) for outcome in found)
    if as_json:
        _write_json({"exit_code": code, "files": [outcome.document() for outcome in found]})
    ctx.exit(code)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: either it was looked through or ``error`` says why not."""

    path: Path
    linted: Linted | None = None
    error: str = ""

    def exit_code(self, *, strict: bool) -> int:
        if self.linted is None:
            return BROKEN
        report = self.linted.report
        broken = report.broken(Severity.HARD) or (strict and report.broken(Severity.SOFT))
        return BROKEN if broken else CLEAN

    def document(self) -> dict[str, object]:
        report = report_json.document(self.linted.report) if self.linted else None
        return {"path": str(self.path), "report": report, "error": self.error or None}


def _options(
    layout: LayoutChoice, rules: tuple[str, ...], ignored: tuple[str, ...], rate: str, language: str
) -> tuple[LintOptions, str]:
    """What to hold cues against, and the language that was named.

    Raises:
        click.UsageError: something of it cannot be.
    """
    try:
        options = LintOptions(
            layout=checked_layout(layout.config(), "layout"),
            wanted=chosen(rules, ignored, ("--rule", "--ignore")),
            frame_rate=frame_rate_of(rate) if rate else None,
        )
        return options, canonical(language, "--language") if language else ""
    except InvalidRequest as error:
        raise click.UsageError(str(error)) from error
    except ValueError as error:
        raise click.UsageError(f"--frame-rate: {error}") from error


def _with_film(options: LintOptions, media: Path | None) -> LintOptions:
    if media is None:
        return options
    try:
        film = probe(media, cancel=CancelToken())
    except PolycueError as error:
        raise click.UsageError(f"--media {media}: {error}") from error
    return replace(
        options,
        frame_rate=options.frame_rate or film.frame_rate,
        media_end_ms=film.duration_ms,
    )


def _looked_through(path: Path, language: str, options: LintOptions) -> Outcome:
    """Read the file and hold it against the rules.

    Raises:
        click.UsageError: nothing says which language the file is in.
    """
    try:
        text = decode_text(read_file(path))
        track_format = format_of(path.name, text)
        spoken = language or language_of_stem(path.stem)
        linted = lint_text(text, track_format, spoken, options)
    except PolycueError as error:
        return Outcome(path, error=str(error))
    except OSError as error:
        return Outcome(path, error=error.strerror or str(error))
    if linted.report.language == UNDETERMINED:
        raise click.UsageError(f"{path}: say the language of the text with --language")
    return Outcome(path, linted)


def _tell(outcome: Outcome, *, list_all: bool) -> None:
    name = click.format_filename(outcome.path)
    if outcome.linted is None:
        click.echo(f"{name}: error: {outcome.error}", err=True)
    elif list_all:
        for line in breach_lines(outcome.linted):
            click.echo(f"{name}:{line}")
    else:
        show(name, outcome.linted.report)


def _write_json(document: dict[str, object]) -> None:
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    click.echo(text.encode("utf-8", "backslashreplace"), nl=False)
