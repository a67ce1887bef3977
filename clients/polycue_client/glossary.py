"""Tables of terms whose translation is settled.

A glossary is a CSV or TSV file, as spreadsheets and other translation tools write them, whose first
line names its columns::

    term,es,de,case
    river mouth,desembocadura,Flussmündung,
    US,EE. UU.,USA,exact
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from polycue.api.v1 import media_pb2

_TERM, _CASE, _ANY = "term", "case", "translation"
_EXACT = "exact"
_DELIMITERS = "\t;,"  # a spreadsheet takes the semicolon where the comma is the decimal mark


@dataclass(frozen=True, slots=True)
class Row:
    """A term, and its translations by the names of their columns, in lower case."""

    term: str
    translations: dict[str, str]
    case_sensitive: bool


@dataclass(frozen=True, slots=True)
class Glossary:
    """The rows of a file, and terms to be kept in every language."""

    rows: tuple[Row, ...] = ()
    kept: tuple[str, ...] = ()

    def entries(self, language: str) -> list[media_pb2.GlossaryEntry]:
        """What holds for one target language: for ``es-MX`` what the file says of it, or of es."""
        wanted = language.lower()
        columns = (wanted, wanted.partition("-")[0], _ANY)
        found = []
        for row in self.rows:
            cells = (row.translations.get(column, "") for column in columns)
            if translation := next(filter(None, cells), ""):
                entry = media_pb2.GlossaryEntry(
                    term=row.term, translation=translation, case_sensitive=row.case_sensitive
                )
                found.append(entry)
        return [*found, *(media_pb2.GlossaryEntry(term=term) for term in self.kept)]

    def target(
        self, language: str, *, keep_source_cues: bool = False, beam_size: int | None = None
    ) -> media_pb2.TranslateConfig:
        return media_pb2.TranslateConfig(
            target_language_code=language,
            keep_source_cues=keep_source_cues,
            glossary=self.entries(language),
            beam_size=beam_size,
        )


def read_glossary(path: Path) -> tuple[Row, ...]:
    """The rows of a CSV or TSV file in UTF-8.

    A column ``translation`` is for every language; an empty cell says nothing. ``case`` is "exact"
    where the term is to be found in just its own capital and small letters.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no such table; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8; save it as UTF-8") from error
    if not lines:
        raise ValueError(f"{path.name} is empty; its first line is such as: term,es,de")
    delimiter = next((mark for mark in _DELIMITERS if mark in lines[0]), ",")
    table = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        names = _columns([cell.strip().lower() for cell in next(table)])
        return tuple(_rows(table, names))
    except (csv.Error, ValueError) as error:
        raise ValueError(f"{path.name}, line {table.line_num}: {error}") from error


def _columns(names: list[str]) -> list[str]:
    if names[:1] != [_TERM] or len(names) < 2:
        raise ValueError("name the columns first, such as: term,es,de")
    if len(set(names)) < len(names) or not all(names):
        raise ValueError("two columns have one name, or one has none")
    return names


def _rows(table: Iterator[list[str]], names: Sequence[str]) -> Iterator[Row]:
    for cells in table:
        row = [cell.strip() for cell in cells]
        if not any(row):
            continue
        if len(row) > len(names):
            raise ValueError(f"has {len(row)} cells, and there are {len(names)} columns")
        named = dict(zip(names, row, strict=False))
        term, case = named.pop(_TERM), named.pop(_CASE, "")
        if not term:
            raise ValueError("has no term")
        if case not in ("", _EXACT):
            raise ValueError(f"{case!r} is no case; leave it empty or write {_EXACT!r}")
        yield Row(term, named, case == _EXACT)
