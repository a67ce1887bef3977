"""What the film's narrators say: five scenes of sentences that no demo model was trained on.

The sentences are put together by the grammar, so their Spanish and German come from it too.
"""

from dataclasses import dataclass

from demo.train import grammar, lexicon
from demo.train.espeak import Voice
from demo.train.grammar import Article, NounPhrase, Sentence
from demo.train.lexicon import Adjective, Phrase, Verb

MAN = Voice("en-gb-x-rp+m7", words_per_minute=150, pitch=45)
WOMAN = Voice("en-us+f2", words_per_minute=155, pitch=50)


@dataclass(frozen=True, slots=True)
class Line:
    sentence: Sentence
    pause_ms: int = 800  # silence before it, within the scene


@dataclass(frozen=True, slots=True)
class Scene:
    title: str
    narrator: Voice
    lines: tuple[Line, ...]


def scenes() -> tuple[Scene, ...]:
    return (
        Scene("Morning", MAN, _morning()),
        Scene("The wild", WOMAN, _wild()),
        Scene("Water", MAN, _water()),
        Scene("The city", WOMAN, _city()),
        Scene("Night", MAN, _night()),
    )


def _morning() -> tuple[Line, ...]:
    return (
        Line(grammar.is_seen(_some("golden valleys"), _place("behind the hills"))),
        Line(grammar.is_like(_the("forests"), _adjective("quiet"), _adjective("deep"))),
        Line(
            grammar.happens(
                _the("small horses"),
                _does("play"),
                place=_place("in the morning light"),
                when=_time("every morning"),
            )
        ),
        Line(
            grammar.happens(
                _the("old fox"),
                _does("moves"),
                place=_place("behind the hills"),
                when=_time("at sunrise"),
            )
        ),
    )


def _wild() -> tuple[Line, ...]:
    return (
        Line(
            grammar.happens(
                _the("tired birds"),
                _does("live"),
                place=_place("among the leaves"),
                when=_time("in autumn"),
            )
        ),
        Line(
            grammar.acts(
                _the("hungry bird"),
                _does_to("watches"),
                _the("wild flowers"),
                when=_time("every morning"),
            )
        ),
        Line(grammar.is_like(_the("wolf"), _adjective("young"), _adjective("hungry"), "but")),
        Line(
            grammar.happens(_the("old bird"), _does("rests"), place=_place("between the rocks")),
            pause_ms=350,
        ),
        Line(
            grammar.is_believed(_the("white bear"), _does("sleeps"), _place("in the snow")),
            pause_ms=1200,
        ),
    )


def _water() -> tuple[Line, ...]:
    return (
        Line(
            grammar.more_than(
                _number("thirty"),
                _bare("small turtles"),
                _does("move"),
                _place("along the coast"),
            )
        ),
        Line(grammar.is_like(_the("whales"), _adjective("clever"), _adjective("quiet"), "but")),
        Line(
            grammar.why(_the("young whales"), _does("live"), _place("far from home")),
            pause_ms=350,
        ),
        Line(
            grammar.is_believed(_the("whale"), _does("appears"), _place("in the north")),
            pause_ms=1500,
        ),
    )


def _city() -> tuple[Line, ...]:
    return (
        Line(grammar.is_seen(_a("old city"), _place("close to the harbor"))),
        Line(grammar.there_is(_some("small houses"), _place("along the coast"))),
        Line(grammar.happens(_the("drivers"), _does("rest"), when=_time("at noon"))),
        Line(
            grammar.happens(_the("young woman"), _does("sings"), when=_time("at noon")),
            pause_ms=300,
        ),
        Line(
            grammar.acts(
                _the("visitors"),
                _does_to("visit"),
                _the("new market"),
                when=_time("at night"),
            ),
            pause_ms=1000,
        ),
        Line(
            grammar.happens(
                _the("woman"),
                _does("sings"),
                place=_place("in the center of town"),
                when=_time("every evening"),
            )
        ),
    )


def _night() -> tuple[Line, ...]:
    return (
        Line(
            grammar.acts(
                _the("famous scientist"),
                _does_to("studies"),
                _the("precise crystals"),
                place=_place("inside the laboratory"),
            )
        ),
        Line(
            grammar.acts(
                _the("patient engineers"),
                _does_to("measure"),
                _the("distant stars"),
                when=_time("at night"),
            )
        ),
        Line(
            grammar.more_than(
                _number("one thousand"),
                _bare("modern satellites"),
                _does("work"),
                _place("above the clouds"),
            )
        ),
        Line(grammar.happens(_the("distant stars"), _does("shine")), pause_ms=1000),
        Line(
            grammar.happens(
                _the("golden stars"),
                _does("travel"),
                place=_place("above the clouds"),
                when=_time("for thousands of years"),
            ),
            pause_ms=1500,
        ),
    )


def _the(words: str) -> NounPhrase:
    return _noun_phrase(words, "definite")


def _a(words: str) -> NounPhrase:
    return _noun_phrase(words, "indefinite")


def _some(words: str) -> NounPhrase:
    """A plural without an article in English and German; Spanish says unos or unas."""
    return _noun_phrase(words, "indefinite")


def _bare(words: str) -> NounPhrase:
    return _noun_phrase(words, "none")


def _noun_phrase(words: str, article: Article) -> NounPhrase:
    *adjectives, name = words.split()
    noun = next(noun for noun in lexicon.NOUNS if name in noun.en)
    adjective = _adjective(adjectives[0]) if adjectives else None
    return NounPhrase(noun, name != noun.en[0], adjective, article)


def _adjective(name: str) -> Adjective:
    return next(adjective for adjective in lexicon.ADJECTIVES if adjective.en == name)


def _does(form: str) -> Verb:
    return next(verb for verb in lexicon.INTRANSITIVE_VERBS if form in verb.en)


def _does_to(form: str) -> Verb:
    return next(verb for verb in lexicon.TRANSITIVE_VERBS if form in verb.en)


def _place(english: str) -> Phrase:
    return next(place for place in lexicon.PLACES if place.en == english)


def _time(english: str) -> Phrase:
    return next(time for time in lexicon.TIMES if time.en == english)


def _number(english: str) -> Phrase:
    return next(number for number in lexicon.NUMBERS if number.en == english)
