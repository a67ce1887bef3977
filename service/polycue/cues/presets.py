"""The limits a track is held to: numbers of a preset and a language, and the caller's own."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from polycue.cues.frames import FrameGrid
from polycue.cues.preset_file import (
    BOUNDS,
    DEFAULT_PRESET,
    Preset,
    parse_preset,
    preset_names,
    shipped,
)
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import Audience, LayoutOptions, ShotMode

__all__ = ["DEFAULT_PRESET", "Rules", "preset_names", "preset_of", "rules_for"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What cues of one track are laid out by, and which of it are rules they must keep to.

    Lines are measured by ``measure.width``, reading speed by ``measure.reading_chars``. A gap
    between two cues is ``min_gap_frames`` long or at least ``chain_gap_ms``. ``linger_ms`` is how
    long text may stand once its words are spoken. ``frame_rate`` is the film's, None where it has
    no pictures or cues do not answer to them.

    Every number guides the layout, also one that the preset does not name: these are ``unchecked``,
    and only ``limit`` says what a cue may be told off for. What follows from
    ``max_words_per_minute`` on is None where the preset has no such rule: a cue comes on with a cut
    that is nearer than ``shot_zone_ms`` and goes ``shot_gap_frames`` before one, ``dash`` is how
    speakers who share a cue are told apart ("tight" for ``-X``, "spaced" for ``- X``, "second" for
    ``-X`` before the second one only), ``italics`` whether text may be slanted. ``explain`` is no
    rule: cues are to say what they cost.
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
    max_words_per_minute: float | None = None
    shot_zone_ms: int | None = None
    shot_gap_frames: int | None = None
    dash: str | None = None
    italics: bool | None = None
    unchecked: frozenset[str] = frozenset()
    explain: bool = False

    @property
    def grid(self) -> FrameGrid:
        return FrameGrid.of(self.frame_rate, self.min_gap_frames)

    def limit(self, name: str) -> float | None:
        """The number of that name where it is a rule; None means that nothing is to be checked."""
        value: float | None = getattr(self, name)
        return None if name in self.unchecked else value


_GUIDES = (
    *("max_line_chars", "max_line_count", "min_cue_ms", "max_cue_ms", "max_chars_per_second"),
    *("min_gap_frames", "chain_gap_ms", "linger_ms"),
)
_SHOTS = ("shot_zone_ms", "shot_gap_frames")
_OPTIONAL = ("max_words_per_minute", "shot_zone_ms", "shot_gap_frames", "dash", "italics")


def rules_for(
    options: LayoutOptions,
    language: str,
    frame_rate: Fraction | None,
    *,
    translated: bool = False,
) -> Rules:
    """The preset's numbers for the language (BCP-47), with the caller's own over them.

    ``translated`` tracks may have rules of their own: who reads them does not hear what they say.

    Raises:
        InvalidRequest: there is no such preset, or a number is out of bounds.
    """
    variants = _variants(options, translated=translated)
    preset = preset_of(options)
    named = preset.rules(language, variants) | _own_numbers(options)
    stated = {name: value for name, value in named.items() if value is not None}
    # Where nobody says anything, the default preset has a number.
    numbers = shipped(DEFAULT_PRESET).rules(language, variants) | preset.layout() | stated
    guides = _GUIDES + (_SHOTS if options.shots is ShotMode.ON else ())
    chosen: dict[str, Any] = {name: stated.get(name) for name in _OPTIONAL}
    chosen |= {name: numbers[name] for name in guides}
    rules = Rules(
        language=language,
        frame_rate=frame_rate if numbers.get("on_frames", True) else None,
        unchecked=frozenset(guides) - stated.keys(),
        explain=options.explain,
        **chosen,
    )
    _require_stays(rules, options, preset)
    return rules


def preset_of(options: LayoutOptions) -> Preset:
    """The preset that is meant: the caller's own where there is one.

    Raises:
        InvalidRequest: there is no such preset, or the caller's own is none.
    """
    if options.custom_preset:
        return parse_preset(options.custom_preset, options.preset or "the custom preset")
    return shipped(options.preset or DEFAULT_PRESET)


def _variants(options: LayoutOptions, *, translated: bool) -> frozenset[str]:
    children, impaired = options.audience is Audience.CHILDREN, options.hearing_impaired
    variants = {
        "translated": translated,
        "children": children,
        "sdh": impaired,
        "sdh_children": impaired and children,
    }
    return frozenset(name for name, applies in variants.items() if applies)


def _own_numbers(options: LayoutOptions) -> dict[str, Any]:
    """What the caller set, each within its bounds."""
    own = {name: getattr(options, name) for name in _GUIDES}
    for name, value in own.items():
        low, high = BOUNDS[name]
        if value is not None and not (math.isfinite(value) and low <= value <= high):
            raise InvalidRequest(f"layout.{name}", f"{value} is not within {low:g} to {high:g}")
    return {name: value for name, value in own.items() if value is not None}


def _require_stays(rules: Rules, options: LayoutOptions, preset: Preset) -> None:
    if rules.min_cue_ms <= rules.max_cue_ms:
        return
    problem = (
        f"the shortest stay, {rules.min_cue_ms} ms, is over the longest, {rules.max_cue_ms} ms"
    )
    for name in ("min_cue_ms", "max_cue_ms"):
        if getattr(options, name) is not None:
            raise InvalidRequest(f"layout.{name}", problem)
    raise InvalidRequest("layout.custom_preset", f"{preset.name}: {problem}")
