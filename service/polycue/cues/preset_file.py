"""Presets as they are written: TOML or JSON, shipped with polycue or a caller's own.

``docs/presets.md`` describes the file. Every key and number in it is checked as it is read, so what
a ``Preset`` holds can be used.
"""

import functools
import json
import math
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from typing import Any, Self

from polycue.domain.errors import InvalidRequest, UnknownLanguage
from polycue.domain.language import canonical

DEFAULT_PRESET = "netflix"

# What a number may be. Below a second there is no room to close a gap.
BOUNDS: dict[str, tuple[float, float]] = {
    "max_line_chars": (1, 200),
    "max_line_count": (1, 4),
    "min_cue_ms": (0, 10_000),
    "max_cue_ms": (1_000, 60_000),
    "max_chars_per_second": (1, 1_000),
    "max_words_per_minute": (10, 10_000),
    "min_gap_frames": (0, 24),
    "chain_gap_ms": (0, 5_000),
    "linger_ms": (0, 5_000),
    "shot_zone_ms": (0, 2_000),
    "shot_gap_frames": (0, 24),
}
_FRACTIONAL = frozenset({"max_chars_per_second", "max_words_per_minute"})
DASHES = ("tight", "spaced", "second")  # "-X", "- X", and "-X" for the second speaker only
_FLAGS = frozenset({"italics", "on_frames"})

# Tracks that rules of their own may be for, the more special ones later.
VARIANTS = ("translated", "children", "sdh", "sdh_children")
_RULES = (*BOUNDS, "dash", "italics")
_LAYOUT = (*BOUNDS, "on_frames")
_TOP = ("extends", "title", "source", "checked", "note", "default", "languages", "layout")
_NO_RULE = "none"
_MOST_DOTS = 64

Numbers = Mapping[str, Any]
"""Values by their names in the file. None says that there is no such rule."""


@dataclass(frozen=True, slots=True)
class Section:
    """The rules of one language, or of all, and what variants of a track do differently."""

    rules: Numbers = field(default_factory=dict)
    variants: Mapping[str, Numbers] = field(default_factory=dict)

    def of(self, variants: Collection[str]) -> dict[str, Any]:
        found = dict(self.rules)
        for name in VARIANTS:
            if name in variants:
                found |= self.variants.get(name, {})
        return found


@dataclass(frozen=True, slots=True)
class Preset:
    """A file that was read. ``checked`` is the ISO date at which ``source`` said so, or ""."""

    name: str
    title: str = ""
    source: str = ""
    checked: str = ""
    note: str = ""
    base: Self | None = None
    default: Section = field(default_factory=Section)
    languages: Mapping[str, Section] = field(default_factory=dict)
    aims: Numbers = field(default_factory=dict)

    def rules(self, language: str, variants: Collection[str]) -> dict[str, Any]:
        """The rules for the language (BCP-47), those of the preset that this one extends below.

        A tag takes the entry that names most of it: zh-Hant-TW takes zh-Hant where there is one.
        """
        found = self.base.rules(language, variants) if self.base else {}
        subtags = language.split("-")
        tags = ("-".join(subtags[:count]) for count in range(len(subtags), 0, -1))
        own = next((self.languages[tag] for tag in tags if tag in self.languages), Section())
        return found | self.default.of(variants) | own.of(variants)

    def layout(self) -> dict[str, Any]:
        """Numbers to lay out by where there is no rule."""
        return (self.base.layout() if self.base else {}) | dict(self.aims)


