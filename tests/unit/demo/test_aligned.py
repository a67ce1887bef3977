"""Which word means which, as the benchmark of timing takes it."""

import random

import pytest
from benchmarks import aligned


@pytest.mark.parametrize("target", ["es", "de"])
def test_every_word_of_a_translation_means_words_that_were_said(target: aligned.Language) -> None:
    rng = random.Random(4)
    for number in range(300):
        sentence = aligned.sentence(rng, clauses=1 + number % 3)
        meanings = sentence.meanings("en", target)
        assert len(meanings) == len(sentence.words(target))
        said = range(len(sentence.words("en")))
        assert all(meant and set(meant) <= set(said) for meant in meanings)


def test_a_german_verb_means_the_english_one_wherever_it_stands() -> None:
    rng = random.Random(4)
    sentence = next(
        made
        for made in iter(lambda: aligned.sentence(rng), None)
        if "sich" in made.words("de") and made.texts["de"].startswith(("Im", "In", "Am"))
    )
    words, there = sentence.words("en"), sentence.words("de")
    meanings = sentence.meanings("en", "de")
    said = {words[meanings[there.index("sich")][0]].strip(".")}
    assert said == {words[meanings[there.index("sich") - 1][0]].strip(".")}
