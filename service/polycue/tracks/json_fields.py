"""JSON objects read by name and type, with errors that say where a value is wrong."""

import math
from collections.abc import Callable
from typing import Self, TypeGuard, TypeVar

from polycue.domain.errors import UnknownLanguage
from polycue.domain.language import canonical

T = TypeVar("T")

_MAX_WHOLE = 2**53  # beyond it JSON readers disagree (RFC 8259, section 6)


class WrongField(ValueError):
    """A value is not of its type; the message begins with its path, such as "cues[3].end_ms"."""


class Fields:
    """A JSON object whose fields are taken one by one. Those that nobody asks for are ignored."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise WrongField(f"{where} is not an object")
        self._values: dict[str, object] = value
        self._where = where

    def __repr__(self) -> str:
        return f"Fields({self._where}: {', '.join(self._values)})"

    def error(self, problem: str) -> WrongField:
        return WrongField(f"{self._where} {problem}")

    def text(self, name: str, default: str | None = None) -> str:
        value = self._values.get(name, default)
        if not isinstance(value, str):
            raise self._wrong(name, "text")
        return _without_halves(value)

    def tag(self, name: str, default: str | None = None) -> str:
        """A language, or the default."""
        value = self.text(name, default)
        return value if value == default else self._tag(name, value)

    def tags(self, name: str) -> tuple[str, ...]:
        return tuple(self._tag(name, value) for value in self.texts(name))

    def text_or_none(self, name: str) -> str | None:
        return None if self._values.get(name) is None else self.text(name)

    def whole(self, name: str, default: int | None = None) -> int:
        value = self._values.get(name, default)
        if not _is_whole(value):
            raise self._wrong(name, "whole number")
        return value

    def whole_or_none(self, name: str) -> int | None:
        return None if self._values.get(name) is None else self.whole(name)

    def wholes(self, name: str) -> tuple[int, ...]:
        values = self._list(name)
        if not all(_is_whole(value) for value in values):
            raise self._wrong(name, "list of whole numbers")
        return tuple(value for value in values if _is_whole(value))

    def number(self, name: str, default: float | None = None) -> float:
        """NaN where the document says null; ``default`` where it says nothing."""
        number = self.number_or_none(name) if name in self._values else default
        return math.nan if number is None else number

    def number_or_none(self, name: str) -> float | None:
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self._wrong(name, "number")
        return float(value)

    def flag(self, name: str) -> bool:
        """False where it is missing."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        values = self._list(name)
        if not all(isinstance(value, str) for value in values):
            raise self._wrong(name, "list of texts")
        return tuple(_without_halves(str(value)) for value in values)

    def texts_by_name(self, name: str) -> dict[str, str]:
        values = self._values.get(name, {})
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            raise self._wrong(name, "object of texts")
        return {_without_halves(key): _without_halves(value) for key, value in values.items()}

    def numbers_by_name(self, name: str) -> dict[str, float]:
        values = self._values.get(name, {})
        if not isinstance(values, dict) or not all(map(_is_finite, values.values())):
            raise self._wrong(name, "object of numbers")
        return {_without_halves(key): float(value) for key, value in values.items()}

    def pairs(self, name: str) -> list[tuple[int, int]]:
        """Lists of two whole numbers."""
        return [self._pair(name, value) for value in self._list(name)]

    def child(self, name: str) -> Self | None:
        value = self._values.get(name)
        return None if value is None else type(self)(value, f"{self._where}.{name}")

    def children(self, name: str) -> list[Self]:
        values = self._list(name)
        return [type(self)(v, f"{self._where}.{name}[{i}]") for i, v in enumerate(values)]

    def made(self, read: "Callable[[Self], T]") -> T:
        """What ``read`` makes of the object; where a value refuses, the error says of what."""
        try:
            return read(self)
        except WrongField:
            raise
        except ValueError as error:
            raise self.error(f"cannot be: {error}") from error

    def _list(self, name: str) -> list[object]:
        values = self._values.get(name, [])
        if not isinstance(values, list):
            raise self._wrong(name, "list")
        return values

    def _pair(self, name: str, value: object) -> tuple[int, int]:
        match value:
            case [first, second] if _is_whole(first) and _is_whole(second):
                return first, second
        raise self._wrong(name, "list of pairs of whole numbers")

    def _tag(self, name: str, value: str) -> str:
        try:
            return canonical(value)
        except UnknownLanguage as error:
            raise self.error(f"has no language in {name!r}: {value[:40]!r}") from error

    def _wrong(self, name: str, wanted: str) -> WrongField:
        return self.error(f"has no {wanted} in {name!r}")


def finite(value: float | None) -> float | None:
    """To be written: JSON has no NaN and no infinity; both are null."""
    return float(value) if value is not None and math.isfinite(value) else None


def _without_halves(text: str) -> str:
    """U+FFFD for half a surrogate pair, which an escape can write and no encoding can hold."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_WHOLE


def _is_finite(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return math.isfinite(value)
