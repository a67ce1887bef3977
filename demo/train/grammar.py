"""Sentences of a documentary narrator in English, Spanish and German side by side.

Each pattern is a function from words of the lexicon to one sentence in three languages, so a
sentence can be composed on purpose (the film is) or drawn at random (the training data are).
"""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from demo.train import lexicon
from demo.train.lexicon import Adjective, Noun, Phrase, Verb

HELD_OUT_OF_256 = 13  # about 5 % of all sentences are never trained on

Article = Literal["definite", "indefinite", "none"]
Case = Literal["nominative", "accusative"]

_GERMAN_DEFINITE = {"m": "der", "f": "die", "n": "das"}
_GERMAN_STRONG_ENDING = {"m": "er", "f": "e", "n": "es"}  # ein alter Turm, eine alte, ein altes
_CONJUNCTIONS = {"and": ("and", "y", "und"), "but": ("but", "pero", "aber")}


@dataclass(frozen=True, slots=True)
class Sentence:
    en: str
    es: str
    de: str

    def text(self, language: str) -> str:
        return {"en": self.en, "es": self.es, "de": self.de}[language]


def held_out(english: str) -> bool:
    """Whether a sentence is kept out of all training, decided by its English text alone."""
    digest = hashlib.md5(english.encode(), usedforsecurity=False).digest()
    return digest[0] < HELD_OUT_OF_256


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """A noun with its article and adjective, for example "the old towers"."""

    noun: Noun
    plural: bool = False
    adjective: Adjective | None = None
    article: Article = "definite"

    @property
    def spanish_adjective_index(self) -> int:
        return 2 * self.plural + (self.noun.es_gender == "f")

    def english(self) -> str:
        words = _join(self.adjective.en if self.adjective else "", self.noun.en[self.plural])
        if self.article == "definite":
            return f"the {words}"
        if self.article == "none" or self.plural:
            return words
        return f"an {words}" if words[0] in "aeiou" else f"a {words}"

    def spanish(self) -> str:
        feminine = self.noun.es_gender == "f"
        article = {
            "definite": (("el", "la"), ("los", "las")),
            "indefinite": (("un", "una"), ("unos", "unas")),
            "none": (("", ""), ("", "")),
        }[self.article][self.plural][feminine]
        adjective = self.adjective.es[self.spanish_adjective_index] if self.adjective else ""
        return _join(article, self.noun.es[self.plural], adjective)

    def spanish_object(self) -> str:
        """As a direct object: people take "a", which melts with "el" to "al"."""
        if self.noun.kind != "p":
            return self.spanish()
        return f"a {self.spanish()}".replace("a el ", "al ")

    def german(self, case: Case = "nominative") -> str:
        noun = self.noun.de[self.plural]
        if self.noun.de_weak and case == "accusative":
            noun = self.noun.de[1]
        article, ending = self._german_article_and_ending(case)
        adjective = german_stem(self.adjective) + ending if self.adjective else ""
        return _join(article, adjective, noun)

    def _german_article_and_ending(self, case: Case) -> tuple[str, str]:
        if self.plural:
            return ("die", "en") if self.article == "definite" else ("", "e")
        gender = self.noun.de_gender
        if gender == "m" and case == "accusative":
            return ("den" if self.article == "definite" else "einen"), "en"
        if self.article == "definite":
            return _GERMAN_DEFINITE[gender], "e"
        return ("eine" if gender == "f" else "ein"), _GERMAN_STRONG_ENDING[gender]


def german_stem(adjective: Adjective) -> str:
    """The adjective before an ending: dunk(e)l -> dunkl, müde -> müd."""
    return adjective.de.replace("(e)", "").removesuffix("e")


def german_bare(adjective: Adjective) -> str:
    """The adjective after "ist": dunk(e)l -> dunkel."""
    return adjective.de.replace("(e)", "e")


def happens(
    subject: NounPhrase, verb: Verb, place: Phrase | None = None, when: Phrase | None = None
) -> Sentence:
    """In winter, the old wolf sleeps near the water."""
    many = subject.plural
    english = _join(subject.english(), verb.en[many], _en(place))
    spanish = _join(subject.spanish(), verb.es[many], _es(place))
    if when is None:
        german = _join(subject.german(), verb.de[many], _after_verb(verb, _de(place)))
        return _statement(english, spanish, german)
    return _statement(
        f"{when.en}, {english}",
        f"{when.es}, {spanish}",
        _join(when.de, _german_inverted(subject, verb, place)),
    )


