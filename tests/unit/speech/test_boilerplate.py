import tomllib
from importlib.resources import files

import pytest

from polycue.speech.boilerplate import is_boilerplate
from polycue.speech.loops import bare

LISTS = sorted(
    entry.name.removesuffix(".toml")
    for entry in files("polycue.speech").joinpath("boilerplate").iterdir()
)


@pytest.mark.parametrize(("language", "text"), [
    ("en", "Thanks for watching!"), ("en", "THANK YOU FOR WATCHING."), ("en-GB", "thank you"),
    ("fr", "Sous-titrage ST' 501"), ("ja", "ご視聴ありがとうございました。"),
    ("zh", "字幕由 Amara.org 社区提供"), ("ru", "Субтитры сделал DimaTorzok"),
    ("ru", "Продолжение следует…"), ("de", "Untertitel im Auftrag des ZDF, 2020"),
    ("eo", "Subtitles by the Amara.org community"), ("sw", "www.mooji.org"),
])  # fmt: skip
def test_a_whole_phrase_is_known_whatever_its_case_and_marks(language: str, text: str) -> None:
    assert is_boilerplate(text, language)


@pytest.mark.parametrize(("language", "text"), [
    ("en", "Thank you for watching over me."), ("en", "He said thank you."), ("en", "..."),
    ("en", ""), ("de", "Thanks for watching!"), ("fr", "Merci beaucoup."),
])  # fmt: skip
def test_more_or_other_words_are_not(language: str, text: str) -> None:
    assert not is_boilerplate(text, language)


@pytest.mark.parametrize("name", LISTS)
def test_every_list_reads_and_says_each_thing_once(name: str) -> None:
    text = files("polycue.speech").joinpath("boilerplate", f"{name}.toml").read_text("utf-8")
    phrases = tomllib.loads(text)["phrases"]
    assert phrases
    assert all(bare(phrase) for phrase in phrases)
    assert len({*phrases}) == len(phrases)


def test_there_is_a_list_for_each_language_the_reference_names() -> None:
    assert {"en", "de", "fr", "es", "it", "pt", "nl", "ru", "ja", "zh", "ko", "und"} <= {*LISTS}
