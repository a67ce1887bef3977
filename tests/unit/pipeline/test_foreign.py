from pathlib import Path

import pytest

from polycue.domain.request import InputFile
from polycue.pipeline.foreign import read_subtitles, stem_without_language

OVERLAPPING = """1
00:00:00,000 --> 00:00:04,000
a

2
00:00:02,000 --> 00:00:05,000
b
"""


def test_a_file_whose_cues_overlap_is_read_and_its_reader_told(tmp_path: Path) -> None:
    path = tmp_path / "film.en.srt"
    path.write_text(OVERLAPPING)
    reading = read_subtitles(InputFile(path, path.name))
    assert [(cue.start_ms, cue.end_ms) for cue in reading.cues] == [(0, 2000), (2000, 5000)]
    (notice,) = reading.notices
    assert notice.facts == {"cut": "1", "joined": "0"}


@pytest.mark.parametrize("name", ["movie", "movie.en", "movie.en.sdh", "movie.en.forced"])
def test_a_translation_is_named_after_the_film_not_after_the_other_track(name: str) -> None:
    assert stem_without_language(name, "en") == "movie"