def acts(
    subject: NounPhrase,
    verb: Verb,
    acted_on: NounPhrase,
    place: Phrase | None = None,
    when: Phrase | None = None,
) -> Sentence:
    """The young scientist studies the stars at night. Takes a place or a time, not both."""
    many, tail = subject.plural, place or when
    return _statement(
        _join(subject.english(), verb.en[many], acted_on.english(), _en(tail)),
        _join(subject.spanish(), verb.es[many], acted_on.spanish_object(), _es(tail)),
        # German puts the time before the object and the place after it.
        _join(
            subject.german(), verb.de[many], _de(when), acted_on.german("accusative"), _de(place)
        ),
    )


def there_is(thing: NounPhrase, place: Phrase) -> Sentence:
    """There are small houses along the coast."""
    return _statement(
        _join("there are" if thing.plural else "there is", thing.english(), place.en),
        _join("hay", thing.spanish(), place.es),
        _join("es gibt", thing.german("accusative"), place.de),
    )


def is_like(
    subject: NounPhrase,
    first: Adjective,
    second: Adjective | None = None,
    conjunction: Literal["and", "but"] = "and",
) -> Sentence:
    """The forest is dark but beautiful."""
    many, index = subject.plural, subject.spanish_adjective_index
    english = _join(subject.english(), "are" if many else "is", first.en)
    spanish = _join(subject.spanish(), "son" if many else "es", first.es[index])
    german = _join(subject.german(), "sind" if many else "ist", german_bare(first))
    if second:
        en, es, de = _CONJUNCTIONS[conjunction]
        english = _join(english, en, second.en)
        spanish = _join(spanish, es, second.es[index])
        german = _join(german, de, german_bare(second))
    return _statement(english, spanish, german)


def is_believed(subject: NounPhrase, verb: Verb, place: Phrase) -> Sentence:
    """Many people believe that the wolves return in the snow."""
    many = subject.plural
    if verb.de_particle == "sich":
        clause = _join(subject.german(), "sich", place.de, verb.de[many])
    else:
        clause = _join(subject.german(), place.de, verb.de_particle + verb.de[many])
    return _statement(
        _join("Many people believe that", subject.english(), verb.en[many], place.en),
        _join("Mucha gente cree que", subject.spanish(), verb.es[many], place.es),
        f"Viele glauben, dass {clause}",
    )


def is_seen(thing: NounPhrase, place: Phrase) -> Sentence:
    """Here we can see a small village behind the hills."""
    return _statement(
        _join("Here we can see", thing.english(), place.en),
        _join("Aquí podemos ver", thing.spanish_object(), place.es),
        _join("Hier sehen wir", thing.german("accusative"), place.de),
    )


def more_than(number: Phrase, subject: NounPhrase, verb: Verb, place: Phrase) -> Sentence:
    """More than fifty whales travel along the coast. ``subject``: plural without article."""
    return _statement(
        _join("More than", number.en, subject.english(), verb.en[1], place.en),
        _join("Más de", number.es, subject.spanish(), verb.es[1], place.es),
        _join("Mehr als", number.de, subject.german(), verb.de[1], _after_verb(verb, place.de)),
    )


def why(subject: NounPhrase, verb: Verb, place: Phrase) -> Sentence:
    """Why does the river change in the north?"""
    do = "do" if subject.plural else "does"
    return Sentence(
        _join("Why", do, subject.english(), verb.en[1], place.en) + "?",
        _join("¿Por qué", verb.es[subject.plural], subject.spanish(), place.es) + "?",
        _join("Warum", _german_inverted(subject, verb, place)) + "?",
    )


def set_phrase(phrase: Phrase) -> Sentence:
    return Sentence(phrase.en, phrase.es, phrase.de)


def random_sentence(rng: random.Random) -> Sentence:
    patterns, weights = zip(*_RANDOM_PATTERNS, strict=True)
    pattern: Callable[[random.Random], Sentence] = rng.choices(patterns, weights)[0]
    return pattern(rng)


def training_sentence(rng: random.Random) -> Sentence:
    while held_out((sentence := random_sentence(rng)).en):
        pass
    return sentence


def held_out_sentence(rng: random.Random) -> Sentence:
    """A sentence never trained on. Never a set phrase: too few to say anything when held out."""
    phrases = {phrase.en for phrase in lexicon.SET_PHRASES}
    while not held_out((sentence := random_sentence(rng)).en) or sentence.en in phrases:
        pass
    return sentence


def _random_happens(rng: random.Random) -> Sentence:
    subject = random_noun_phrase(rng, "anbps")
    return happens(
        subject,
        random_verb(rng, subject),
        place=rng.choice(lexicon.PLACES) if rng.random() < 0.75 else None,
        when=rng.choice(lexicon.TIMES) if rng.random() < 0.45 else None,
    )


