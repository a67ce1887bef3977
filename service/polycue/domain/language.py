"""One language, many spellings: callers', Whisper's, Argos's and the containers'.

Inside and on the wire a language is a BCP-47 tag in canonical form: ``en``, ``pt-BR``, ``zh-Hant``.
"""

import functools

import langcodes

from polycue.domain.errors import UnknownLanguage
from polycue.domain.language_names import NAMES

UNDETERMINED = "und"

# Whisper's own names where they are not the tag's primary subtag (openai/whisper tokenizer.py).
_WHISPER_OF = {"nb": "no", "fil": "tl", "jv": "jw"}
_FROM_WHISPER = {"jw": "jv"}
# Argos has codes of its own for variants that are packages of their own.
_ARGOS_OF = {"zh-Hant": "zt", "zh-TW": "zt", "zh-HK": "zt", "pt-BR": "pb", "nb": "nb", "no": "nb"}
_FROM_ARGOS = {"zt": "zh-Hant", "pb": "pt-BR"}

# Not without bound: callers and containers choose the text, and tags may have private parts.
_remembered = functools.lru_cache(maxsize=4096)


@_remembered
def canonical(text: str, field: str = "language") -> str:
    """The canonical tag for a tag in any case, or for a language's English or own name.

    Raises:
        UnknownLanguage: ``text`` is neither.
    """
    cleaned = text.strip().replace("_", "-")
    if not cleaned.isprintable():  # langcodes' index of names reads past a NUL
        raise UnknownLanguage(text, field)
    if langcodes.tag_is_valid(cleaned):
        return langcodes.standardize_tag(cleaned)
    try:
        return langcodes.find(cleaned).to_tag()
    except LookupError as error:
        raise UnknownLanguage(text, field) from error


def primary(tag: str) -> str:
    """The language without region or script: ``pt`` of ``pt-BR``."""
    return tag.split("-", 1)[0]


@_remembered
def script(tag: str) -> str:
    """How the language is written, as its tag says or as is likeliest: ``Cyrl``; "" if unknown."""
    if primary(tag) == UNDETERMINED and "-" not in tag:
        return ""
    return langcodes.get(tag).maximize().script or ""


def whisper_code(tag: str) -> str:
    """The code in Whisper's vocabulary (``<|xx|>``), whether or not a model has it."""
    return _WHISPER_OF.get(primary(tag), primary(tag))


def from_whisper(code: str) -> str:
    return _FROM_WHISPER.get(code, code)


def argos_code(tag: str) -> str:
    """The code Argos packages use for the language."""
    return _ARGOS_OF.get(tag, _ARGOS_OF.get(primary(tag), primary(tag)))


def from_argos(code: str) -> str:
    return _FROM_ARGOS.get(code, code)


@_remembered
def iso639_2t(tag: str) -> str:
    """The three letters MP4 wants, ``deu`` for German (ISO 639-2/T)."""
    return langcodes.get(tag).to_alpha3(variant="T")


@_remembered
def iso639_2b(tag: str) -> str:
    """The three letters Matroska wants, ``ger`` for German (ISO 639-2/B)."""
    return langcodes.get(tag).to_alpha3(variant="B")


@_remembered
def from_iso639_2(code: str) -> str:
    """The tag for a container's code; "und" for none, for nonsense and for "multiple languages"."""
    if not code or not langcodes.tag_is_valid(code):
        return UNDETERMINED
    tag = langcodes.standardize_tag(code)
    return UNDETERMINED if primary(tag) in {"mul", "mis", "zxx", "und"} else tag


@_remembered
def name(tag: str) -> str:
    """In English, for logs and messages: "Brazilian Portuguese"."""
    return NAMES[tag][0] if tag in NAMES else langcodes.get(tag).display_name()


@_remembered
def autonym(tag: str) -> str:
    """In the language itself, for players' menus: "Español"."""
    if tag in NAMES:
        return NAMES[tag][1]
    own = langcodes.get(tag).autonym()
    return own[:1].title() + own[1:]  # not upper(): Georgian has capitals for whole lines only
