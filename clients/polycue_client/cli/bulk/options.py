"""Options about many films."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from polycue_client.cli.options import OutputChoice
from polycue_client.cli.parsing import packed

_REPORTS = (".json", ".csv", ".html")


def is_in_bucket(text: str) -> bool:
    """Also where a ``Path`` was made of the URI, which takes one of its two slashes."""
    return text.startswith("s3:/")


@dataclass(frozen=True, slots=True)
class BulkChoice:
    """Whether all below the folders is wanted, how much at once, and where the report goes."""

    recursive: bool
    jobs: int | None
    report_file: Path | None

    def is_meant(self, files: Iterable[Path]) -> bool:
        """Whether many films are to be done at once.

        Raises:
            click.UsageError: something is said about them, and they are not wanted.
        """
        if self.recursive or any(is_in_bucket(str(file)) for file in files):
            return True
        if self.jobs or self.report_file:
            flag = "--jobs" if self.jobs else "--report-file"
            raise click.UsageError(f"{flag} is about all films of a folder; add --recursive")
        return False

    def refuse_what_is_of_one(
        self,
        files: Sequence[Path],
        transcript: Path | None,
        output: OutputChoice,
        formats: Iterable[str],
        *,
        explain: bool,
    ) -> None:
        """Return where all that was said can be meant of thousands.

        Raises:
            click.UsageError: it cannot.
        """
        if not files:
            raise click.UsageError("name a folder of films, or s3://BUCKET/PREFIX")
        of_one = {
            "--from-json": transcript is not None,
            "-o -": output.to_stdout,
            "--print": output.print_captions,
            "--explain": explain,
        }
        for flag, is_given in of_one.items():
            if is_given:
                raise click.UsageError(f"{flag} is about one film; leave out --recursive")
        into_bucket = is_in_bucket(output.output_dir) or (
            output.output_dir == "source" and any(is_in_bucket(str(file)) for file in files)
        )
        if into_bucket and "hls" in formats:
            raise click.UsageError("hls makes a folder; name one of this machine with -o")


def _report_file(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    if path is not None and path.suffix.lower() not in _REPORTS:
        raise click.BadParameter(f"{path} does not end with .json, .csv or .html", ctx, param)
    return path


bulk_options = packed(
    "bulk",
    BulkChoice,
    "Many films",
    click.option(
        "--recursive",
        "-r",
        is_flag=True,
        help="All films below the folders, or below s3://BUCKET/PREFIX, many at once. Those that "
        "have their subtitles are passed over, so the same command goes on after a stop.",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(1),
        metavar="N",
        help="So many of them at the server at once; as many as keep it busy unless given.",
    ),
    click.option(
        "--report-file",
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_report_file,
        metavar="FILE",
        help="One report on all of them: FILE.json, FILE.csv or FILE.html.",
    ),
)