def _random_acts(rng: random.Random) -> Sentence:
    verb = rng.choice(lexicon.TRANSITIVE_VERBS)
    article: Article = rng.choice(("definite", "definite", "indefinite"))
    tail = rng.random()
    return acts(
        random_noun_phrase(rng, verb.subjects),
        verb,
        random_noun_phrase(rng, verb.objects, article=article),
        place=rng.choice(lexicon.PLACES) if 0.3 <= tail < 0.6 else None,
        when=rng.choice(lexicon.TIMES) if tail < 0.3 else None,
    )


def _random_there_is(rng: random.Random) -> Sentence:
    thing = random_noun_phrase(rng, "anbps", article="indefinite", adjective_share=0.8)
    return there_is(thing, rng.choice(lexicon.PLACES))


def _random_is_like(rng: random.Random) -> Sentence:
    subject = random_noun_phrase(rng, "anbps", adjective_share=0)
    first, second = rng.sample(adjectives_for(subject.noun), 2)
    conjunction: Literal["and", "but"] = rng.choice(("and", "but"))
    return is_like(subject, first, second if rng.random() < 0.6 else None, conjunction)


def _random_is_believed(rng: random.Random) -> Sentence:
    subject = random_noun_phrase(rng, "anbps")
    return is_believed(subject, random_verb(rng, subject), rng.choice(lexicon.PLACES))


def _random_is_seen(rng: random.Random) -> Sentence:
    article: Article = rng.choice(("definite", "indefinite"))
    return is_seen(random_noun_phrase(rng, "anbps", article=article), rng.choice(lexicon.PLACES))


def _random_more_than(rng: random.Random) -> Sentence:
    subject = random_noun_phrase(rng, "abps", plural=True, article="none", adjective_share=0.3)
    number = rng.choice(lexicon.NUMBERS)
    return more_than(number, subject, random_verb(rng, subject), rng.choice(lexicon.PLACES))


def _random_why(rng: random.Random) -> Sentence:
    subject = random_noun_phrase(rng, "anbps")
    return why(subject, random_verb(rng, subject), rng.choice(lexicon.PLACES))


def _random_set_phrase(rng: random.Random) -> Sentence:
    return set_phrase(rng.choice(lexicon.SET_PHRASES))


# How often each pattern is drawn, in per cent.
_RANDOM_PATTERNS: Sequence[tuple[Callable[[random.Random], Sentence], int]] = (
    (_random_happens, 22),
    (_random_acts, 28),
    (_random_there_is, 10),
    (_random_is_like, 12),
    (_random_is_believed, 7),
    (_random_is_seen, 6),
    (_random_more_than, 5),
    (_random_why, 4),
    (_random_set_phrase, 6),
)


def random_noun_phrase(
    rng: random.Random,
    kinds: str,
    *,
    plural: bool | None = None,
    article: Article = "definite",
    adjective_share: float = 0.5,
) -> NounPhrase:
    kind = rng.choice(kinds)
    noun = rng.choice([noun for noun in lexicon.NOUNS if noun.kind == kind])
    many = rng.random() < 0.35 if plural is None else plural
    with_adjective = rng.random() < adjective_share
    adjective = rng.choice(adjectives_for(noun)) if with_adjective else None
    return NounPhrase(noun, many, adjective, article)


def adjectives_for(noun: Noun) -> list[Adjective]:
    return [adjective for adjective in lexicon.ADJECTIVES if noun.kind in adjective.kinds]


def random_verb(rng: random.Random, subject: NounPhrase) -> Verb:
    kind = subject.noun.kind
    return rng.choice([verb for verb in lexicon.INTRANSITIVE_VERBS if kind in verb.subjects])


def _german_inverted(subject: NounPhrase, verb: Verb, place: Phrase | None) -> str:
    """Verb first, as after a time or a question word: "kehren die Wölfe im Schnee zurück"."""
    finite = verb.de[subject.plural]
    if verb.de_particle == "sich":
        return _join(finite, "sich", subject.german(), _de(place))
    return _join(finite, subject.german(), _de(place), verb.de_particle)


def _after_verb(verb: Verb, place: str) -> str:
    """What follows a German verb: "sich" comes before the place, a separable prefix after it."""
    if verb.de_particle == "sich":
        return _join("sich", place)
    return _join(place, verb.de_particle)


def _statement(english: str, spanish: str, german: str) -> Sentence:
    return Sentence(*(text[0].upper() + text[1:] + "." for text in (english, spanish, german)))


def _join(*words: str | None) -> str:
    return " ".join(word for word in words if word)


def _en(phrase: Phrase | None) -> str:
    return phrase.en if phrase else ""


def _es(phrase: Phrase | None) -> str:
    return phrase.es if phrase else ""


def _de(phrase: Phrase | None) -> str:
    return phrase.de if phrase else ""
