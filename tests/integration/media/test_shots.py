"""Cuts of films that are made with cuts at known frames."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, Undecodable
from polycue.domain.media import Media
from polycue.media.shots import Found, find_cuts

Ffmpeg = Callable[..., Path]
Look = Callable[[Path], Media]

SIZE = "s=160x90"
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def shots(rate: str, *frames: int, after: str = "") -> tuple[str, ...]:
    """Arguments for shots of so many frames each, cut hard."""
    sources = [f"testsrc={SIZE}", f"color=navy:{SIZE}", f"smptebars={SIZE}", f"color=olive:{SIZE}"]
    inputs: list[str] = []
    for number in range(len(frames)):
        inputs += ["-f", "lavfi", "-i", f"{sources[number % len(sources)]}:r={rate}"]
    trimmed = "".join(f"[{n}]trim=end_frame={count}[s{n}];" for n, count in enumerate(frames))
    joined = "".join(f"[s{n}]" for n in range(len(frames)))
    graph = f"{trimmed}{joined}concat=n={len(frames)}{',' if after else ''}{after}[v]"
    return (*inputs, "-filter_complex", graph, "-map", "[v]", *X264)


def found(media: Media) -> list[Found]:
    assert media.picture is not None
    return list(find_cuts(media, media.picture, cancel=CancelToken()))


def cuts_of(media: Media) -> list[int]:
    return [cut for step in found(media) for cut in step.cuts_ms]


def test_a_cut_is_the_first_millisecond_of_a_shot(ffmpeg: Ffmpeg, look: Look) -> None:
    film = ffmpeg("film.mp4", *shots("25", 50, 33, 40, 60))
    assert cuts_of(look(film)) == [2000, 3320, 4920]


@pytest.mark.parametrize(
    ("rate", "cuts"),
    [("24000/1001", [2002, 4630]), ("30", [1600, 3700]), ("60000/1001", [801, 1852])],
)
def test_frames_that_last_no_whole_millisecond(
    rate: str, cuts: list[int], ffmpeg: Ffmpeg, look: Look
) -> None:
    film = ffmpeg("film.mp4", *shots(rate, 48, 63, 50))
    assert cuts_of(look(film)) == cuts  # the first whole millisecond at or after the frame


def test_matroska_has_the_time_of_a_frame_in_milliseconds(ffmpeg: Ffmpeg, look: Look) -> None:
    film = ffmpeg("film.mkv", *shots("24000/1001", 48, 64, 50))
    assert cuts_of(look(film)) == [2002, 4671]  # of frames at 2002.0 and 4671.3 ms


def test_a_picture_that_starts_late_has_its_cuts_late(ffmpeg: Ffmpeg, look: Look) -> None:
    film = ffmpeg("film.mp4", *shots("25", 50, 50))
    sound = ("-f", "lavfi", "-i", "sine=d=6")
    late = ffmpeg("late.mkv", *sound, "-itsoffset", "1.5", "-i", film, "-map", "0", "-map", "1:v",
                  "-c:v", "copy", "-c:a", "libopus")  # fmt: skip
    media = look(late)
    assert media.picture is not None
    begins_ms = media.picture.start_ms - media.start_ms  # Opus begins before zero
    assert 1500 <= begins_ms < 1550
    assert cuts_of(media) == [begins_ms + 2000]


def test_the_containers_own_start_is_taken_away_once(ffmpeg: Ffmpeg, look: Look) -> None:
    sound = ("-f", "lavfi", "-i", "sine=d=5")
    film = ffmpeg("film.mp4", *shots("25", 50, 50))
    stream = ffmpeg("film.ts", "-i", film, *sound, "-map", "0:v", "-map", "1:a", "-c:v", "copy",
                    "-output_ts_offset", "1000")  # fmt: skip
    media = look(stream)
    assert media.start_ms > 1_000_000
    assert media.picture is not None
    begins_ms = media.picture.start_ms - media.start_ms
    assert cuts_of(media) == [begins_ms + 2000]


def test_frames_of_changing_length_keep_their_own_times(ffmpeg: Ffmpeg, look: Look) -> None:
    slower = "setpts='if(lt(N,40),N/25,1.6+(N-40)*0.07)/TB'"
    film = ffmpeg("film.mkv", *shots("25", 30, 30, 30, after=slower), "-fps_mode", "vfr")
    assert cuts_of(look(film)) == [1200, 3000]


def test_a_fade_is_no_cut(ffmpeg: Ffmpeg, look: Look) -> None:
    faded = ffmpeg(
        "faded.mp4",
        *("-f", "lavfi", "-i", f"testsrc={SIZE}:r=25:d=3"),
        *("-f", "lavfi", "-i", f"smptebars={SIZE}:r=25:d=3"),
        *("-filter_complex", "[0][1]xfade=duration=1:offset=2[v]", "-map", "[v]", *X264),
    )
    assert cuts_of(look(faded)) == []


def test_lightning_is_no_cut(ffmpeg: Ffmpeg, look: Look) -> None:
    flash = "drawbox=color=white:t=fill:enable='between(n,30,31)+between(n,34,35)'"
    film = ffmpeg("film.mp4", *shots("25", 80, 50, after=flash))
    assert cuts_of(look(film)) == [3200]


def test_a_still_picture_has_no_cuts(ffmpeg: Ffmpeg, look: Look) -> None:
    still = ffmpeg(
        "still.mp4",
        *("-f", "lavfi", "-i", "sine=d=3", "-f", "lavfi", "-i", f"testsrc={SIZE}:r=25:d=0.04"),
        *("-map", "0", "-map", "1", *X264),
    )
    assert cuts_of(look(still)) == []


def test_a_cover_is_no_shot(ffmpeg: Ffmpeg, look: Look) -> None:
    cover = ffmpeg("cover.png", "-f", "lavfi", "-i", f"testsrc={SIZE}", "-frames:v", "1")
    song = ffmpeg("song.mp3", "-f", "lavfi", "-i", "sine=d=2", "-i", cover,
                  "-map", "0", "-map", "1", "-c:v", "copy")  # fmt: skip
    assert look(song).picture is None


def test_how_far_it_has_come_never_goes_back(ffmpeg: Ffmpeg, look: Look) -> None:
    steps = found(look(ffmpeg("film.mp4", *shots("25", 50, 50))))
    until = [step.until_ms for step in steps]
    assert until == sorted(until)
    assert until[-1] == 3960


def test_damage_is_survived_or_told(ffmpeg: Ffmpeg, look: Look) -> None:
    """What is left of the picture is looked at, as a player would show it."""
    film = ffmpeg("film.mkv", *shots("25", 50, 50))
    damaged = ffmpeg("damaged.mkv", "-i", film, "-c", "copy", "-bsf:v", "noise=amount=60")
    with suppress(Undecodable):
        cuts = cuts_of(look(damaged))
        assert all(0 < cut < 4000 for cut in cuts)


def test_a_film_that_is_cut_short_has_the_cuts_of_what_is_left(
    ffmpeg: Ffmpeg, look: Look, tmp_path: Path
) -> None:
    film = ffmpeg("film.mkv", *shots("25", 50, 50, 50))
    short = tmp_path / "short.mkv"
    short.write_bytes(film.read_bytes()[: film.stat().st_size * 9 // 10])
    assert cuts_of(look(short))[:1] == [2000]


def test_a_picture_in_a_codec_that_is_not_let_in_is_told(ffmpeg: Ffmpeg, look: Look) -> None:
    film = ffmpeg("film.avi", *shots("25", 20)[:-6], "-c:v", "magicyuv")
    with pytest.raises(Undecodable):
        found(look(film))


def test_the_search_is_stopped_by_its_token(
    ffmpeg: Ffmpeg, look: Look, children: Callable[[], list[int]]
) -> None:
    media = look(ffmpeg("film.mp4", *shots("25", 50, 50)))
    assert media.picture is not None
    cancel = CancelToken()
    search = find_cuts(media, media.picture, cancel=cancel)
    next(search)
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(search)
    assert children() == []
