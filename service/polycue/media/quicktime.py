"""Languages as ffmpeg writes them into MOV and reads them from it.

Old QuickTime numbers its languages (Inside Macintosh: Text, "Language Codes"); ffmpeg names the
numbers in a table of its own (libavformat/isom.c), which is neither 639-2/T nor 639-2/B nor, for
nine of them, either. A language without a number cannot be marked: ffmpeg drops its code without a
word. MP4 packs any three letters instead and has none of this.
"""

from polycue.domain.language import from_iso639_2, iso639_2b, iso639_2t, primary

_OWN_SPELLING = {
    "fo": "fo ",
    "ga": "iri",
    "hr": "hr ",
    "nb": "nor",
    "nn": "nor",
    "pa": "pa ",
    "se": "smi",
    "sr": "sr ",
    "sv": "sve",
}
_READ = {"iri": "ga", "smi": "se", "sve": "sv"}
_SPELLED_AS_T = frozenset({"cs", "fr", "ro", "sk"})


def code(tag: str) -> str:
    """What to tell ffmpeg, for a language that QuickTime has."""
    language = primary(tag)
    if language in _OWN_SPELLING:
        return _OWN_SPELLING[language]
    return iso639_2t(tag) if language in _SPELLED_AS_T else iso639_2b(tag)


def tag(code: str) -> str:
    """The BCP-47 tag of what ffmpeg tells."""
    return _READ.get(code) or from_iso639_2(code.strip())
