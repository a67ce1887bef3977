from pathlib import Path

import pytest

from polycue_client.glossary import Glossary, read_glossary


def write(folder: Path, text: str, name: str = "terms.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def entries(path: Path, language: str, *kept: str) -> list[tuple[str, str, bool]]:
    found = Glossary(read_glossary(path), kept).entries(language)
    return [(e.term, e.translation, e.case_sensitive) for e in found]


def test_each_language_has_a_column(tmp_path: Path) -> None:
    path = write(tmp_path, "term,es,de,case\nriver,río,Fluss,\nUS,EE. UU.,,exact\n")
    assert entries(path, "es") == [("river", "río", False), ("US", "EE. UU.", True)]
    assert entries(path, "de") == [("river", "Fluss", False)]
    assert entries(path, "fr") == []


def test_a_region_takes_its_own_column_before_that_of_its_language(tmp_path: Path) -> None:
    path = write(tmp_path, "term,es,es-MX\ncar,coche,carro\nriver,río,\n")
    assert entries(path, "es-mx") == [("car", "carro", False), ("river", "río", False)]


def test_one_column_may_be_for_every_language(tmp_path: Path) -> None:
    path = write(tmp_path, "term\ttranslation\nOkay\tOK\n", "terms.tsv")
    assert entries(path, "es") == entries(path, "ja") == [("Okay", "OK", False)]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_mark_between_cells_is_seen(tmp_path: Path, mark: str) -> None:
    path = write(tmp_path, f'\ufeffTerm{mark}ES\r\n\r\n"a, b"{mark}c\r\n')
    assert entries(path, "es") == [("a, b", "c", False)]


def test_kept_terms_are_for_every_language(tmp_path: Path) -> None:
    path = write(tmp_path, "term,es\nriver,río\n")
    assert entries(path, "de", "polycue", "FFmpeg") == [
        ("polycue", "", False),
        ("FFmpeg", "", False),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("river,río\n", "line 1: name the columns first"),
        ("term\n", "line 1: name the columns first"),
        ("term,es,es\n", "line 1: two columns"),
        ("term,es\nriver,río,Fluss\n", "line 2: has 3 cells, and there are 2 columns"),
        ("term,es\n\n,río\n", "line 3: has no term"),
        ("term,es,case\nriver,río,yes\n", "line 2: 'yes' is no case"),
        ('term,es\n"river,río\n', "line 2: "),
    ],
)
def test_what_is_no_glossary_is_told_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as told:
        read_glossary(write(tmp_path, text))
    assert "terms.csv" in str(told.value)


def test_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "terms.csv"
    path.write_bytes("term,es\nriver,río\n".encode("latin-1"))
    with pytest.raises(ValueError, match="save it as UTF-8"):
        read_glossary(path)
