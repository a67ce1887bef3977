import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.cues.sentences import MAX_WORDS, sentences
from polycue.domain.transcript import Word


def spoken(text: str, *, pause_after: int = -1, pause_ms: int = 0) -> list[Word]:
    """A word every 300 ms, with one pause after the word of this index."""
    words, clock = [], 0
    for index, piece in enumerate(text.split()):
        words.append(Word(piece, clock, clock + 250))
        clock += 300 + (pause_ms if index == pause_after else 0)
    return words


def texts(words: list[Word], language: str = "en") -> list[str]:
    return [sentence.text for sentence in sentences(words, language)]


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("en", ["It rains.", "Does it?", "Yes!"]),
        ("en", ["Mr. Smith met Dr. J. R. Brown.", "They talked."]),
        ("en", ["It weighs 3.5 kg, e.g. on Mars.", "Not here."]),
        ("en", ["He lives in the U.S. now.", "I do not."]),
        ("en", ["It was I.", "Nobody else."]),
        ("en", ['"Why?" she asked.', "Nobody knew."]),
        ("en", ['He said: "Stop."', '"Never."']),
        ("en", ["Well... maybe not.", "We shall see..."]),
        ("en", ["Wait...", "What is this?"]),
        ("en", ["hello there.", "how are you?"]),  # some models write no capitals
        ("de", ["Am 3. Mai kam z. B. Herr Dr. Maier.", "Wer noch?"]),
        ("es", ["¿Quién es el Sr. Pérez?", "¡Nadie!"]),
        ("fr", ["Où est M. Dupont ?", "«Ici.»", "Merci."]),
        ("ru", ["Это г-н Иванов, т. е. директор.", "Да."]),
        ("ru", ["— Да.", "— Нет."]),
        ("hi", ["यह एक वाक्य है।", "यह दूसरा है।"]),
        ("ar", ["من أنت؟", "أنا هنا."]),
    ],
)
def test_sentences_end_with_their_marks(language: str, parts: list[str]) -> None:
    assert texts(spoken(" ".join(parts)), language) == parts


def test_sentences_of_japanese_end_with_their_circle_and_bracket() -> None:
    words = [Word(mark, 0, 0, joined=True) for mark in "彼は「行く。」と言った。はい。"]
    assert texts(words, "ja") == ["彼は「行く。」", "と言った。", "はい。"]


def test_a_pause_ends_a_sentence() -> None:
    text = "so we waited and nothing happened"
    assert texts(spoken(text, pause_after=2, pause_ms=700)) == [text]
    # A word ends 50 ms before the next one starts, so this is 0.8 s.
    assert len(texts(spoken(text, pause_after=2, pause_ms=750))) == 2


def test_another_speaker_ends_a_sentence() -> None:
    words = [Word("and", 0, 1, speaker="A"), Word("but", 1, 2, speaker="B"), Word("so", 2, 3)]
    assert texts(words) == ["and", "but so"]


def test_a_long_run_is_cut_at_its_best_break() -> None:
    text = "one two three four five six seven eight " * 4 + "nine, " + "ten eleven twelve " * 10
    parts = texts(spoken(text))
    assert parts[0].endswith("nine,")
    assert " ".join(parts) == text.strip()


@given(st.lists(st.sampled_from(["a", "the", "b.", "...", "c,", "?", "”", "Mr."]), max_size=200))
def test_every_word_is_in_one_sentence(pieces: list[str]) -> None:
    words = [Word(piece, index, index) for index, piece in enumerate(pieces)]
    found = sentences(words, "en")
    assert [word for sentence in found for word in sentence.words] == words
    assert all(len(sentence.words) <= MAX_WORDS for sentence in found)
