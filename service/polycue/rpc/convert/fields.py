"""Checks of single fields, each named as the caller wrote it: ``spec.subtitle.layout``."""

import re
import uuid
from collections.abc import Iterable, Mapping

from polycue.domain.errors import InvalidRequest
from polycue.domain.language import canonical
from polycue.jobs.inputs.elsewhere import LONGEST_FILENAME_BYTES

_LONGEST_LANGUAGE_CHARS = 60  # longer than any name of a language; tags are shorter still
_LABEL_KEY = re.compile(r"[a-z0-9]([a-z0-9_./-]{0,61}[a-z0-9])?")
_MOST_LABELS = 32
_LONGEST_LABEL_CHARS = 255


def language(text: str, field: str) -> str:
    """The canonical tag.

    Raises:
        UnknownLanguage: the text is no language.
        InvalidRequest: it is empty or absurdly long.
    """
    if not text:
        raise InvalidRequest(field, "is required; write a tag such as 'es'")
    if len(text) > _LONGEST_LANGUAGE_CHARS:
        raise InvalidRequest(field, f"is longer than {_LONGEST_LANGUAGE_CHARS} characters")
    return canonical(text, field)


def optional_language(text: str, field: str) -> str:
    """The canonical tag, "" where none is given."""
    return language(text, field) if text else ""


def short_text(text: str, field: str, *, most_chars: int) -> str:
    if len(text) > most_chars:
        raise InvalidRequest(field, f"is longer than {most_chars} characters")
    return text


def within(value: float, field: str, low: float, high: float) -> float:
    if not low <= value <= high:  # NaN is not within anything
        raise InvalidRequest(field, f"{value:g} is not within {low:g} to {high:g}")
    return value


def distinct(values: Iterable[str], field: str) -> tuple[str, ...]:
    """The values; none may come twice."""
    found = tuple(values)
    for value in found:
        if found.count(value) > 1:
            raise InvalidRequest(field, f"{value!r} is there twice")
    return found


def request_id(text: str) -> str:
    """A UUID in its usual form, "" where none is given."""
    if not text:
        return ""
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise InvalidRequest("request_id", "is not a UUID") from error


def labels(given: Mapping[str, str]) -> dict[str, str]:
    if len(given) > _MOST_LABELS:
        raise InvalidRequest("labels", f"there are {len(given)}, at most {_MOST_LABELS} are kept")
    for key, value in given.items():
        if not _LABEL_KEY.fullmatch(key):
            raise InvalidRequest(
                "labels",
                f"{key[:80]!r} is no key; it has at most 63 of a-z, 0-9, '_', '.', '/' and '-',"
                " and begins and ends with a letter or digit",
            )
        short_text(value, f"labels[{key}]", most_chars=_LONGEST_LABEL_CHARS)
        if "\0" in value:
            raise InvalidRequest(f"labels[{key}]", "has a NUL, which no database keeps")
    return dict(given)


def filename(text: str) -> str:
    """A name without folders, fit for every file system."""
    if len(text.encode()) > LONGEST_FILENAME_BYTES:
        raise InvalidRequest("filename", f"is longer than {LONGEST_FILENAME_BYTES} bytes")
    if text in {".", ".."} or "/" in text or any(not char.isprintable() for char in text):
        raise InvalidRequest("filename", "is not a plain name without folders")
    return text


def sha256(digest: bytes) -> bytes:
    if len(digest) not in {0, 32}:
        raise InvalidRequest("sha256", f"has {len(digest)} bytes, not 32")
    return digest


def offset(value: int, field: str) -> int:
    if value < 0:
        raise InvalidRequest(field, "is negative")
    return value
