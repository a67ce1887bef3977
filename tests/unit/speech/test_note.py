from pathlib import Path

import pytest

from polycue.domain.errors import ModelDamaged
from polycue.speech.note import ModelNote


def test_a_real_model_has_no_note(tmp_path: Path) -> None:
    assert ModelNote.beside(tmp_path, "small") == ModelNote(demo=False, translates=None)


def test_a_demo_model_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "polycue.json").write_text(
        '{"demo": true, "languages": ["en"], "translates": false}'
    )
    assert ModelNote.beside(tmp_path, "demo-en") == ModelNote(
        demo=True, languages=("en",), translates=False
    )


@pytest.mark.parametrize("text", [
    "", "{", "[]", "null", '{"what": 1}', '{"languages": 3}', '{"median_filter_width": 4}', "\x00",
])  # fmt: skip
def test_a_note_that_is_none_is_damage(tmp_path: Path, text: str) -> None:
    (tmp_path / "polycue.json").write_text(text)
    with pytest.raises(ModelDamaged, match=r"polycue\.json"):
        ModelNote.beside(tmp_path, "demo-en")


@pytest.mark.parametrize(
    ("note", "model", "multilingual", "can"),
    [
        (ModelNote(), "small", True, True),
        (ModelNote(), "small.en", False, False),
        (ModelNote(), "large-v3-turbo", True, False),
        (ModelNote(), "distil-large-v3", True, False),
        (ModelNote(translates=True), "turbo", False, True),
        (ModelNote(translates=False), "small", True, False),
    ],
)
def test_the_kind_of_model_says_whether_it_translates_where_no_note_does(
    note: ModelNote, model: str, multilingual: bool, can: bool
) -> None:
    assert note.can_translate(model, multilingual=multilingual) is can
