import json
import math
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from polycue.domain.audio import Span
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.defence import Remedy, Signal, Verdict
from polycue.domain.errors import SubtitleSyntax
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.shots import Shots
from polycue.domain.track import Track, TrackKind
from polycue.domain.transcript import ChunkFacts, Transcript, Word
from polycue.domain.translation import Fallback, Objection, Rung
from polycue.tracks import json_track
from polycue.tracks.json_track import Document

WORDS = (
    Word("Good", 500, 800, 0.96875),
    Word("morning.", 850, 1400, 0.25),
)
FULL_WORD = Word("何", 0, 1, None, "Ann", joined=True, language="ja", suspect=True)
CHUNK = ChunkFacts(480, 2750, "en", -0.125, 0.015625, 0.75, 2, speech_ms=950)
TRANSCRIPT = Transcript(
    words=(),
    language="en",
    language_probability=1.0,
    chunks=(CHUNK,),
    duration_ms=4000,
    model="demo-en",
    notices=(Notice(NoticeReason.DEMO_MODEL, "made by the demo models", {"model": "demo-en"}),),
    speech=(Span(500, 1450),),
    defence=(Verdict(2000, 2750, Remedy.DROPPED, "Thank you.", (Signal.NO_SPEECH, Signal.PHRASE)),),
    frame_rate=Fraction(24_000, 1001),
    shots=Shots((2085, 3503), until_ms=3600),
)
TRACK = Track(
    "en",
    (Cue(500, 2000, ("Good morning.",), WORDS, frozenset({CueFlag.LOW_CONFIDENCE})),),
)


def document(**changes: object) -> str:
    return json.dumps({**json.loads(json_track.write(TRACK, TRANSCRIPT)), **changes})


