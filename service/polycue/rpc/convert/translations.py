"""Which translations callers wish for, and what they wish of them."""

from collections.abc import Sequence

from polycue.api.v1 import media_pb2
from polycue.domain.errors import InvalidRequest
from polycue.domain.language import canonical
from polycue.domain.request import TranslationOptions
from polycue.domain.translation import MOST_BEAMS, USUAL_BEAMS, Term
from polycue.rpc.convert import fields

_MOST_TARGETS = 20
_MOST_TERMS = 1000
_LONGEST_TERM_CHARS = 100
_LONGEST_TRANSLATION_CHARS = 200

Translations = Sequence[media_pb2.TranslateConfig]


def targets(configs: Translations, field: str) -> tuple[str, ...]:
    """The languages asked for, in their order."""
    if len(configs) > _MOST_TARGETS:
        raise InvalidRequest(field, f"there are {len(configs)}, at most {_MOST_TARGETS} are made")
    return fields.distinct(
        (
            fields.language(config.target_language_code, f"{field}[{number}].target_language_code")
            for number, config in enumerate(configs)
        ),
        field,
    )


def foreign_targets(configs: Translations, field: str, spoken: str) -> tuple[str, ...]:
    """At least one language, none of them the one the text is in."""
    found = targets(configs, field)
    if not found:
        raise InvalidRequest(field, "is empty; name at least one language")
    if spoken in found:
        raise InvalidRequest(field, f"{spoken!r} is the language the text is in")
    return found


def translation_options(configs: Translations, field: str) -> tuple[TranslationOptions, ...]:
    """One for each target of which more is said than its language, which is known to be one.

    Raises:
        InvalidRequest: a term or a number is not usable; the error names it.
    """
    return tuple(
        TranslationOptions(
            canonical(config.target_language_code),
            config.keep_source_cues,
            _terms(config.glossary, f"{field}[{number}].glossary"),
            _beam_size(config, f"{field}[{number}].beam_size"),
        )
        for number, config in enumerate(configs)
        if config.keep_source_cues or config.glossary or config.HasField("beam_size")
    )


def _beam_size(config: media_pb2.TranslateConfig, field: str) -> int:
    if not config.HasField("beam_size"):
        return USUAL_BEAMS
    return int(fields.within(config.beam_size, field, 1, MOST_BEAMS))


def _terms(entries: Sequence[media_pb2.GlossaryEntry], field: str) -> tuple[Term, ...]:
    if len(entries) > _MOST_TERMS:
        raise InvalidRequest(field, f"has {len(entries)} terms, at most {_MOST_TERMS} are taken")
    return tuple(_term(entry, f"{field}[{number}]") for number, entry in enumerate(entries))


def _term(entry: media_pb2.GlossaryEntry, field: str) -> Term:
    term = " ".join(entry.term.split())
    translation = " ".join(entry.translation.split())
    if not any(map(str.isalnum, term)):
        raise InvalidRequest(f"{field}.term", "has no letter or digit")
    for text, name, most in (
        (term, "term", _LONGEST_TERM_CHARS),
        (translation, "translation", _LONGEST_TRANSLATION_CHARS),
    ):
        fields.short_text(text, f"{field}.{name}", most_chars=most)
        if not text.isprintable():
            raise InvalidRequest(f"{field}.{name}", "has characters that cannot be shown")
    return Term(term, translation, entry.case_sensitive)
