"""Language pairs as people type them."""

import re

from polycue.domain import language

_PAIR = re.compile(r"\s*([A-Za-z]{2,3}[\w-]*)\s*[:>]\s*([A-Za-z]{2,3}[\w-]*)\s*")


def parse_pair(text: str) -> tuple[str, str] | None:
    """Source and target of ``en:es`` or ``en>es``, as packages name them; None for what is no pair.

    Raises:
        UnknownLanguage: one side is no language.
    """
    match = _PAIR.fullmatch(text)
    if match is None:
        return None
    source, target = (language.canonical(side, "pair") for side in match.groups())
    return _as_packaged(source), _as_packaged(target)


def _as_packaged(tag: str) -> str:
    """``nb`` for ``no``, ``es`` for ``es-MX``: Argos has few variants of a language."""
    return language.from_argos(language.argos_code(tag))
