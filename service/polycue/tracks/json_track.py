"""A track as JSON, with words, probabilities and what the recogniser said.

``docs/track-json.md`` describes the format for those who read it. What is written reads back the
same.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from polycue.domain.audio import Span
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.errors import SubtitleSyntax
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.shots import Shots
from polycue.domain.track import Track, TrackKind
from polycue.domain.transcript import ChunkFacts, Transcript, Word
from polycue.tracks import json_defence, json_fallbacks, report_json
from polycue.tracks.json_fields import Fields, WrongField
from polycue.tracks.reading import Reading
from polycue.tracks.text import without_surrogates

FORMAT = "polycue-track"
VERSION = 1  # goes up when a reader of the last one would go wrong; new fields alone leave it

_NAME = "JSON"
_FRAME_RATE = re.compile(r"[1-9][0-9]{0,6}(/[1-9][0-9]{0,6})?", re.ASCII)
T = TypeVar("T")


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
        "fallbacks": json_fallbacks.written(track.fallbacks),
        "notices": _notices(track.notices),
        "transcript": _transcript(transcript) if transcript else None,
        "report": report_json.document(track.report) if track.report else None,
    }
    if track.second_language:
        head["second_language"] = track.second_language
    return without_surrogates(_lay_out(head, [_cue(cue) for cue in track.cues]))


def _lay_out(head: dict[str, object], cues: list[dict[str, object]]) -> str:
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
        language=fields.text("language"),
        cues=tuple(_checked(_read_cue, cue) for cue in fields.children("cues")),
        kind=_checked(lambda f: TrackKind(f.text("kind", "subtitles")), fields),
        route=fields.texts("route"),
        notices=_read_notices(fields),
        fallbacks=tuple(_checked(json_fallbacks.read, one) for one in fields.children("fallbacks")),
        second_language=fields.text("second_language", ""),
    )
    transcript = fields.child("transcript")
    return Document(track, _read_transcript(transcript) if transcript else None)


def _checked(read_from: Callable[[Fields], T], fields: Fields) -> T:
    """What ``read_from`` gives; where a value refuses to be made, the error says of what."""
    try:
        return read_from(fields)
    except WrongField:
        raise
    except ValueError as error:
        raise fields.error(f"cannot be: {error}") from error


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
        words=tuple(_checked(_read_word, word) for word in fields.children("words")),
        flags=frozenset(map(CueFlag, fields.texts("flags"))),
        costs=tuple(fields.numbers_by_name("costs").items()),
    )


def _word(word: Word) -> dict[str, object]:
    written: dict[str, object] = {
        "text": word.text,
        "start_ms": word.start_ms,
        "end_ms": word.end_ms,
        "probability": _number(word.probability),
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
        language=fields.text("language", ""),
        suspect=fields.flag("suspect"),
    )


def _transcript(transcript: Transcript) -> dict[str, object]:
    return {
        "model": transcript.model,
        "language": transcript.language,
        "language_probability": _number(transcript.language_probability),
        "duration_ms": transcript.duration_ms,
        "frame_rate": None if transcript.frame_rate is None else str(transcript.frame_rate),
        "shots": _shots(transcript.shots),
        "notices": _notices(transcript.notices),
        "chunks": [_chunk(chunk) for chunk in transcript.chunks],
        "speech": [[span.start_ms, span.end_ms] for span in transcript.speech],
        "defence": json_defence.write(transcript.defence),
    }


def _read_transcript(fields: Fields) -> Transcript:
    return Transcript(
        words=(),
        language=fields.text("language"),
        language_probability=fields.number("language_probability"),
        chunks=tuple(map(_read_chunk, fields.children("chunks"))),
        duration_ms=fields.whole("duration_ms"),
        model=fields.text("model"),
        notices=_read_notices(fields),
        speech=_checked(_read_speech, fields),
        defence=tuple(_checked(json_defence.read, entry) for entry in fields.children("defence")),
        frame_rate=_read_frame_rate(fields),
        shots=_read_shots(fields.child("shots")),
    )


def _read_frame_rate(fields: Fields) -> Fraction | None:
    written = fields.text_or_none("frame_rate")
    if written is None:
        return None
    if not _FRAME_RATE.fullmatch(written):
        raise fields.error(f"has no frame rate in 'frame_rate': {written[:40]!r}")
    return Fraction(written)


def _shots(shots: Shots | None) -> dict[str, object] | None:
    if shots is None:
        return None
    return {"cuts_ms": list(shots.cuts_ms), "until_ms": shots.until_ms}


def _read_shots(fields: Fields | None) -> Shots | None:
    if fields is None:
        return None
    return _checked(lambda f: Shots(f.wholes("cuts_ms"), f.whole_or_none("until_ms")), fields)


def _read_speech(fields: Fields) -> tuple[Span, ...]:
    return tuple(Span(start_ms, end_ms) for start_ms, end_ms in fields.pairs("speech"))


def _chunk(chunk: ChunkFacts) -> dict[str, object]:
    return {
        "start_ms": chunk.start_ms,
        "end_ms": chunk.end_ms,
        "language": chunk.language,
        "avg_logprob": _number(chunk.avg_logprob),
        "no_speech_prob": _number(chunk.no_speech_prob),
        "compression_ratio": _number(chunk.compression_ratio),
        "word_count": chunk.word_count,
        "speech_ms": chunk.speech_ms,
        "temperature": _number(chunk.temperature),
    }


def _read_chunk(fields: Fields) -> ChunkFacts:
    return ChunkFacts(
        start_ms=fields.whole("start_ms"),
        end_ms=fields.whole("end_ms"),
        language=fields.text("language"),
        avg_logprob=fields.number("avg_logprob"),
        no_speech_prob=fields.number("no_speech_prob"),
        compression_ratio=fields.number("compression_ratio"),
        word_count=fields.whole("word_count"),
        speech_ms=fields.whole("speech_ms", 0),
        temperature=fields.number("temperature", 0.0),
    )


def _notices(notices: tuple[Notice, ...]) -> list[dict[str, object]]:
    return [
        {
            "reason": notice.reason.value,
            "message": notice.message,
            "facts": dict(sorted(notice.facts.items())),
        }
        for notice in notices
    ]


def _read_notices(fields: Fields) -> tuple[Notice, ...]:
    return tuple(_checked(_read_notice, notice) for notice in fields.children("notices"))


def _read_notice(fields: Fields) -> Notice:
    return Notice(
        NoticeReason(fields.text("reason")), fields.text("message"), fields.texts_by_name("facts")
    )


def _number(value: float | None) -> float | None:
    """JSON has no NaN and no infinity; both are written as null."""
    return float(value) if value is not None and math.isfinite(value) else None
