"""A track as JSON, with words, probabilities and what the recogniser said.

``docs/track-json.md`` describes the format for those who read it. What is written reads back the
same.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from polycue.domain.cue import Cue, CueFlag
from polycue.domain.errors import SubtitleSyntax
from polycue.domain.track import Track, TrackKind
from polycue.domain.transcript import Transcript, Word
from polycue.tracks import json_fallbacks, json_notices, json_transcript, report_json
from polycue.tracks.json_fields import Fields, finite
from polycue.tracks.reading import Reading
from polycue.tracks.text import without_surrogates

FORMAT = "polycue-track"
VERSION = 1  # goes up when a reader of the last one would go wrong; new fields alone leave it

_NAME = "JSON"


@dataclass(frozen=True, slots=True)
class Document:
    """All that a file says but its report, which is made anew from what is read.

    The transcript's own words are empty: they lie in the track's cues.
    """

    track: Track
    transcript: Transcript | None


def write(track: Track, transcript: Transcript | None) -> str:
    """The track, with the facts of the ``transcript`` it was made from where there is one."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "language": track.language,
        "kind": track.kind.value,
        "route": list(track.route),
        "fallbacks": json_fallbacks.write(track.fallbacks),
        "notices": json_notices.write(track.notices),
        "transcript": json_transcript.write(transcript) if transcript else None,
        "report": report_json.document(track.report) if track.report else None,
    }
    if track.second_language:
        head["second_language"] = track.second_language
    return without_surrogates(_lay_out(head, map(_cue, track.cues)))


def _lay_out(head: dict[str, object], cues: Iterable[dict[str, object]]) -> str:
    """A line for each field and for each cue: people can read it, and ten hours stay small."""
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    fields = "".join(f"  {encode(name)}: {encode(value)},\n" for name, value in head.items())
    rows = ",".join(f"\n    {encode(cue)}" for cue in cues)
    return "{\n" + fields + f'  "cues": [{rows}\n  ]\n' + "}\n"


def read(text: str) -> Reading:
    """The cues of a document, and the notices that came with it.

    Raises:
        SubtitleSyntax: it is not JSON, or not a track of a version known here.
    """
    track = read_document(text).track
    return Reading(track.cues, track.notices, language=track.language)


def read_document(text: str) -> Document:
    """All of a document.

    Raises:
        SubtitleSyntax: it is not JSON, or not a track of a version known here.
    """
    try:
        fields = Fields(json.loads(text, parse_constant=_no_constant), "the document")
        return _document(fields)
    except json.JSONDecodeError as error:
        raise SubtitleSyntax(_NAME, error.lineno, error.msg) from error
    except (ValueError, OverflowError) as error:  # WrongField, and what the nouns refuse
        raise SubtitleSyntax(_NAME, 0, str(error)) from error
    except RecursionError as error:
        raise SubtitleSyntax(_NAME, 0, "lists are nested too deeply") from error


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _document(fields: Fields) -> Document:
    if fields.text("format", "") != FORMAT:
        raise fields.error(f"is not a track: its 'format' is not {FORMAT!r}")
    if (version := fields.whole("version")) != VERSION:
        raise fields.error(f"has version {version}; this polycue reads version {VERSION}")
    track = Track(
        language=fields.tag("language"),
        cues=tuple(cue.made(_read_cue) for cue in fields.children("cues")),
        kind=fields.made(lambda f: TrackKind(f.text("kind", "subtitles"))),
        route=fields.tags("route"),
        notices=json_notices.read(fields),
        fallbacks=tuple(one.made(json_fallbacks.read) for one in fields.children("fallbacks")),
        second_language=fields.tag("second_language", ""),
    )
    transcript = fields.child("transcript")
    return Document(track, json_transcript.read(transcript) if transcript else None)


def _cue(cue: Cue) -> dict[str, object]:
    written: dict[str, object] = {
        "start_ms": cue.start_ms,
        "end_ms": cue.end_ms,
        "lines": list(cue.lines),
        "flags": sorted(flag.value for flag in cue.flags),
        "words": [_word(word) for word in cue.words],
    }
    if cue.costs:
        written["costs"] = dict(cue.costs)
    return written


def _read_cue(fields: Fields) -> Cue:
    return Cue(
        start_ms=fields.whole("start_ms"),
        end_ms=fields.whole("end_ms"),
        lines=fields.texts("lines"),
        words=tuple(word.made(_read_word) for word in fields.children("words")),
        flags=frozenset(map(CueFlag, fields.texts("flags"))),
        costs=tuple(fields.numbers_by_name("costs").items()),
    )


def _word(word: Word) -> dict[str, object]:
    written: dict[str, object] = {
        "text": word.text,
        "start_ms": word.start_ms,
        "end_ms": word.end_ms,
        "probability": finite(word.probability),
    }
    if word.speaker is not None:
        written["speaker"] = word.speaker
    if word.joined:
        written["joined"] = True
    if word.language:
        written["language"] = word.language
    if word.suspect:
        written["suspect"] = True
    return written


def _read_word(fields: Fields) -> Word:
    return Word(
        text=fields.text("text"),
        start_ms=fields.whole("start_ms"),
        end_ms=fields.whole("end_ms"),
        probability=fields.number_or_none("probability"),
        speaker=fields.text_or_none("speaker"),
        joined=fields.flag("joined"),
        language=fields.tag("language", ""),
        suspect=fields.flag("suspect"),
    )
