"""The limits a track is held to: numbers of a preset and a language, and the caller's own."""

import functools
import math
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from typing import Any

from polycue.cues.frames import FrameGrid
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import LayoutOptions

DEFAULT_PRESET = "netflix"


@dataclass(frozen=True, slots=True)
class Rules:
    """What cues of one track must keep to.

    Lines are measured by ``measure.width``, reading speed by ``measure.reading_chars``. A gap
    between two cues is ``min_gap_frames`` long or at least ``chain_gap_ms``. ``linger_ms`` is how
    long text may stand once its words are spoken. ``frame_rate`` is the film's, None where it has
    no pictures.
    """

    language: str
    frame_rate: Fraction | None
    max_line_chars: int
    max_line_count: int
    min_cue_ms: int
    max_cue_ms: int
    max_chars_per_second: float
    min_gap_frames: int
    chain_gap_ms: int
    linger_ms: int

    @property
    def grid(self) -> FrameGrid:
        return FrameGrid.of(self.frame_rate, self.min_gap_frames)


# What a caller may set, within which bounds. Below a second there is no room to close a gap.
_BOUNDS: dict[str, tuple[float, float]] = {
    "max_line_chars": (1, 200),
    "max_line_count": (1, 4),
    "min_cue_ms": (0, 10_000),
    "max_cue_ms": (1_000, 60_000),
    "max_chars_per_second": (1, 1_000),
}


def rules_for(options: LayoutOptions, language: str, frame_rate: Fraction | None) -> Rules:
    """The preset's numbers for the language (BCP-47), with the caller's own over them.

    Raises:
        InvalidRequest: there is no such preset, or a number is out of bounds.
    """
    numbers = _preset_numbers(options.preset or DEFAULT_PRESET, language) | _own_numbers(options)
    rules = Rules(language=language, frame_rate=frame_rate, **numbers)
    if rules.min_cue_ms > rules.max_cue_ms:
        field = "min_cue_ms" if options.min_cue_ms is not None else "max_cue_ms"
        raise InvalidRequest(
            f"layout.{field}",
            f"the shortest stay, {rules.min_cue_ms} ms, is over the longest, {rules.max_cue_ms} ms",
        )
    return rules


@functools.cache
def preset_names() -> tuple[str, ...]:
    folder = resources.files("polycue.cues") / "presets"
    names = (file.name for file in folder.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def _own_numbers(options: LayoutOptions) -> dict[str, Any]:
    """What the caller set, each within its bounds."""
    own = {name: getattr(options, name) for name in _BOUNDS}
    for name, value in own.items():
        low, high = _BOUNDS[name]
        if value is not None and not (math.isfinite(value) and low <= value <= high):
            raise InvalidRequest(f"layout.{name}", f"{value} is not within {low:g} to {high:g}")
    return {name: value for name, value in own.items() if value is not None}


def _preset_numbers(preset: str, language: str) -> dict[str, Any]:
    """The preset's defaults with what the language does differently.

    A tag takes the entry that names most of it: zh-Hant-TW takes zh-Hant where there is one.
    """
    if preset not in preset_names():
        known = ", ".join(preset_names())
        raise InvalidRequest("layout.preset", f"there is no preset {preset!r}; there is {known}")
    data = _preset_file(preset)
    subtags = language.split("-")
    tags = ("-".join(subtags[:count]) for count in range(len(subtags), 0, -1))
    default: dict[str, Any] = data["default"]
    special: dict[str, Any] = next(
        (data["languages"][tag] for tag in tags if tag in data["languages"]), {}
    )
    return default | {name: value for name, value in special.items() if name != "source"}


@functools.cache
def _preset_file(preset: str) -> dict[str, Any]:
    file = resources.files("polycue.cues") / "presets" / f"{preset}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
