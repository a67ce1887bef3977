"""What the recogniser said and what is known of its film, as JSON; see ``json_track``.

The words are not in it: they lie in the cues.
"""

import re
from fractions import Fraction

from polycue.domain.audio import Span
from polycue.domain.shots import Shots
from polycue.domain.transcript import ChunkFacts, Transcript
from polycue.tracks import json_defence, json_notices
from polycue.tracks.json_fields import Fields, finite

_FRAME_RATE = re.compile(r"[1-9][0-9]{0,6}(/[1-9][0-9]{0,6})?", re.ASCII)


def write(transcript: Transcript) -> dict[str, object]:
    return {
        "model": transcript.model,
        "language": transcript.language,
        "language_probability": finite(transcript.language_probability),
        "duration_ms": transcript.duration_ms,
        "frame_rate": None if transcript.frame_rate is None else str(transcript.frame_rate),
        "shots": _shots(transcript.shots),
        "notices": json_notices.write(transcript.notices),
        "chunks": [_chunk(chunk) for chunk in transcript.chunks],
        "speech": [[span.start_ms, span.end_ms] for span in transcript.speech],
        "defence": json_defence.write(transcript.defence),
    }


def read(fields: Fields) -> Transcript:
    return Transcript(
        words=(),
        language=fields.tag("language"),
        language_probability=fields.number("language_probability"),
        chunks=tuple(map(_read_chunk, fields.children("chunks"))),
        duration_ms=fields.whole("duration_ms"),
        model=fields.text("model"),
        notices=json_notices.read(fields),
        speech=fields.made(_read_speech),
        defence=tuple(entry.made(json_defence.read) for entry in fields.children("defence")),
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
    return fields.made(lambda f: Shots(f.wholes("cuts_ms"), f.whole_or_none("until_ms")))


def _read_speech(fields: Fields) -> tuple[Span, ...]:
    return tuple(Span(start_ms, end_ms) for start_ms, end_ms in fields.pairs("speech"))


def _chunk(chunk: ChunkFacts) -> dict[str, object]:
    return {
        "start_ms": chunk.start_ms,
        "end_ms": chunk.end_ms,
        "language": chunk.language,
        "avg_logprob": finite(chunk.avg_logprob),
        "no_speech_prob": finite(chunk.no_speech_prob),
        "compression_ratio": finite(chunk.compression_ratio),
        "word_count": chunk.word_count,
        "speech_ms": chunk.speech_ms,
        "temperature": finite(chunk.temperature),
    }


def _read_chunk(fields: Fields) -> ChunkFacts:
    return ChunkFacts(
        start_ms=fields.whole("start_ms"),
        end_ms=fields.whole("end_ms"),
        language=fields.tag("language"),
        avg_logprob=fields.number("avg_logprob"),
        no_speech_prob=fields.number("no_speech_prob"),
        compression_ratio=fields.number("compression_ratio"),
        word_count=fields.whole("word_count"),
        speech_ms=fields.whole("speech_ms", 0),
        temperature=fields.number("temperature", 0.0),
    )
