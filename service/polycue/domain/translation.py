"""How a sentence came to its translation, and what had to be done where it did not at once."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One translation of a text. ``score`` is a log probability, normalised as the search does it.

    Scores compare translations of one text along one route, nothing else. ``links`` names, for each
    word of ``text``, the word of the source that the model looked at while it wrote it, -1 where it
    looked at none for sure; empty where nobody asked, or nothing is known.
    """

    text: str
    score: float
    links: tuple[int, ...] = ()


Hypotheses = tuple[Hypothesis, ...]

USUAL_BEAMS = 4  # argostranslate's own
MOST_BEAMS = 10  # every beam more costs memory and time
MOST_HYPOTHESES = 4  # of a beam that is as wide; as many come at no cost


@dataclass(frozen=True, slots=True)
class Search:
    """How to look for translations.

    ``hypotheses`` is how many to come back with, within 1..``beam_size``, which is how many are
    written side by side, within 1..MOST_BEAMS. A ``repetition_penalty`` above 1 makes tokens that
    were written already less likely; ``no_repeat_ngram`` forbids to write so many tokens twice, 0
    forbids nothing. ``with_links`` asks for ``Hypothesis.links``.
    """

    hypotheses: int = 1
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0
    with_links: bool = False
    beam_size: int = USUAL_BEAMS

    def __post_init__(self) -> None:
        if not 1 <= self.hypotheses <= self.beam_size <= MOST_BEAMS:
            raise ValueError(f"{self.hypotheses} of {self.beam_size} beams, {MOST_BEAMS} at most")


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase whose translation is settled; "" for ``translation`` keeps it as it is."""

    text: str
    translation: str = ""
    case_sensitive: bool = False


class Objection(StrEnum):
    """Why a translation is not fit to be shown. The values travel on the wire and in JSON."""

    EMPTY = "empty"
    LOOP = "loop"
    UNTRANSLATED = "untranslated"
    WRONG_SCRIPT = "wrong_script"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NUMBER_LOST = "number_lost"
    NAME_LOST = "name_lost"
    TERM_LOST = "term_lost"  # of the caller's glossary
    FAILED = "failed"  # the engine gave up on it

    @property
    def message(self) -> str:
        """For people, as the end of a sentence about the translation."""
        return _MESSAGES[self]


_MESSAGES = {
    Objection.EMPTY: "it is empty",
    Objection.LOOP: "it repeats itself",
    Objection.UNTRANSLATED: "it was not translated",
    Objection.WRONG_SCRIPT: "it is in another script",
    Objection.TOO_SHORT: "it is far too short",
    Objection.TOO_LONG: "it is far too long",
    Objection.NUMBER_LOST: "a number is lost",
    Objection.NAME_LOST: "a name is lost",
    Objection.TERM_LOST: "a term of the glossary is lost",
    Objection.FAILED: "the translator failed",
}


class Rung(StrEnum):
    """What stands in place of a first translation that was not fit, in the order it is tried.

    The values travel on the wire and in JSON.
    """

    PLACEHOLDER = "placeholder"  # its terms went through the model as made-up names or numbers
    IN_ITS_PLACE = "in_its_place"  # its terms took the place of the words that the model wrote
    AROUND_TERMS = "around_terms"  # what is between its terms was translated piece by piece
    CLAUSES = "clauses"  # its clauses were translated one by one
    NEXT_HYPOTHESIS = "next_hypothesis"
    NO_REPEATS = "no_repeats"  # the model was kept from repeating itself
    OTHER_ROUTE = "other_route"  # by way of another language, or a longer way
    WITHOUT_TERM = "without_term"  # the first translation after all: only its terms are not kept
    KEPT_SOURCE = "kept_source"  # its own words


@dataclass(frozen=True, slots=True)
class Fallback:
    """A sentence whose first translation was not fit to be shown, and what is shown instead.

    ``route`` is the way of what is shown, just its own language where its own words stay.
    """

    start_ms: int
    end_ms: int
    source: str
    reason: Objection
    rung: Rung
    route: tuple[str, ...]
