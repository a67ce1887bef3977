"""Options about the look of cues: a preset, and single numbers over it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from polycue_client.cli.parsing import Number, packed

if TYPE_CHECKING:
    from polycue.api.v1 import media_pb2

SHOT_MODES = ("auto", "on", "off")
_PRESET_SUFFIXES = (".toml", ".json")
_LONGEST_PRESET_CHARS = 65_536  # what a server takes


@dataclass(frozen=True, slots=True)
class PresetChoice:
    """A preset by its name, or a file of the user's own with its ``text``."""

    name: str
    text: str = ""


def read_preset(value: str) -> PresetChoice:
    """What a person names: a preset, or a file where the suffix says so.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no preset; the message says why.
    """
    path = Path(value)
    if path.suffix.lower() not in _PRESET_SUFFIXES:
        return PresetChoice(value)
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_LONGEST_PRESET_CHARS + 1)
    except UnicodeDecodeError as error:
        raise ValueError(f"{value} is not UTF-8 text") from error
    if len(text) > _LONGEST_PRESET_CHARS:
        raise ValueError(f"{value} is larger than a preset may be, 64 KiB")
    if not text.strip():
        raise ValueError(f"{value} is empty")
    return PresetChoice(path.name, text)


def _preset_choice(ctx: click.Context, param: click.Parameter, value: str) -> PresetChoice:
    try:
        return read_preset(value)
    except OSError as error:
        raise click.BadParameter(f"{value}: {error.strerror}", ctx, param) from error
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


@dataclass(frozen=True, slots=True)
class LayoutChoice:
    """How cues look; what is None comes from the preset."""

    preset: PresetChoice
    audience: str
    sdh: bool
    max_line_width: int | None
    max_line_count: int | None
    max_cps: float | None
    min_duration: float | None
    max_duration: float | None
    min_gap: int | None
    chain_gap: float | None
    linger: float | None
    shots: str

    @property
    def kind(self) -> str:
        """What the names of tracks say of their kind."""
        return "sdh" if self.sdh else ""

    def endings(self, formats: Iterable[str]) -> tuple[str, ...]:
        """What the names of tracks end with, after their language."""
        return tuple(f"{self.kind}.{form}" if self.sdh else form for form in formats)

    def config(self) -> "media_pb2.LayoutConfig":
        from polycue.api.v1 import media_pb2
        from polycue_client.requests import duration

        config = media_pb2.LayoutConfig(
            preset=self.preset.name,
            custom_preset=self.preset.text,
            audience=(
                media_pb2.AUDIENCE_CHILDREN
                if self.audience == "children"
                else media_pb2.AUDIENCE_UNSPECIFIED
            ),
            hearing_impaired=self.sdh,
            max_line_chars=self.max_line_width,
            max_line_count=self.max_line_count,
            max_chars_per_second=self.max_cps,
            min_gap_frames=self.min_gap,
            shots=(
                media_pb2.SHOT_MODE_UNSPECIFIED
                if self.shots == "auto"
                else media_pb2.ShotMode.Value(f"SHOT_MODE_{self.shots.upper()}")
            ),
        )
        for field, seconds in (
            (config.min_cue_duration, self.min_duration),
            (config.max_cue_duration, self.max_duration),
            (config.chain_gap, self.chain_gap),
            (config.linger, self.linger),
        ):
            if seconds is not None:
                field.CopyFrom(duration(seconds))
        return config


layout_options = packed(
    "layout",
    LayoutChoice,
    "Look of the cues",
    click.option(
        "--preset",
        default="",
        metavar="NAME|FILE",
        callback=_preset_choice,
        help="One of 'polycue presets', or your own .toml or .json; netflix unless given.",
    ),
    click.option(
        "--audience",
        type=click.Choice(["adult", "children"]),
        default="adult",
        help="Children read more slowly.",
    ),
    click.option(
        "--sdh",
        is_flag=True,
        help="For the deaf and hard of hearing: the preset's limits for them, files named .sdh. "
        "Sounds are not described.",
    ),
    click.option(
        "--max-line-width", type=click.IntRange(1, 200), metavar="N", help="Characters in a line."
    ),
    click.option(
        "--max-line-count", type=click.IntRange(1, 4), metavar="N", help="Lines in a cue."
    ),
    click.option(
        "--max-cps",
        type=Number(1, 1000),
        metavar="N",
        help="Characters to read in a second.",
    ),
    click.option("--min-duration", type=Number(0, 10), metavar="S", help="Shortest stay of a cue."),
    click.option("--max-duration", type=Number(1, 60), metavar="S", help="Longest stay of a cue."),
    click.option(
        "--min-gap", type=click.IntRange(0, 24), metavar="N", help="Frames between two cues."
    ),
    click.option(
        "--chain-gap",
        type=Number(0, 5),
        metavar="S",
        help="Gaps shorter than this are closed to --min-gap.",
    ),
    click.option(
        "--linger",
        type=Number(0, 5),
        metavar="S",
        help="How long a cue may stay after its last word.",
    ),
    click.option(
        "--shots",
        type=click.Choice(SHOT_MODES),
        default="auto",
        help="Whether cues change with the cuts of the picture; 'auto' where the preset says so, "
        "and as far as looking for them delays nothing much.",
    ),
)
