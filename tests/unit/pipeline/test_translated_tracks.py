"""Tracks of a film in other languages, whatever the translator returns."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polycue.domain.cancel import CancelToken
from polycue.domain.cue import CueFlag
from polycue.domain.errors import TranslationFailed
from polycue.domain.media import Media, Stream, StreamKind
from polycue.domain.request import (
    InputFile,
    LayoutOptions,
    SpeechOptions,
    SubtitleTask,
    TranslationOptions,
)
from polycue.domain.track import Track
from polycue.domain.transcript import Sentence, Transcript, Word, text_of
from polycue.domain.translation import Hypotheses, Hypothesis, Rung, Search, Term
from polycue.pipeline.resuming.run import Run
from polycue.pipeline.subtitling import Subtitling
from polycue.pipeline.templates import translation_alone
from polycue.pipeline.tongues import Tongues
from polycue.testing.recogniser import ScriptedRecogniser
from polycue.testing.translator import BEST, FakeTranslator

FILE = InputFile(Path("film.mp4"), "film.mp4")
TASK = SubtitleTask(FILE, speech=SpeechOptions(language="en"), targets=("es",))
PICTURE = Stream(0, 0, StreamKind.VIDEO, "", frame_rate=Fraction(24))
LONG = "The old river runs to the sea and the small birds follow it along the coast today."
SPANISH = FakeTranslator(
    table={
        (LONG, "es"): "El viejo río corre hacia el mar y los pájaros pequeños lo siguen hoy"
        " a lo largo de la costa."
    }
)
TEXTS = st.sampled_from(
    [
        "The",
        "river",
        "runs,",
        "slowly.",
        "In",
        "1969",
        "Ada",
        "Lovelace",
        "said:",
        "wait!",
        "♪",
        "—",
    ]
)
ANSWERS = (
    "",
    " \n\t ",
    "...",
    "El río corre.",
    "uno\ndos\u2028tres\x85cuatro\x0b",
    "nulo\0\x07\ud800 aquí",
    "palabra " * 700,
    "x" * 3000,
    "bucle bucle " * 40,
    "река течёт медленно",
    "川が流れる。",
    "مرحبا بالعالم",
    "--> 00:00:01,000",
    "<i>etiqueta</i> &amp; {\\an8}",
    "\u0301\u0301",
    "🎉 👨‍👩‍👧",
)


class Hostile(FakeTranslator):
    """Answers with anything, in any number; may fail. The same question gets the same answer."""

    def __init__(self, seed: int) -> None:
        super().__init__(pairs=(("en", "es"), ("en", "de"), ("de", "es")))
        self._seed = seed

    def translate(
        self,
        texts: Sequence[str],
        route: tuple[str, ...],
        search: Search = BEST,
        *,
        cancel: CancelToken,
    ) -> list[Hypotheses]:
        mood = random.Random(f"{self._seed} {texts} {search}")
        kind = mood.randrange(7)
        if kind == 0:
            raise TranslationFailed(route[0], route[-1], "out of memory")
        answers = [self._answer(mood, text) for text in texts]
        if kind == 1:
            mood.shuffle(answers)
        if kind == 2:
            answers = answers[: mood.randrange(len(answers) + 1)]
        if kind == 3:
            answers += answers
        return answers

    def _answer(self, mood: random.Random, text: str) -> Hypotheses:
        count = mood.randrange(6)
        texts = mood.choices([*ANSWERS, text, text.upper(), text[::-1]], k=count)
        scores = mood.choices([0.0, -0.5, -9.0, float("nan"), float("inf"), 5.0], k=count)
        return tuple(map(Hypothesis, texts, scores))


@st.composite
def speech(draw: st.DrawFn) -> tuple[Word, ...]:
    time_ms = draw(st.integers(0, 5000))
    words = []
    for text in draw(st.lists(TEXTS, min_size=1, max_size=30)):
        time_ms += draw(st.sampled_from([0, 0, 40, 300, 900, 2500]))
        words.append(Word(text, time_ms, time_ms + draw(st.sampled_from([0, 120, 400]))))
        time_ms = words[-1].end_ms
    return tuple(words)


def subtitle(
    words: tuple[Word, ...], translator: FakeTranslator, task: SubtitleTask = TASK
) -> tuple[Track, ...]:
    """The tracks of a film of which these words were heard."""
    duration_ms = words[-1].end_ms + 4000
    media = Media(FILE.path, "mp4", 0, duration_ms, (PICTURE,))
    run = Run(ScriptedRecogniser(), translator, cancel=CancelToken(), report=lambda event: None)
    heard = Transcript(words, "en", 1.0, (), duration_ms, "fake")
    return Subtitling(task, media, run).run_again(heard).tracks


def say(text: str, *, start_ms: int = 1000, word_ms: int = 400) -> tuple[Word, ...]:
    return tuple(
        Word(word, start_ms + i * word_ms, start_ms + (i + 1) * word_ms)
        for i, word in enumerate(text.split())
    )


def times(track: Track) -> list[tuple[int, int]]:
    return [(cue.start_ms, cue.end_ms) for cue in track.cues]


def spoken_text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def shown_words(track: Track) -> Iterator[Word]:
    """The words of the cues; a word that stands in several cues counts once."""
    before: tuple[Word, ...] = ()
    for cue in track.cues:
        if cue.words != before:
            yield from cue.words
        before = cue.words


HOSTILE = pytest.mark.parametrize(
    "task",
    [
        TASK,
        replace(TASK, bilingual=True),
        replace(TASK, translations=(TranslationOptions("es", keep_source_cues=True),)),
        replace(TASK, translations=(TranslationOptions("es", glossary=(Term("river", "ría"),)),)),
    ],
    ids=["plain", "bilingual", "source cues", "glossary"],
)


@HOSTILE
@settings(max_examples=25)  # for each of four kinds of track
@given(speech(), st.integers(0, 10_000))
def test_no_translator_can_lose_text_or_time(
    task: SubtitleTask, words: tuple[Word, ...], seed: int
) -> None:
    own, translated = subtitle(words, Hostile(seed), task)
    assert spoken_text(tuple(shown_words(own))) == spoken_text(words)
    assert translated.cues
    for cue in translated.cues:
        assert cue.text.strip()
        assert not any(char in cue.text for char in "\0\x07\x0b\x85\u2028\ud800")
    for one, other in pairwise(translated.cues):
        assert one.end_ms <= other.start_ms
    first, last = translated.cues[0], translated.cues[-1]
    frames_ms = 100  # a frame or two
    assert own.cues[0].start_ms - frames_ms <= first.start_ms <= words[-1].end_ms + frames_ms
    assert last.end_ms <= words[-1].end_ms + 4000


@HOSTILE
@settings(max_examples=25)  # for each of four kinds of track
@given(speech(), st.integers(0, 10_000))
def test_what_could_not_be_translated_is_told_and_flagged(
    task: SubtitleTask, words: tuple[Word, ...], seed: int
) -> None:
    _, translated = subtitle(words, Hostile(seed), task)
    kept = [f for f in translated.fallbacks if f.rung is Rung.KEPT_SOURCE]
    flagged = any(CueFlag.KEPT_SOURCE in cue.flags for cue in translated.cues)
    assert flagged == bool(kept)
    for fallback in kept:
        assert fallback.source in spoken_text(words)


@settings(max_examples=25)
@given(speech(), st.integers(0, 10_000))
def test_with_the_cues_of_the_source_all_languages_change_at_once(
    words: tuple[Word, ...], seed: int
) -> None:
    options = TranslationOptions("es", keep_source_cues=True)
    own, translated = subtitle(words, Hostile(seed), replace(TASK, translations=(options,)))
    assert times(own) == times(translated)


@settings(max_examples=25)
@given(speech(), st.integers(0, 10_000))
def test_a_bilingual_track_has_every_spoken_word_above_its_translation(
    words: tuple[Word, ...], seed: int
) -> None:
    _, both = subtitle(words, Hostile(seed), replace(TASK, bilingual=True))
    assert both.second_language == "en"
    rest = " ".join(cue.text for cue in both.cues)
    for word in words:
        _, found, rest = rest.partition(word.text)
        assert found


def test_a_short_sentence_takes_one_line_in_each_language() -> None:
    table = {("The river runs slowly.", "es"): "El río corre despacio."}
    words = say("The river runs slowly.")
    _, both = subtitle(words, FakeTranslator(table=table), replace(TASK, bilingual=True))
    (cue,) = both.cues
    assert cue.lines == ("The river runs slowly.", "El río corre despacio.")
    assert text_of(cue.words) == "El río corre despacio."
    assert both.language == "es"


def test_cues_of_two_languages_have_one_line_for_each() -> None:
    _, both = subtitle(say(LONG), SPANISH, replace(TASK, bilingual=True))
    assert len(both.cues) > 1
    assert all(len(cue.lines) == 2 for cue in both.cues)
    assert all(CueFlag.TOO_WIDE not in cue.flags for cue in both.cues)


@settings(max_examples=25)
@given(speech(), st.integers(0, 10_000))
def test_the_report_on_two_languages_is_on_the_translation(
    words: tuple[Word, ...], seed: int
) -> None:
    _, both = subtitle(words, Hostile(seed), replace(TASK, bilingual=True))
    for cue in both.cues:
        alone = translation_alone(cue)
        assert alone.lines == cue.lines[-len(alone.lines) :]
        assert "".join(alone.text.split()) == "".join(text_of(cue.words).split())


def test_four_lines_are_two_for_each_language() -> None:
    task = replace(TASK, bilingual=True, layout=LayoutOptions(max_line_count=4))
    _, both = subtitle(say(LONG), SPANISH, task)
    assert max(len(cue.lines) for cue in both.cues) == 4


def test_what_stays_as_it_was_stands_in_a_bilingual_cue_once() -> None:
    table = {("The river.", "es"): ""}
    _, both = subtitle(
        say("The river."), FakeTranslator(table=table), replace(TASK, bilingual=True)
    )
    assert [cue.lines for cue in both.cues] == [("The river.",)]
    assert both.cues[0].flags >= {CueFlag.KEPT_SOURCE}


def test_terms_are_kept_in_a_track() -> None:
    table = {("We love polycue.", "es"): "Nos encanta policue."}
    options = TranslationOptions("es", glossary=(Term("polycue"),))
    task = replace(TASK, translations=(options,))
    own, translated = subtitle(say("We love polycue."), FakeTranslator(table=table), task)
    assert "polycue" in translated.cues[0].text
    assert [f.rung for f in translated.fallbacks] == [Rung.PLACEHOLDER]
    assert own.fallbacks == ()


def test_a_doubtful_word_does_not_hide_that_its_sentence_stays_in_its_language() -> None:
    # Words of a doubtful sentence are made anew, and were not found again among those kept.
    river, runs = say("River runs.")
    translator = FakeTranslator(table={("River runs.", "es"): ""})
    tongues = Tongues(translator, "en", "es", cancel=CancelToken())
    done = tongues.translate([Sentence((replace(river, suspect=True), runs))])
    assert done.kept == frozenset(done.words)
