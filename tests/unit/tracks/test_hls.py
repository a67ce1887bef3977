import io
import zipfile

import pytest

from polycue.domain.cue import Cue
from polycue.domain.errors import LimitExceeded
from polycue.domain.track import Track
from polycue.tracks import hls, vtt
from polycue.tracks.validate import validate

MAP = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n"


def unpacked(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_track_is_a_playlist_and_its_segments() -> None:
    track = Track("en", (Cue(500, 2000, ("one",)), Cue(5000, 7000, ("a & b",))))
    assert unpacked(hls.write(track, media_ms=20_040, note="Made by a machine")) == {
        "index.m3u8": (
            "#EXTM3U\n"
            "#EXT-X-VERSION:3\n"
            "#EXT-X-TARGETDURATION:6\n"
            "#EXT-X-MEDIA-SEQUENCE:0\n"
            "#EXT-X-PLAYLIST-TYPE:VOD\n"
            "#EXTINF:6.000,\n00001.vtt\n"
            "#EXTINF:6.000,\n00002.vtt\n"
            "#EXTINF:6.000,\n00003.vtt\n"
            "#EXTINF:2.040,\n00004.vtt\n"
            "#EXT-X-ENDLIST\n"
        ),
        "00001.vtt": (
            f"WEBVTT\n{MAP}\nNOTE Made by a machine\n\n"
            "1\n00:00:00.500 --> 00:00:02.000\none\n\n"
            "2\n00:00:05.000 --> 00:00:07.000\na &amp; b\n\n"
        ),
        # A cue that spans the border comes again, whole and by the same name.
        "00002.vtt": f"WEBVTT\n{MAP}\n2\n00:00:05.000 --> 00:00:07.000\na &amp; b\n\n",
        "00003.vtt": f"WEBVTT\n{MAP}\n\n",
        "00004.vtt": f"WEBVTT\n{MAP}\n\n",
    }


def test_a_segment_without_its_clock_is_valid_webvtt() -> None:
    track = Track("en", (Cue(0, 10_000, ("Tom & Jerry < 3 --> x",)),))
    for name, text in unpacked(hls.write(track, media_ms=0)).items():
        if name != hls.PLAYLIST:
            assert validate(text.replace(MAP, "")) == []


def test_segments_laid_end_to_end_are_read_as_one_file() -> None:
    """As ffmpeg does it: what ends without a blank line takes the next header for its text."""
    cues = (Cue(0, 5000, ("one",)), Cue(6000, 11_000, ("two",)), Cue(12_000, 13_000, ("three",)))
    files = unpacked(hls.write(Track("en", cues), media_ms=13_000))
    text = "".join(text for name, text in files.items() if name != hls.PLAYLIST)
    assert vtt.read(text).cues == cues


def test_a_cue_on_a_border_stands_on_its_own_side_only() -> None:
    track = Track("en", (Cue(0, 6000, ("one",)), Cue(6000, 12_000, ("two",))))
    files = unpacked(hls.write(track, media_ms=12_000))
    assert ["one" in text for text in files.values()] == [False, True, False]
    assert ["two" in text for text in files.values()] == [False, False, True]


@pytest.mark.parametrize(("media_ms", "longest"), [(0, "1"), (1, "1"), (1001, "2"), (9000, "6")])
def test_no_segment_is_longer_than_the_target_and_no_film_has_none(
    media_ms: int, longest: str
) -> None:
    files = unpacked(hls.write(Track("en", ()), media_ms=media_ms))
    assert f"#EXT-X-TARGETDURATION:{longest}\n" in files[hls.PLAYLIST]
    assert "00001.vtt" in files


def test_a_track_of_a_thousand_years_has_longer_segments_not_more() -> None:
    latest_ms = 10**13
    files = unpacked(
        hls.write(Track("en", (Cue(latest_ms - 1, latest_ms, ("late",)),)), media_ms=0)
    )
    assert len(files) <= 20_001
    assert f"#EXT-X-TARGETDURATION:{latest_ms // 20_000 // 1000}\n" in files[hls.PLAYLIST]


def test_a_long_text_that_stays_for_long_is_refused() -> None:
    track = Track("en", (Cue(0, 100_000_000, ("x" * 100_000,)),))
    with pytest.raises(LimitExceeded, match="long cues"):
        hls.write(track, media_ms=0)
