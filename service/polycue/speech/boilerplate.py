"""Credits and courtesies that recognisers make up, in lists per language."""

import functools
import tomllib
from importlib.resources import files

from polycue.domain.language import primary
from polycue.speech.loops import bare

_COMMON = "und"  # names of sites and people that come up in any language


def is_boilerplate(text: str, language: str) -> bool:
    """Whether all of ``text`` is one of the phrases, whatever its case, marks and spaces.

    Such a phrase may well have been spoken: that it is listed is a reason to doubt it, no more.
    """
    spoken = bare(text)
    return bool(spoken) and spoken in _phrases(_COMMON) | _phrases(primary(language))


@functools.cache
def _phrases(language: str) -> frozenset[str]:
    file = files("polycue.speech").joinpath("boilerplate", f"{language}.toml")
    if not file.is_file():
        return frozenset()
    return frozenset(map(bare, tomllib.loads(file.read_text("utf-8"))["phrases"]))
