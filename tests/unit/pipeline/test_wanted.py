"""Which tracks a task wants, known before anything is heard."""

from pathlib import Path

import pytest

from polycue.domain.errors import InvalidRequest, PairNotInstalled
from polycue.domain.request import InputFile, MuxOptions, SpeechOptions, SpeechTask, SubtitleTask
from polycue.domain.track import TrackKind
from polycue.pipeline.wanted import WantedTracks
from polycue.testing.translator import FakeTranslator

FILE = InputFile(Path("film.mkv"), "film.mkv")


def wanted(**wishes: object) -> WantedTracks:
    return WantedTracks(SubtitleTask(FILE, **wishes), None)  # type: ignore[arg-type]


def test_what_is_written_anyway_is_no_target_and_nothing_is_made_twice() -> None:
    assert wanted(targets=("es", "en", "es")).targets("en") == ("es",)


def test_a_recogniser_that_translates_writes_english_whatever_is_spoken() -> None:
    speech = SpeechOptions(task=SpeechTask.TRANSLATE)
    tracks = wanted(speech=speech, targets=("en", "de"), forced=True)
    assert tracks.written("es") == "en"
    assert tracks.targets("en") == ("de",)
    assert tracks.forced("es") == ("en", "de")


@pytest.mark.parametrize("options", [MuxOptions(burn_in="fr"), MuxOptions(default="fr")])
def test_a_copy_prefers_no_track_that_there_will_not_be(options: MuxOptions) -> None:
    tracks = wanted(speech=SpeechOptions(language="en"), targets=("es",), mux=(options,))
    with pytest.raises(InvalidRequest, match="'fr' is no track of this film; it has en, es"):
        tracks.check(FakeTranslator())


def test_a_way_that_is_not_there_is_told_before_any_work() -> None:
    tracks = wanted(speech=SpeechOptions(language="en"), targets=("xx",))
    with pytest.raises(PairNotInstalled):
        tracks.check(FakeTranslator())


def test_where_nobody_speaks_every_track_is_there_and_empty() -> None:
    made = list(wanted(targets=("es",), forced=True, bilingual=True).empty("und", ()))
    assert [(t.language, t.kind, t.second_language) for t in made] == [
        ("und", TrackKind.SUBTITLES, ""),
        ("es", TrackKind.SUBTITLES, "und"),
        ("und", TrackKind.FORCED, ""),
        ("es", TrackKind.FORCED, ""),
    ]
    assert not any(track.cues for track in made)
