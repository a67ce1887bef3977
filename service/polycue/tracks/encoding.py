"""Guessing how a subtitle file is encoded, for old ones never say it.

Text in Latin letters has too few accents for statistics: charset-normalizer takes four lines of
French for Hungarian. There the alphabets decide. All else is left to charset-normalizer.
"""

import codecs
from collections import Counter

import charset_normalizer

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf_8_sig"),
    (codecs.BOM_UTF32_LE, "utf_32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf_32"),
    (codecs.BOM_UTF16_LE, "utf_16"),
    (codecs.BOM_UTF16_BE, "utf_16"),
)
_SAMPLE_BYTES = 1 << 18  # a whole film's subtitles; a larger file tells no more
_MIN_COVERAGE = 0.9  # names and foreign words break an alphabet now and then
_MAX_ACCENTED = 0.5  # of all letters: Czech and Vietnamese stay below, no other script does

# The letters beyond a-z of a language, and the code pages its subtitles come in, likeliest first.
_WESTERN = ("cp1252",)
_CENTRAL = ("cp1250", "iso8859_2")
_ALPHABETS = (
    (_WESTERN, "äöüßé"),  # German
    (_WESTERN, "àâæçèéêëîïôœùûüÿ"),  # French
    (_WESTERN, "áéíñóúü"),  # Spanish
    (_WESTERN, "àáâãçéêíóôõúü"),  # Portuguese
    (_WESTERN, "àèéìíîòóùú"),  # Italian
    (_WESTERN, "àçèéíïòóúü"),  # Catalan
    (_WESTERN, "áèéêëíïóöúü"),  # Dutch
    (_WESTERN, "äåæéöøüáó"),  # Danish, Finnish, Norwegian, Swedish
    (_WESTERN, "áæðéíóöúýþ"),  # Icelandic
    (_CENTRAL, "ąćęłńóśźż"),  # Polish
    (_CENTRAL, "áčďéěíňóřšťúůýž"),  # Czech
    (_CENTRAL, "áäčďéíĺľňóôŕšťúýž"),  # Slovak
    (_CENTRAL, "áéíóöőúüű"),  # Hungarian
    (_CENTRAL, "âăîşţ"),  # Romanian
    (_CENTRAL, "ćčđšž"),  # Bosnian, Croatian, Serbian, Slovene
    (("cp1254",), "âçîöûüğış\u0307"),  # Turkish; lower() makes two characters of İ
    (("cp1257",), "ąčėęįšūųž"),  # Lithuanian
    (("cp1257",), "āčēģīķļņšūž"),  # Latvian
    (("cp1257",), "äõöüšž"),  # Estonian
)
_MARKS = set("‘’‚‛“”„‟«»‹›–—…¡¿°ºª·•♪€£§©®™´¨\xa0\xad")

_OTHERS = (
    *("cp1251", "koi8_r", "cp866"),  # Cyrillic
    *("cp1253", "cp1255", "cp1256", "cp874", "cp1258"),  # Greek, Hebrew, Arabic, Thai, Vietnamese
    *("cp1252", "cp1250"),  # Latin letters that are no one language's
    *("gb18030", "big5", "cp932", "euc_jp", "cp949"),
)


def guess(data: bytes) -> str | None:
    """The codec of a text's bytes; None where none fits."""
    return _unicode(data) or _legacy(data)


def _unicode(data: bytes) -> str | None:
    for mark, codec in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return codec
    if b"\0" in data and (unmarked := _utf_16(data)):
        return unmarked
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd") - data.count("\ufffd".encode())
    if not damaged:
        return "utf_8"
    # One bad byte does not make a film's subtitles Latin 1: there, nearly every accent is bad.
    sound = sum(not c.isascii() for c in text) - damaged
    return "utf_8" if damaged * 20 <= sound else None


def _utf_16(data: bytes) -> str | None:
    """UTF-16 without a byte order mark: in times and line ends every second byte is zero."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    if max(even, odd) * 4 < len(data) // 2 or min(even, odd) * 10 > max(even, odd):
        return None
    return "utf_16_be" if even > odd else "utf_16_le"


def _legacy(data: bytes) -> str | None:
    if b"\0" in data:
        return None
    sample = data[:_SAMPLE_BYTES]
    if len(data) > len(sample):
        sample = sample.rpartition(b"\n")[0]  # not through the middle of a character
    return _latin(sample) or _other(sample)


def _latin(sample: bytes) -> str | None:
    best, best_coverage = None, _MIN_COVERAGE
    for pages, alphabet in _ALPHABETS:
        for codec in pages:
            coverage = _coverage(sample, codec, alphabet)
            if coverage > best_coverage:
                best, best_coverage = codec, coverage
    return best


def _coverage(sample: bytes, codec: str, alphabet: str) -> float:
    """The share of the accented letters that are in ``alphabet``; 0 for other scripts."""
    try:
        counts = Counter(sample.decode(codec).lower())
    except UnicodeDecodeError:
        return 0.0
    foreign = {c: n for c, n in counts.items() if not c.isascii() and c not in _MARKS}
    total = sum(foreign.values())
    plain = sum(n for c, n in counts.items() if c.isascii() and c.isalpha())
    if total > _MAX_ACCENTED * (total + plain):
        return 0.0
    return sum(foreign.get(c, 0) for c in alphabet) / total if total else 1.0


def _other(sample: bytes) -> str | None:
    best = charset_normalizer.from_bytes(sample, cp_isolation=list(_OTHERS)).best()
    return best.encoding if best else None
