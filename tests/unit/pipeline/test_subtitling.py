"""Cues that come island by island are those of the whole film."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from polycue.cues.layout import layout
from polycue.cues.preset_file import preset_names
from polycue.cues.presets import rules_for
from polycue.domain.cancel import CancelToken
from polycue.domain.request import InputFile, LayoutOptions, SpeechOptions, SubtitleTask
from polycue.domain.track import Track
from polycue.domain.transcript import Transcript, Word
from polycue.pipeline.rebuilding import film_of
from polycue.pipeline.resuming.run import Run
from polycue.pipeline.subtitling import Subtitling
from polycue.testing.recogniser import ScriptedRecogniser
from polycue.testing.translator import FakeTranslator

FILE = InputFile(Path("film.mkv"), "film.mkv")


def subtitled(words: list[Word], options: LayoutOptions, duration_ms: int) -> tuple[Track, ...]:
    task = SubtitleTask(FILE, speech=SpeechOptions(language="en"), targets=("es",), layout=options)
    transcript = Transcript(tuple(words), "en", 1.0, (), duration_ms, "scripted")
    run = Run(
        ScriptedRecogniser(), FakeTranslator(), cancel=CancelToken(), report=lambda event: None
    )
    return Subtitling(task, film_of(transcript, FILE), run).run_again(transcript).tracks


@st.composite
def spoken(draw: st.DrawFn) -> list[Word]:
    clock_ms, words = 0, []
    pieces = st.tuples(
        st.sampled_from(["Yes.", "and", "the", "river", "is", "old,", "never"]),
        st.integers(0, 600),
        st.sampled_from([0, 0, 100, 1999, 2000, 2100, 2600, 4000]),
        st.sampled_from([None, None, "A", "B"]),
    )
    for text, duration_ms, pause_ms, speaker in draw(st.lists(pieces, max_size=25)):
        words.append(Word(text, clock_ms, clock_ms + duration_ms, speaker=speaker))
        clock_ms += duration_ms + pause_ms
    return words


def test_translations_are_held_to_rules_of_their_own() -> None:
    text = "[default]\nmax_line_chars = 40\ntranslated = { max_line_chars = 12 }"
    options = LayoutOptions("house.toml", custom_preset=text)
    words = [Word(text, 300 * n, 300 * n + 280) for n, text in enumerate(["river"] * 20)]
    source, translated = subtitled(words, options, 200_000)
    assert max(len(line) for cue in source.cues for line in cue.lines) > 12
    assert max(len(line) for cue in translated.cues for line in cue.lines) <= 12
    assert translated.report is None or not translated.report.violations


LAYOUTS = st.sampled_from(
    [
        *map(LayoutOptions, preset_names()),
        LayoutOptions(min_cue_ms=7000),  # longer than any pause
        LayoutOptions("bbc", linger_ms=5000, chain_gap_ms=5000),
        LayoutOptions(min_gap_frames=24),
    ]
)


@given(spoken(), LAYOUTS)
def test_islands_know_their_neighbours_whatever_the_preset(
    words: list[Word], options: LayoutOptions
) -> None:
    # The end is known only with the last island, so here it is too far off to matter.
    duration_ms = 200_000
    source, translated = subtitled(words, options, duration_ms)
    rules = rules_for(options, "en", None)
    assert source.cues == layout(words, rules, media_end_ms=duration_ms)
    assert len(translated.cues) > 0 or not words  # a track refuses cues that overlap