def test_the_documented_example_is_what_is_written(repository: Path) -> None:
    page = (repository / "docs" / "track-json.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert json_track.write(TRACK, TRANSCRIPT) == example


def test_all_that_is_written_reads_back() -> None:
    track = Track(
        language="ja",
        cues=(
            Cue(0, 1, ("何",), (FULL_WORD,), frozenset(CueFlag), (("cue", 1.0), ("pause", -2.25))),
            Cue(360_000_000, 360_000_001, ("-->", "<i>&")),
        ),
        kind=TrackKind.FORCED,
        route=("es", "en", "ja"),
        notices=(Notice(NoticeReason.TRANSLATION_KEPT_SOURCE, "", {"b": "1", "a": "2"}),),
        fallbacks=tuple(
            Fallback(0, 1, "Qué.", reason, rung, ("es", "ja"))
            for reason in Objection
            for rung in Rung
        ),
        second_language="es",
    )
    written = json_track.write(track, TRANSCRIPT)
    assert json_track.read_document(written) == Document(track, TRANSCRIPT)
    assert json_track.read(written).cues == track.cues
    assert json_track.read(written).notices == track.notices


def test_a_track_without_a_transcript_and_cues_reads_back() -> None:
    empty = Track("und", ())
    assert json_track.read_document(json_track.write(empty, None)) == Document(empty, None)


def test_the_words_of_the_transcript_are_not_written_twice() -> None:
    whole = replace(TRANSCRIPT, words=WORDS)
    assert json_track.write(TRACK, whole) == json_track.write(TRACK, TRANSCRIPT)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_in_json_is_null(number: float) -> None:
    # An empty chunk has no mean log probability; json.dumps would write NaN, which no parser takes.
    silent = replace(TRANSCRIPT, chunks=(replace(CHUNK, avg_logprob=number),))
    written = json_track.write(TRACK, silent)
    assert json.loads(written)["transcript"]["chunks"][0]["avg_logprob"] is None
    again = json_track.read_document(written)
    assert again.transcript is not None
    assert math.isnan(again.transcript.chunks[0].avg_logprob)
    assert json_track.write(again.track, again.transcript) == written


def test_half_characters_do_not_make_a_file_that_cannot_be_written() -> None:
    written = json_track.write(Track("en", (Cue(0, 1, ("a\ud800b",)),)), None)
    assert json.loads(written.encode())["cues"][0]["lines"] == ["a\ufffdb"]


def test_half_characters_of_a_document_become_whole_ones() -> None:
    cue = {**CUE, "lines": ["a\ud800b"]}
    assert json_track.read(document(cues=[cue])).cues[0].lines == ("a\ufffdb",)
    assert json_track.read(document(cues=[{**CUE, "lines": ["😀"]}])).cues[0].lines == ("😀",)


def test_fields_of_a_later_version_are_ignored() -> None:
    assert json_track.read(document(mood="sunny")).cues == TRACK.cues


def test_a_document_of_cues_alone_is_enough() -> None:
    minimal = {
        "format": "polycue-track",
        "version": 1,
        "language": "en",
        "cues": [{"start_ms": 0, "end_ms": 9, "lines": ["Hi"]}],
    }
    assert json_track.read(json.dumps(minimal)).cues == (Cue(0, 9, ("Hi",)),)


def test_a_transcript_from_before_speech_was_kept_reads_without_it() -> None:
    stored = json.loads(document())
    del stored["transcript"]["speech"]
    again = json_track.read_document(json.dumps(stored)).transcript
    assert again == replace(TRANSCRIPT, speech=())


def test_a_transcript_from_before_the_defence_reads_without_it() -> None:
    stored = json.loads(document())
    del stored["transcript"]["defence"]
    for name in ("speech_ms", "temperature"):
        del stored["transcript"]["chunks"][0][name]
    again = json_track.read_document(json.dumps(stored)).transcript
    assert again == replace(TRANSCRIPT, defence=(), chunks=(replace(CHUNK, speech_ms=0),))


HEARD = json.loads(json_track.write(TRACK, TRANSCRIPT))["transcript"]
CUE = {"start_ms": 0, "end_ms": 9, "lines": ["Hi"]}
SAID = {"text": "Hi", "start_ms": 0, "end_ms": 9, "probability": None}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"format": "other"}, "'format'"),
        ({"version": 2}, "version 2"),
        ({"version": "1"}, "'version'"),
        ({"version": True}, "'version'"),
        ({"language": 5}, "'language'"),
        ({"language": "not a tag"}, "no language in 'language': 'not a tag'"),
        ({"route": ["en", "not a tag"]}, "no language in 'route'"),
        ({"kind": "loud"}, "loud"),
        ({"route": "es"}, "'route'"),
        ({"route": [1]}, "'route'"),
        ({"cues": {}}, "'cues'"),
        ({"cues": ["Hi"]}, "cues[0] is not an object"),
        ({"cues": [CUE, {**CUE, "start_ms": 8.5}]}, "cues[1] has no whole number in 'start_ms'"),
        ({"cues": [{**CUE, "start_ms": -1}]}, "cues[0]"),
        ({"cues": [{**CUE, "end_ms": 0}]}, "cues[0]"),
        ({"cues": [{**CUE, "end_ms": 10**30}]}, "'end_ms'"),
        ({"cues": [{**CUE, "lines": []}]}, "cues[0]"),
        ({"cues": [{**CUE, "lines": ["a\nb"]}]}, "cues[0]"),
        ({"cues": [{**CUE, "flags": ["odd"]}]}, "cues[0]"),
        ({"cues": [{**CUE, "costs": {"cue": None}}]}, "'costs'"),
        ({"cues": [{**CUE, "costs": {"cue": 1e400}}]}, "not a JSON number"),
        ({"cues": [{**CUE, "costs": [1]}]}, "'costs'"),
        ({"cues": [{**CUE, "words": [{"text": " "}]}]}, "words[0]"),
        ({"cues": [{**CUE, "words": [{**SAID, "language": "not a tag"}]}]}, "words[0]"),
        ({"cues": [CUE, CUE]}, "overlap"),
        ({"transcript": []}, "transcript is not an object"),
        ({"transcript": {**HEARD, "shots": {"cuts_ms": [5.5]}}}, "whole numbers in 'cuts_ms'"),
        ({"transcript": {**HEARD, "shots": {"cuts_ms": [6, 5]}}}, "transcript.shots cannot be"),
        ({"transcript": {**HEARD, "speech": [5, 6]}}, "pairs of whole numbers in 'speech'"),
        ({"transcript": {**HEARD, "speech": [[5, 6, 7]]}}, "pairs of whole numbers in 'speech'"),
        ({"transcript": {**HEARD, "speech": [[6, 5]]}}, "transcript cannot be"),
        ({"transcript": {**HEARD, "defence": [{"remedy": "prayed"}]}}, "defence[0]"),
        ({"transcript": {**HEARD, "frame_rate": "1/0"}}, "frame rate in 'frame_rate': '1/0'"),
        ({"transcript": {**HEARD, "frame_rate": "1e999999"}}, "frame rate in 'frame_rate'"),
        ({"transcript": {**HEARD, "frame_rate": 25}}, "no text in 'frame_rate'"),
        ({"notices": [{"reason": "ODD", "message": ""}]}, "notices[0]"),
        ({"notices": [{"reason": "NO_SPEECH", "message": "", "facts": {"a": 1}}]}, "'facts'"),
    ],
)
def test_what_breaks_the_schema_is_named(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(SubtitleSyntax, match=re.escape(problem)):
        json_track.read(document(**changes))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"x"',
        "7",
        "[" * 100_000,
        "9" * 5000,
        '{"format": NaN}',
        "WEBVTT",
        "\ufeff{}",
    ],
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(SubtitleSyntax):
        json_track.read(text)


def test_bad_json_is_told_with_its_line() -> None:
    with pytest.raises(SubtitleSyntax) as caught:
        json_track.read('{\n"format": "polycue-track",\n}')
    assert caught.value.line == 3