@functools.cache
def preset_names() -> tuple[str, ...]:
    folder = resources.files("polycue.cues") / "presets"
    names = (file.name for file in folder.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def shipped(name: str, preset_field: str = "layout.preset") -> Preset:
    """The preset of that name.

    Raises:
        InvalidRequest: there is none.
    """
    if name not in preset_names():
        known = ", ".join(preset_names())
        raise InvalidRequest(preset_field, f"there is no preset {name[:80]!r}; there is {known}")
    return _shipped(name)


@functools.cache
def _shipped(name: str) -> Preset:
    file = resources.files("polycue.cues") / "presets" / f"{name}.toml"
    return parse_preset(file.read_text(encoding="utf-8"), name)


@functools.lru_cache(maxsize=64)  # a job asks for each of its tracks; texts have a limited size
def parse_preset(text: str, name: str) -> Preset:
    """Read a preset. ``name`` is what messages call it, such as its file's name.

    Raises:
        InvalidRequest: it is no preset; the error names the key and says what may stand there.
    """
    return _Reading(name).preset(_document(text, name))


def _document(text: str, name: str) -> Any:
    try:
        return json.loads(text) if text.lstrip().startswith("{") else _toml(text)
    except (ValueError, RecursionError) as error:
        problem = "is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidRequest("layout.custom_preset", f"{name}: {problem}") from error


def _toml(text: str) -> Any:
    """The document; tomllib takes a minute for a key of 64 KiB with a dot in every second place."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.count(".") > _MOST_DOTS:
            raise ValueError(f"line {number} has more than {_MOST_DOTS} dots")
    return tomllib.loads(text)


class _Reading:
    """Checks one file; ``where`` says in messages which part of it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def preset(self, data: Any) -> Preset:
        data = self._table(data, "", _TOP)
        languages = self._table(data.get("languages", {}), "languages", None)
        return Preset(
            name=self._name,
            title=self._text(data, "title"),
            source=self._text(data, "source"),
            checked=self._date(data.get("checked", "")),
            note=self._text(data, "note"),
            base=self._base(data),
            default=self._section(data.get("default", {}), "default"),
            languages={
                self._language(tag): self._section(section, f"languages.{tag}")
                for tag, section in languages.items()
            },
            aims=self._values(data.get("layout", {}), "layout", _LAYOUT, may_lack=False),
        )

    def _base(self, data: Mapping[str, Any]) -> Preset | None:
        name = self._text(data, "extends")
        if name and name not in preset_names():
            raise self._error("extends", f"{name!r} is none of {', '.join(preset_names())}")
        return _shipped(name) if name else None

    def _section(self, data: Any, where: str) -> Section:
        table = self._table(data, where, (*_RULES, *VARIANTS, "source"))
        self._text(table, "source", where)
        rules = {name: value for name, value in table.items() if name in _RULES}
        return Section(
            self._values(rules, where, _RULES, may_lack=True),
            {
                name: self._values(table[name], f"{where}.{name}", _RULES, may_lack=True)
                for name in VARIANTS
                if name in table
            },
        )

    def _values(self, data: Any, where: str, known: Collection[str], *, may_lack: bool) -> Numbers:
        table = self._table(data, where, known)
        return {
            name: None if may_lack and value == _NO_RULE else self._value(name, value, where)
            for name, value in table.items()
        }

    def _value(self, name: str, value: Any, where: str) -> Any:
        place = f"{where}.{name}"
        if name == "dash":
            if value not in DASHES:
                raise self._error(place, f"{value!r} is none of {', '.join(DASHES)}")
            return value
        if name in _FLAGS:
            if not isinstance(value, bool):
                raise self._error(place, f"{value!r} is neither true nor false")
            return value
        return self._number(name, value, place)

    def _number(self, name: str, value: Any, place: str) -> float:
        low, high = BOUNDS[name]
        kind = "a number" if name in _FRACTIONAL else "a whole number"
        allowed = (int, float) if name in _FRACTIONAL else (int,)
        if isinstance(value, bool) or not isinstance(value, allowed):
            raise self._error(place, f"{value!r} is not {kind}, {low:g} to {high:g}")
        if not (math.isfinite(value) and low <= value <= high):
            raise self._error(place, f"{value:g} is not within {low:g} to {high:g}")
        return value

    def _table(self, data: Any, where: str, known: Collection[str] | None) -> Mapping[str, Any]:
        """The table; every key of it must be known, where not any may stand there."""
        if not isinstance(data, dict):
            raise self._error(where, f"{str(data)[:80]!r} is no table of keys and values")
        unknown = [key for key in data if known is not None and key not in known]
        if unknown:
            allowed = ", ".join(known or ())
            raise self._error(where, f"there is no {unknown[0][:80]!r} here; there is {allowed}")
        return data

    def _text(self, data: Mapping[str, Any], name: str, where: str = "") -> str:
        value = data.get(name, "")
        if not isinstance(value, str):
            raise self._error(f"{where}.{name}".lstrip("."), "is not text")
        return value

    def _date(self, value: Any) -> str:
        try:
            return "" if value == "" else date.fromisoformat(str(value)).isoformat()
        except ValueError as error:
            raise self._error("checked", f"{value!r} is no date such as 2026-09-26") from error

    def _language(self, tag: str) -> str:
        try:
            return canonical(tag)
        except UnknownLanguage as error:
            raise self._error("languages", f"{tag[:80]!r} is no language") from error

    def _error(self, where: str, problem: str) -> InvalidRequest:
        place = f"{self._name}: [{where}]" if where else f"{self._name}:"
        return InvalidRequest("layout.custom_preset", f"{place} {problem}")
