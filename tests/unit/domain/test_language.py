import contextlib
import subprocess
import sys

import langcodes
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain import language
from polycue.domain.errors import UnknownLanguage
from polycue.domain.language_names import NAMES
from polycue.whisperlib import faster_whisper


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("pt_br", "pt-BR"),
        ("zh-hant", "zh-Hant"),
        ("Spanish", "es"),
        ("español", "es"),
        ("Deutsch", "de"),
        (" fr ", "fr"),
        ("ger", "de"),
        ("iw", "he"),  # the code that Java and old players still write
    ],
)
def test_a_language_is_known_by_tag_code_and_name(text: str, tag: str) -> None:
    assert language.canonical(text) == tag


@pytest.mark.parametrize("text", ["xx", "", "   ", "no such language", "12"])
def test_what_is_no_language_is_refused_with_the_text_and_its_field(text: str) -> None:
    with pytest.raises(UnknownLanguage) as caught:
        language.canonical(text, "translate_to")
    assert caught.value.text == text
    assert caught.value.field == "translate_to"


@pytest.mark.parametrize(
    ("tag", "mp4", "matroska"),
    [("en", "eng", "eng"), ("de", "deu", "ger"), ("fr", "fra", "fre"), ("zh-Hant", "zho", "chi")],
)
def test_containers_get_the_three_letters_they_take(tag: str, mp4: str, matroska: str) -> None:
    assert language.iso639_2t(tag) == mp4
    assert language.iso639_2b(tag) == matroska


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("eng", "en"),
        ("ger", "de"),
        ("deu", "de"),
        ("pt-BR", "pt-BR"),
        ("", "und"),
        ("und", "und"),
        ("mul", "und"),
        ("xx-bogus", "und"),
    ],
)
def test_a_containers_code_becomes_a_tag_and_nonsense_becomes_undetermined(
    code: str, tag: str
) -> None:
    assert language.from_iso639_2(code) == tag


@pytest.mark.parametrize("code", ["en", "de", "jw", "yue", "no", "zh", "haw"])
def test_whispers_codes_come_back_as_they_went(code: str) -> None:
    assert language.whisper_code(language.from_whisper(code)) == code


@pytest.mark.parametrize("code", ["en", "es", "zt", "pb", "nb", "zh"])
def test_argoss_codes_come_back_as_they_went(code: str) -> None:
    assert language.argos_code(language.from_argos(code)) == code


def test_players_menus_show_a_language_in_its_own_words() -> None:
    assert language.autonym("es") == "Español"
    assert language.autonym("de") == "Deutsch"
    assert language.name("pt-BR") == "Portuguese (Brazil)"
    assert language.autonym("ka") == "ქართული"  # once "Ქართული", of another alphabet to the eye


def test_the_names_at_hand_are_those_of_cldr() -> None:
    for tag, (english, own) in NAMES.items():
        assert language.canonical(tag) == tag
        assert english == langcodes.get(tag).display_name()
        if tag not in {"zh-HK", "zh-TW"}:  # for these langcodes has none but the English ones
            assert own.casefold() == langcodes.get(tag).autonym().casefold()


def test_every_language_that_whisper_knows_has_its_names_at_hand() -> None:
    codes = faster_whisper.tokenizer._LANGUAGE_CODES
    spoken = {language.canonical(language.from_whisper(code)) for code in codes}
    assert spoken <= NAMES.keys()


def test_the_first_title_of_a_track_does_not_wait_for_the_names_of_all_languages() -> None:
    # The first mux of a server waited a second for them, and with it everybody else.
    program = (
        "import sys; from polycue.domain import language;"
        "print(language.autonym('de'), language.name('es'));"
        "print('language_data.name_data' in sys.modules)"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert out.stdout.split() == ["Deutsch", "Spanish", "False"]


def test_a_language_that_few_speak_has_its_names_too() -> None:
    assert "hsb" not in NAMES
    assert (language.name("hsb"), language.autonym("hsb")) == ("Upper Sorbian", "Hornjoserbšćina")


@pytest.mark.parametrize("text", ["\0", "en\0", "\0z47", "e\udcff", "\n\x1b[2J"])
def test_what_cannot_be_printed_is_no_language(text: str) -> None:
    # With a NUL in it langcodes read memory that was not its own.
    with pytest.raises(UnknownLanguage):
        language.canonical(text)


@given(st.text(st.characters()))
def test_any_text_is_a_language_or_refused(text: str) -> None:
    with contextlib.suppress(UnknownLanguage):
        assert language.canonical(text)


def test_tags_that_callers_make_up_do_not_fill_the_memory() -> None:
    for number in range(4200):
        language.autonym(f"en-x-{number}")
    assert language.autonym.cache_info().currsize <= 4096
