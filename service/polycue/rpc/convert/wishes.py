"""What callers wish of a translation besides its language."""

from collections.abc import Sequence

from polycue.api.v1 import media_pb2
from polycue.domain.errors import InvalidRequest
from polycue.domain.language import canonical
from polycue.domain.request import TranslationOptions
from polycue.domain.translation import Term
from polycue.rpc.convert import fields

_MOST_TERMS = 1000
_LONGEST_TERM_CHARS = 100
_LONGEST_TRANSLATION_CHARS = 200


def translation_options(
    configs: Sequence[media_pb2.TranslateConfig], field: str
) -> tuple[TranslationOptions, ...]:
    """One for each target of which more is said than its language, which is known to be one.

    Raises:
        InvalidRequest: a term is not usable; the error names it.
    """
    return tuple(
        TranslationOptions(
            canonical(config.target_language_code),
            config.keep_source_cues,
            _terms(config.glossary, f"{field}[{number}].glossary"),
        )
        for number, config in enumerate(configs)
        if config.keep_source_cues or config.glossary
    )


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
