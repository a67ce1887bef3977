"""Options about what is written: in which formats, and where to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from polycue_client.cli.parsing import comma_list_of, packed

if TYPE_CHECKING:
    from polycue_client.cli.outputs import Placement

FORMATS = ("srt", "vtt", "json", "ass", "ttml", "txt", "tsv", "hls")
STDOUT = "-"
REPORT_PAGE = "report.html"


@dataclass(frozen=True, slots=True)
class OutputChoice:
    """Where results go and what is shown of them."""

    output_dir: str
    overwrite: bool
    as_json: bool
    print_captions: bool

    def __post_init__(self) -> None:
        if self.to_stdout + self.as_json + self.print_captions > 1:
            raise click.UsageError("-o -, --json and --print all write to stdout; choose one")

    @property
    def to_stdout(self) -> bool:
        return self.output_dir == STDOUT

    def refuse_folders(self, formats: Iterable[str], *, report_page: bool = False) -> None:
        """Return where the formats can go where they shall.

        Raises:
            click.UsageError: an HLS track, which is a folder, was to go to stdout, or a track with
                a page about it.
        """
        if self.to_stdout and "hls" in formats:
            raise click.UsageError("-o - prints one file; hls makes a folder, so name one with -o")
        if self.to_stdout and report_page:
            raise click.UsageError("-o - prints one file; --report makes another, so name a folder")

    def placement(self, path: Path, stem: str) -> "Placement":
        from polycue_client.cli.outputs import Placement

        beside = self.output_dir in ("source", STDOUT)
        return Placement(path.parent if beside else Path(self.output_dir), stem)


output_options = packed(
    "output",
    OutputChoice,
    "Output",
    click.option(
        "--output-dir",
        "-o",
        default="source",
        metavar="DIR",
        help="Beside each file unless given; '-' prints a single track.",
    ),
    click.option("--overwrite", "-y", is_flag=True, help="Replace files that are there."),
    click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout."),
    click.option(
        "--print", "print_captions", is_flag=True, help="Show the captions, side by side."
    ),
)

report_option = click.option(
    "--report",
    "report_page",
    is_flag=True,
    help="Also a page on each track: the rules it breaks, reading speed, and its cues.",
)

formats_option = click.option(
    "--output-format",
    "-f",
    "formats",
    multiple=True,
    callback=comma_list_of(*FORMATS, everything="all"),
    metavar="FORMAT,...",
    help=f"One or several of {', '.join(FORMATS[:-1])} and {FORMATS[-1]}, or 'all'.",
)

_CANONICAL = re.compile(r"[a-z]{2}(-[A-Z]{2})?")  # of three letters many have two: eng is en


def is_canonical(language: str) -> bool:
    """Whether a server will write the language just so, and files can be named before."""
    return _CANONICAL.fullmatch(language) is not None
