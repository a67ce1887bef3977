"""Subtitle files that come from somewhere else: read, repaired, and made ready to be muxed."""

from pathlib import Path

from polycue.domain.errors import UnknownLanguage, Unreadable
from polycue.domain.language import autonym, canonical
from polycue.domain.notice import Notice
from polycue.domain.request import GivenTrack, InputFile
from polycue.domain.track import Track, TrackFile, TrackFormat
from polycue.tracks.files import (
    decode_text,
    format_of,
    parse,
    render,
    write_atomically,
)
from polycue.tracks.overlap import settled
from polycue.tracks.reading import Reading
from polycue.tracks.size import read_file


def read_subtitles(file: InputFile) -> Reading:
    """The cues of a subtitle file in order, none overlapping the next.

    Raises:
        Unreadable: the file cannot be read.
        SubtitleSyntax: it holds no subtitles.
        LimitExceeded: it is too large.
    """
    try:
        text = decode_text(read_file(file.path))
    except OSError as error:
        raise Unreadable(file.path, error.strerror or str(error)) from error
    return settled(parse(text, format_of(file.filename, text)))


def prepare_track(
    given: GivenTrack, number: int, form: TrackFormat, *, folder: Path
) -> tuple[TrackFile, tuple[Notice, ...]]:
    """Write a caller's subtitle file into ``folder`` in the format its container takes."""
    reading = read_subtitles(given.subtitle)
    path = folder / f"{number}.{form.value}"
    write_atomically(path, render(Track(given.language, reading.cues, kind=given.kind), form))
    title = given.title or autonym(given.language)
    file = TrackFile(path, given.language, title=title, kind=given.kind, default=given.default)
    return file, reading.notices


def stem_without_language(stem: str, language: str) -> str:
    """``movie`` of ``movie.en``, ``movie.en.sdh`` and of ``movie``."""
    stem = _without_kind(stem)
    head, _, tail = stem.rpartition(".")
    return head if head and _language(tail) == language else stem


def language_of_stem(stem: str) -> str:
    """``en`` of ``movie.en`` and ``movie.en.sdh``; "" where a file's name says none."""
    head, _, tail = _without_kind(stem).rpartition(".")
    return _language(tail) if head else ""


def _without_kind(stem: str) -> str:
    for kind in (".sdh", ".forced"):
        stem = stem.removesuffix(kind)
    return stem


def _language(text: str) -> str:
    # Codes only: canonical() also knows languages by name, and a film may be called "Danish".
    if not text or len(text.split("-")[0]) > 3:
        return ""
    try:
        return canonical(text)
    except UnknownLanguage:
        return ""
