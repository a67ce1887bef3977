"""Sentences of the demo's grammar of which it is known which word means which. No benchmark.

Each pattern is that of ``demo.train.grammar``, said once more as units of meaning in the order of
each language; the words of the units must be the grammar's own sentence, or ``AssertionError``.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

from demo.train import grammar, lexicon
from demo.train.grammar import NounPhrase
from demo.train.lexicon import Adjective, Phrase, Verb

Language = Literal["en", "es", "de"]
LANGUAGES: tuple[Language, ...] = ("en", "es", "de")
_CONJUNCTIONS = (("and", "y", "und"), ("but", "pero", "aber"))
_numbers = count()


@dataclass(frozen=True)
class Unit:
    """A run of words that mean something together, the same ``number`` in every language."""

    number: int
    text: str


Units = dict[Language, list[Unit]]


@dataclass(frozen=True)
class Aligned:
    """A sentence in three languages, its words and the units they belong to."""

    texts: dict[Language, str]
    units: Units

    def words(self, language: Language) -> list[str]:
        return self.texts[language].split()

    def meanings(self, source: Language, target: Language) -> list[tuple[int, ...]]:
        """For each target word the source words it means, as far as the grammar knows.

        Within a unit that is said with more words than one ("a lo largo de la costa") they are
        taken to go side by side.
        """
        there = _places(self.units[source])
        found: list[tuple[int, ...]] = []
        for place in _places(self.units[target]).values():
            for k, _ in enumerate(place.words):
                own = there[place.number].words if place.number in there else ()
                first = k * len(own) // len(place.words)
                after = max(first + 1, -(-(k + 1) * len(own) // len(place.words)))
                found.append(tuple(own[first:after]))
        return _filled(found)


@dataclass(frozen=True)
class _Place:
    number: int
    words: tuple[int, ...]


def _places(units: Sequence[Unit]) -> dict[int, _Place]:
    """Where the words of each unit stand; of a unit in two parts the second is never looked up."""
    places: dict[int, _Place] = {}
    at = 0
    for unit in units:
        size = len(unit.text.split())
        words = tuple(range(at, at + size))
        places[unit.number if unit.number not in places else -1 - at] = _Place(unit.number, words)
        at += size
    return places


def _filled(meanings: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """An article that only the translation has means what its noun does."""
    filled = meanings[::-1]
    for i in range(1, len(filled)):
        filled[i] = filled[i] or filled[i - 1]
    return filled[::-1]


def sentence(rng: random.Random, *, clauses: int = 1) -> Aligned:
    """A random sentence; more clauses than one are joined by "and" or "but"."""
    drawn = [rng.choices(_PATTERNS, _WEIGHTS)[0](rng) for _ in range(clauses)]
    whole = drawn[0]
    for other in drawn[1:]:
        words = rng.choice(_CONJUNCTIONS)
        number = next(_numbers)
        texts: dict[Language, str] = {}
        units: Units = {}
        for language, word in zip(LANGUAGES, words, strict=True):
            tail = other.texts[language]
            texts[language] = f"{whole.texts[language][:-1]}, {word} {tail[0].lower()}{tail[1:]}"
            joint = [Unit(number, word)]
            units[language] = [*whole.units[language], *joint, *other.units[language]]
        whole = Aligned(texts, units)
    return whole


def _aligned(made: grammar.Sentence, en: list[Unit], es: list[Unit], de: list[Unit]) -> Aligned:
    texts: dict[Language, str] = {language: made.text(language) for language in LANGUAGES}
    units: Units = {"en": en, "es": es, "de": de}
    for language in LANGUAGES:
        units[language] = [unit for unit in units[language] if unit.text]
        said = " ".join(unit.text for unit in units[language])
        plain = "".join(char for char in texts[language] if char not in ",.?¿")
        assert said.casefold() == plain.casefold(), (said, plain)  # noqa: S101
    return Aligned(texts, units)


def _fixed(en: str, es: str, de: str) -> tuple[Unit, Unit, Unit]:
    number = next(_numbers)
    return Unit(number, en), Unit(number, es), Unit(number, de)


def _phrase(phrase: Phrase | None) -> tuple[Unit, Unit, Unit]:
    return _fixed(phrase.en, phrase.es, phrase.de) if phrase else _fixed("", "", "")


def _noun_phrase(
    np: NounPhrase, case: grammar.Case = "nominative", *, is_object: bool = False
) -> tuple[list[Unit], list[Unit], list[Unit]]:
    """Article, adjective and noun; Spanish has the adjective last."""
    bare = NounPhrase(np.noun, np.plural, np.adjective, "none")
    noun_en, noun_es = np.noun.en[np.plural], np.noun.es[np.plural]
    article_en = np.english().removesuffix(bare.english()).strip()
    spanish = np.spanish_object() if is_object else np.spanish()
    article_es = spanish.removesuffix(bare.spanish()).strip()
    *front, noun_de = np.german(case).split()
    adjective_de = front.pop() if np.adjective else ""
    article, adjective = next(_numbers), next(_numbers)
    noun = next(_numbers)
    adjective_en = np.adjective.en if np.adjective else ""
    adjective_es = np.adjective.es[np.spanish_adjective_index] if np.adjective else ""
    return (
        [Unit(article, article_en), Unit(adjective, adjective_en), Unit(noun, noun_en)],
        [Unit(article, article_es), Unit(noun, noun_es), Unit(adjective, adjective_es)],
        [Unit(article, " ".join(front)), Unit(adjective, adjective_de), Unit(noun, noun_de)],
    )


def _verb(verb: Verb, *, many: bool) -> tuple[Unit, Unit, Unit, Unit]:
    """English, Spanish, German, and what German has elsewhere."""
    en, es, de = _fixed(verb.en[many], verb.es[many], verb.de[many])
    return en, es, de, Unit(de.number, verb.de_particle)


def _happens(rng: random.Random) -> Aligned:
    subject = grammar.random_noun_phrase(rng, "anbps")
    verb = grammar.random_verb(rng, subject)
    place = rng.choice(lexicon.PLACES) if rng.random() < 0.85 else None
    when = rng.choice(lexicon.TIMES) if rng.random() < 0.6 else None
    s_en, s_es, s_de = _noun_phrase(subject)
    v_en, v_es, v_de, particle = _verb(verb, many=subject.plural)
    p_en, p_es, p_de = _phrase(place)
    w_en, w_es, w_de = _phrase(when)
    made = grammar.happens(subject, verb, place, when)
    german = (
        _inverted(s_de, v_de, p_de, particle, verb)
        if when
        else _straight(s_de, v_de, p_de, particle, verb)
    )
    return _aligned(made, [w_en, *s_en, v_en, p_en], [w_es, *s_es, v_es, p_es], [w_de, *german])


def _straight(
    subject: list[Unit], verb: Unit, place: Unit, particle: Unit, how: Verb
) -> list[Unit]:
    tail = [particle, place] if how.de_particle == "sich" else [place, particle]
    return [*subject, verb, *tail]


def _inverted(
    subject: list[Unit], verb: Unit, place: Unit, particle: Unit, how: Verb
) -> list[Unit]:
    if how.de_particle == "sich":
        return [verb, particle, *subject, place]
    return [verb, *subject, place, particle]


def _acts(rng: random.Random) -> Aligned:
    verb = rng.choice(lexicon.TRANSITIVE_VERBS)
    subject = grammar.random_noun_phrase(rng, verb.subjects)
    article: grammar.Article = rng.choice(("definite", "definite", "indefinite"))
    thing = grammar.random_noun_phrase(rng, verb.objects, article=article)
    tail = rng.random()
    place = rng.choice(lexicon.PLACES) if tail >= 0.5 else None
    when = rng.choice(lexicon.TIMES) if tail < 0.5 else None
    s_en, s_es, s_de = _noun_phrase(subject)
    o_en, o_es, o_de = _noun_phrase(thing, "accusative", is_object=True)
    v_en, v_es, v_de, _ = _verb(verb, many=subject.plural)
    p_en, p_es, p_de = _phrase(place)
    w_en, w_es, w_de = _phrase(when)
    return _aligned(
        grammar.acts(subject, verb, thing, place, when),
        [*s_en, v_en, *o_en, p_en, w_en],
        [*s_es, v_es, *o_es, p_es, w_es],
        [*s_de, v_de, w_de, *o_de, p_de],
    )


def _there_is(rng: random.Random) -> Aligned:
    thing = grammar.random_noun_phrase(rng, "anbps", article="indefinite", adjective_share=0.8)
    place = rng.choice(lexicon.PLACES)
    t_en, t_es, t_de = _noun_phrase(thing, "accusative")
    i_en, i_es, i_de = _fixed("there are" if thing.plural else "there is", "hay", "es gibt")
    p_en, p_es, p_de = _phrase(place)
    return _aligned(
        grammar.there_is(thing, place),
        [i_en, *t_en, p_en],
        [i_es, *t_es, p_es],
        [i_de, *t_de, p_de],
    )


def _is_like(rng: random.Random) -> Aligned:
    subject = grammar.random_noun_phrase(rng, "anbps", adjective_share=0)
    first, second = rng.sample(grammar.adjectives_for(subject.noun), 2)
    conjunction: Literal["and", "but"] = rng.choice(("and", "but"))
    many, index = subject.plural, subject.spanish_adjective_index
    s_en, s_es, s_de = _noun_phrase(subject)
    is_en, is_es, is_de = _fixed(
        "are" if many else "is", "son" if many else "es", "sind" if many else "ist"
    )
    a_en, a_es, a_de = _like(first, index)
    b_en, b_es, b_de = _like(second, index)
    c_en, c_es, c_de = _fixed(*_CONJUNCTIONS[conjunction == "but"])
    return _aligned(
        grammar.is_like(subject, first, second, conjunction),
        [*s_en, is_en, a_en, c_en, b_en],
        [*s_es, is_es, a_es, c_es, b_es],
        [*s_de, is_de, a_de, c_de, b_de],
    )


def _like(adjective: Adjective, index: int) -> tuple[Unit, Unit, Unit]:
    return _fixed(adjective.en, adjective.es[index], grammar.german_bare(adjective))


def _is_believed(rng: random.Random) -> Aligned:
    subject = grammar.random_noun_phrase(rng, "anbps")
    verb = grammar.random_verb(rng, subject)
    place = rng.choice(lexicon.PLACES)
    many_en, many_es, many_de = _fixed("Many people", "Mucha gente", "Viele")
    b_en, b_es, b_de = _fixed("believe", "cree", "glauben")
    t_en, t_es, t_de = _fixed("that", "que", "dass")
    s_en, s_es, s_de = _noun_phrase(subject)
    v_en, v_es, v_de, particle = _verb(verb, many=subject.plural)
    p_en, p_es, p_de = _phrase(place)
    end = [particle, p_de, v_de]
    if verb.de_particle != "sich":  # the particle stands before its verb and joins it
        end = [p_de, Unit(v_de.number, particle.text + v_de.text)]
    return _aligned(
        grammar.is_believed(subject, verb, place),
        [many_en, b_en, t_en, *s_en, v_en, p_en],
        [many_es, b_es, t_es, *s_es, v_es, p_es],
        [many_de, b_de, t_de, *s_de, *end],
    )


def _is_seen(rng: random.Random) -> Aligned:
    article: grammar.Article = rng.choice(("definite", "indefinite"))
    thing = grammar.random_noun_phrase(rng, "anbps", article=article)
    place = rng.choice(lexicon.PLACES)
    h_en, h_es, h_de = _fixed("Here", "Aquí", "Hier")
    see = next(_numbers)
    we = next(_numbers)
    t_en, _, t_de = _noun_phrase(thing, "accusative")
    numbers = [unit.number for unit in t_en]
    _, t_es, _ = _noun_phrase(thing, is_object=True)
    t_es = _renumbered(t_es, [numbers[0], numbers[2], numbers[1]])
    p_en, p_es, p_de = _phrase(place)
    return _aligned(
        grammar.is_seen(thing, place),
        [h_en, Unit(we, "we"), Unit(see, "can see"), *t_en, p_en],
        [h_es, Unit(see, "podemos ver"), *t_es, p_es],
        [h_de, Unit(see, "sehen"), Unit(we, "wir"), *t_de, p_de],
    )


def _renumbered(units: Sequence[Unit], numbers: Sequence[int]) -> list[Unit]:
    return [Unit(number, unit.text) for unit, number in zip(units, numbers, strict=True)]


def _more_than(rng: random.Random) -> Aligned:
    subject = grammar.random_noun_phrase(
        rng, "abps", plural=True, article="none", adjective_share=0.6
    )
    number, place = rng.choice(lexicon.NUMBERS), rng.choice(lexicon.PLACES)
    verb = grammar.random_verb(rng, subject)
    m_en, m_es, m_de = _fixed("More than", "Más de", "Mehr als")
    n_en, n_es, n_de = _phrase(number)
    s_en, s_es, s_de = _noun_phrase(subject)
    v_en, v_es, v_de, particle = _verb(verb, many=True)
    p_en, p_es, p_de = _phrase(place)
    return _aligned(
        grammar.more_than(number, subject, verb, place),
        [m_en, n_en, *s_en, v_en, p_en],
        [m_es, n_es, *s_es, v_es, p_es],
        [m_de, n_de, *_straight(s_de, v_de, p_de, particle, verb)],
    )


_PATTERNS: tuple[Callable[[random.Random], Aligned], ...] = (
    _happens,
    _acts,
    _there_is,
    _is_like,
    _is_believed,
    _is_seen,
    _more_than,
)
_WEIGHTS = (22, 28, 10, 12, 7, 6, 5)  # as often as the grammar draws them; no questions
