import tomllib
from importlib import resources

import pytest

from polycue.cues.breaks import break_costs
from polycue.cues.vocabulary import vocabulary
from polycue.domain.transcript import Word

LANGUAGES = ["de", "en", "es", "fr", "it", "nl", "pt", "ru"]


def costs(text: str, language: str = "en") -> dict[str, float]:
    """The cost of a break after each word, by the word."""
    words = [Word(piece, 0, 0) for piece in text.split()]
    return dict(zip(text.split(), break_costs(words, language), strict=True))


def test_the_end_of_a_sentence_is_free_and_of_a_clause_nearly() -> None:
    found = costs("The old men of the island slept. Later, when they woke up, it had rained again.")
    assert found["slept."] == 0 == found["again."]
    assert found["Later,"] < found["island"]


def test_nothing_is_worse_than_after_a_function_word() -> None:
    found = costs("the quick animal jumped right over a lazy creature by the riverside")
    tied = {word for word, cost in found.items() if cost > 15}
    assert tied == {"the", "over", "a", "by"}


def test_an_elided_word_that_stands_apart_is_a_function_word_still() -> None:
    found = costs("il buvait lentement toute l' eau qu’ elle versait", "fr")
    assert min(found["l'"], found["qu’"]) > 20 > found["lentement"]
    assert costs("he called it 'awful'", "en")["it"] > 20


def test_before_a_conjunction_is_better_than_before_a_noun() -> None:
    found = costs("several quick animals jumped high because lazy creatures slept there all day")
    assert found["high"] < found["jumped"]


@pytest.mark.parametrize(
    ("language", "text", "before", "worse"),
    [
        ("fr", "petits enfants dormaient bien lorsqu'il rentra hier", "lorsqu'il", "dormaient"),
        ("it", "questi uomini rimasero fermi proprio all'ingresso principale ieri notte",
         "all'ingresso", "rimasero"),
        ("ru", "старые рыбаки долго молчали потому что море шумело", "потому", "долго"),
        ("de", "alte Fischer schwiegen lange weil draußen Sturm tobte", "weil", "schwiegen"),
    ],
)  # fmt: skip
def test_every_language_knows_what_opens_a_phrase(
    language: str, text: str, before: str, worse: str
) -> None:
    words = text.split()
    assert costs(text, language)[words[words.index(before) - 1]] < costs(text, language)[worse]


def test_names_and_numbers_hold_together() -> None:
    found = costs("yesterday old Anna Maria weighed 42 tonnes exactly there")
    assert found["Anna"] > found["weighed"]
    assert found["42"] > found["weighed"]


def test_a_dash_does_not_begin_a_line() -> None:
    found = costs("meeting several essentially unknown strangers -- sometimes multiple ones")
    assert found["--"] < found["essentially"] < found["strangers"]


def test_marks_are_not_torn_from_their_words() -> None:
    assert costs("Où est il allé ?", "fr")["allé"] >= 30
    words = [Word(mark, 0, 0, joined=True) for mark in "「はい」。はー"]
    opening, within, closing, bracket, circle, long_vowel, _ = break_costs(words, "ja")
    assert circle == 0 < within < min(opening, closing, bracket, long_vowel)


def test_a_language_without_a_list_goes_by_its_marks() -> None:
    found = costs("mtoto mdogo alikimbia, akaanguka chini", "sw")
    assert found["alikimbia,"] < found["mtoto"]
    assert found["chini"] == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_word_lists_are_written_as_they_are_looked_up(language: str) -> None:
    file = resources.files("polycue.cues") / "vocabulary" / f"{language}.toml"
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    for name in data.keys() - {"ordinals"}:
        assert len(set(data[name])) == len(data[name]), f"a word stands twice in {name}"
        assert all(word == word.lower().strip() for word in data[name])
    known = vocabulary(language)
    assert len(known.function_words) >= 60
    assert not known.standing & (set(data["articles"]) | set(data["prepositions"]))
