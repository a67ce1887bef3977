"""The nouns refuse what cannot be."""

import pickle
from copy import copy
from dataclasses import fields

import numpy as np
import pytest

from polycue.domain.audio import SAMPLE_RATE_HZ, Audio, Span, joined
from polycue.domain.cue import Cue
from polycue.domain.track import Track, TrackKind, sidecar_name
from polycue.domain.transcript import Sentence, Word, text_of


def test_speech_that_was_cut_is_joined_again() -> None:
    parts = (Span(0, 5), Span(5, 9), Span(7, 8), Span(10, 12))
    assert joined(parts) == (Span(0, 9), Span(10, 12))
    assert joined(()) == ()


@pytest.mark.parametrize("text", ["", " ", " a", "a\n"])
def test_a_word_is_bare(text: str) -> None:
    with pytest.raises(ValueError, match="not a bare word"):
        Word(text, 0, 1)


@pytest.mark.parametrize(("start_ms", "end_ms"), [(-1, 1), (2, 1)])
def test_a_word_has_a_time(start_ms: int, end_ms: int) -> None:
    with pytest.raises(ValueError, match="has no time"):
        Word("a", start_ms, end_ms)


def test_a_word_survives_the_way_to_another_process_with_all_it_has() -> None:
    word = Word("ja,", 1, 2, 0.5, "a speaker", joined=True, language="de", suspect=True)
    assert all(getattr(word, one.name) != one.default for one in fields(Word))
    assert pickle.loads(pickle.dumps(word)) == word  # noqa: S301 - our own
    assert copy(word) == word


@pytest.mark.parametrize(
    "lines", [(), ("",), ("a", " "), ("a\nb",), ("a\n",), ("a\u2028b",), ("a\x85b",)]
)
def test_a_cues_lines_are_whole_and_not_empty(lines: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="lines are whole"):
        Cue(0, 1, lines)


@pytest.mark.parametrize(("start_ms", "end_ms"), [(1, 1), (2, 1), (-1, 1)])
def test_a_cue_stays_a_while(start_ms: int, end_ms: int) -> None:
    with pytest.raises(ValueError, match="stays a while"):
        Cue(start_ms, end_ms, ("a",))


def test_a_track_refuses_cues_that_overlap() -> None:
    with pytest.raises(ValueError, match="overlap at 900 ms"):
        Track("en", (Cue(0, 1000, ("a",)), Cue(900, 2000, ("b",))))


def test_a_track_takes_cues_that_touch() -> None:
    assert len(Track("en", (Cue(0, 1000, ("a",)), Cue(1000, 2000, ("b",)))).cues) == 2


def test_sound_is_mono_float32() -> None:
    with pytest.raises(ValueError, match="not mono float32"):
        Audio(np.zeros((2, 10), np.float32), 0)
    with pytest.raises(ValueError, match="not mono float32"):
        Audio(np.zeros(10, np.int16), 0)


def test_sound_knows_where_it_ends() -> None:
    audio = Audio(np.zeros(SAMPLE_RATE_HZ * 3 // 2, np.float32), 700)
    assert (audio.duration_ms, audio.end_ms) == (1500, 2200)


def test_a_span_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="ends before it starts"):
        Span(2, 1)


def test_a_sentence_has_words() -> None:
    with pytest.raises(ValueError, match="has words"):
        Sentence(())


def test_words_join_with_spaces_except_where_they_say_otherwise() -> None:
    words = [Word("日", 0, 1), Word("本", 1, 2, joined=True), Word("OK", 2, 3)]
    assert text_of(words) == "日本 OK"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (TrackKind.SUBTITLES, "movie.en.srt"),
        (TrackKind.FORCED, "movie.en.forced.srt"),
        (TrackKind.CAPTIONS, "movie.en.sdh.srt"),
    ],
)
def test_a_sidecar_has_the_name_media_servers_look_for(kind: TrackKind, name: str) -> None:
    assert sidecar_name("movie", "en", kind, "srt") == name
    assert sidecar_name("movie", "es", kind, "srt", bilingual=True).startswith("movie.bilingual.es")
