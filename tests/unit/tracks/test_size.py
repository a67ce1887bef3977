from pathlib import Path

import pytest

from polycue.domain.errors import LimitExceeded
from polycue.domain.track import TrackFormat
from polycue.tracks import size
from polycue.tracks.files import parse
from polycue.tracks.size import read_file

ONE = {
    TrackFormat.SRT: "1\n00:00:00,000 --> 00:00:01,000\nx\n\n",
    TrackFormat.VTT: "00:00.000 --> 00:01.000\nx\n\n",
    TrackFormat.ASS: "Dialogue: 0,0:00:00.00,0:00:01.00,,,0,0,0,,x\n",
    TrackFormat.TSV: "0\t1000\tx\n",
    TrackFormat.TTML: "<p/>",
}
READABLE = [track_format for track_format in TrackFormat if track_format.is_readable]


@pytest.mark.parametrize("track_format", READABLE)
def test_a_line_of_fifty_megabytes_is_refused_with_the_limit(track_format: TrackFormat) -> None:
    with pytest.raises(LimitExceeded, match="characters is over the limit of"):
        parse("x" * (80 << 20 if track_format is TrackFormat.JSON else 50 << 20), track_format)


@pytest.mark.parametrize("track_format", list(ONE))
def test_a_million_cues_are_refused_before_they_are_read(track_format: TrackFormat) -> None:
    many = ONE[track_format] * 300_000
    if track_format is TrackFormat.TTML:
        many = f"<tt xmlns='http://www.w3.org/ns/ttml'><body><div>{many}</div></body></tt>"
    with pytest.raises(LimitExceeded, match="is over the limit of 200000; cut the file"):
        parse(many, track_format)


def test_a_long_line_within_the_limit_is_read_whole() -> None:
    text = ONE[TrackFormat.SRT].replace("x", "long " * 200_000)
    (cue,) = parse(text, TrackFormat.SRT).cues
    assert cue.text == ("long " * 200_000).strip()


def test_a_file_too_large_for_subtitles_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "film.srt"
    with path.open("wb") as file:
        file.truncate(size.MAX_FILE_BYTES + 1)
    with pytest.raises(LimitExceeded, match="bytes is over the limit"):
        read_file(path)
