"""The closed word classes of a language, which decide where a line may end. Data, one file each."""

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources

from polycue.domain.language import primary


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words in lower case; all sets are empty for a language without a file.

    ``function_words`` belong to what follows them. Some of them begin clauses, some phrases;
    ``standing`` ones may stand alone at the end of a clause, as "that" and "could" may.
    ``trailing`` words belong to what is before them, as "pas" does to its verb.
    ``abbreviations`` stand without their last full stop. ``ordinals``: "3." means the third.
    """

    function_words: frozenset[str] = frozenset()
    clause_openers: frozenset[str] = frozenset()
    phrase_openers: frozenset[str] = frozenset()
    standing: frozenset[str] = frozenset()
    trailing: frozenset[str] = frozenset()
    abbreviations: frozenset[str] = frozenset()
    ordinals: bool = False


_STANDING = ("determiners", "pronouns", "auxiliaries", "modifiers")


@functools.lru_cache(maxsize=256)  # callers choose the tag, and it may have private parts
def vocabulary(language: str) -> Vocabulary:
    """The words of a BCP-47 language; its region and script do not matter."""
    file = resources.files("polycue.cues") / "vocabulary" / f"{primary(language)}.toml"
    if not file.is_file():
        return Vocabulary()
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    ordinals = data.pop("ordinals", False)
    classes = {name: frozenset(words) for name, words in data.items()}
    abbreviations = classes.pop("abbreviations", frozenset())
    trailing = classes.pop("trailing", frozenset())

    def of(*names: str) -> frozenset[str]:
        return frozenset().union(*(classes.get(name, ()) for name in names))

    return Vocabulary(
        function_words=of(*classes),
        clause_openers=of("conjunctions", "subordinators"),
        phrase_openers=of("prepositions", "auxiliaries"),
        standing=of(*_STANDING) - of("articles", "prepositions", "conjunctions"),
        trailing=trailing,
        abbreviations=abbreviations,
        ordinals=ordinals,
    )
