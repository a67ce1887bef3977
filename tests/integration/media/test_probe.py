import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, NotMedia, ToolTimedOut, TooManyStreams, Unreadable
from polycue.domain.media import Media, StreamKind
from polycue.media import probe as probing
from polycue.media.probe import probe

Look = Callable[[Path], Media]
Ffmpeg = Callable[..., Path]

EVIL_NAMES = [
    b"-i.mp4",
    b"a b;$(touch pwned)`id`.mp4",
    b"http:x.mp4",
    b"concat:x.mp4",
    b"x%03d.mp4",
    b"new\nline.mp4",
    b"[1:v]',x.mp4",
    b"\xff\xfe.mp4",
    b"a" * 251 + b".mp4",
    "\u202egnp.mp4".encode(),
]


def test_a_film_is_told_by_its_streams(film: Path, look: Look) -> None:
    media = look(film)

    picture, sound = media.streams
    assert (media.container, media.brand) == ("mov,mp4,m4a,3gp,3g2,mj2", "isom")
    assert (media.start_ms, media.duration_ms) == (0, 5000)
    assert (picture.kind, picture.codec) == (StreamKind.VIDEO, "h264")
    assert (sound.kind, sound.codec, sound.channels) == (StreamKind.AUDIO, "aac", 1)
    assert media.frame_rate == Fraction(10)


@pytest.mark.parametrize("name", EVIL_NAMES, ids=ascii)
def test_no_name_is_taken_for_an_option_or_an_address(
    film: Path, tmp_path: Path, look: Look, name: bytes
) -> None:
    path = tmp_path / os.fsdecode(name)
    path.symlink_to(film)

    assert look(path).duration_ms == 5000
    assert not (tmp_path / "pwned").exists()


def test_a_relative_name_is_found(film: Path, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(film.parent)

    assert look(Path(film.name)).duration_ms == 5000


def test_languages_titles_and_marks_are_read(film: Path, ffmpeg: Ffmpeg, look: Look) -> None:
    path = ffmpeg(
        "marked.mkv",
        *("-i", film, "-map", "0:v", "-map", "0:a", "-map", "0:a", "-map", "0:a", "-c", "copy"),
        *("-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=pt-BR"),
        *("-metadata:s:a:2", "language=xx-bogus", "-metadata:s:a:1", "title=Comentários"),
        *("-disposition:a:0", "default", "-disposition:a:1", "comment", "-disposition:a:2", "0"),
    )

    sounds = look(path).of_kind(StreamKind.AUDIO)

    assert [sound.language for sound in sounds] == ["de", "pt-BR", "und"]
    assert [sound.title for sound in sounds] == ["", "Comentários", ""]
    assert [sound.ordinal for sound in sounds] == [0, 1, 2]
    assert [set(sound.dispositions) for sound in sounds] == [{"default"}, {"comment"}, set()]


def test_the_name_of_an_mp4_track_is_its_title(film: Path, ffmpeg: Ffmpeg, look: Look) -> None:
    path = ffmpeg(
        "named.mp4",
        *("-i", film, "-c", "copy", "-metadata:s:a", "handler_name=Director's cut"),
    )

    assert [stream.title for stream in look(path).streams] == ["", "Director's cut"]


def test_a_cover_is_marked_and_has_no_frame_rate(film: Path, ffmpeg: Ffmpeg, look: Look) -> None:
    cover = ffmpeg("cover.png", "-f", "lavfi", "-i", "color=red:s=16x16", "-frames:v", "1")
    song = ffmpeg(
        "song.m4a",
        *("-i", film, "-i", cover, "-map", "0:a", "-map", "1", "-c", "copy"),
        *("-disposition:v", "attached_pic"),
    )

    media = look(song)

    assert [s.kind for s in media.streams if "attached_pic" in s.dispositions] == ["video"]
    assert media.frame_rate is None


@pytest.mark.parametrize(
    ("name", "brand"), [("a.mkv", "matroska"), ("a.mp4", "isom"), ("a.mov", "qt")]
)
def test_the_kind_of_file_is_known_without_its_suffix(
    film: Path, ffmpeg: Ffmpeg, look: Look, name: str, brand: str
) -> None:
    path = ffmpeg(name, "-i", film, "-c", "copy")

    assert look(path.rename(path.parent / "in")).brand == brand


def test_a_webm_file_is_known_without_its_suffix(
    web_film: Path, tmp_path: Path, look: Look
) -> None:
    (tmp_path / "in").symlink_to(web_film)

    assert look(tmp_path / "in").brand == "webm"


def test_a_stream_that_starts_late_says_when(film: Path, ffmpeg: Ffmpeg, look: Look) -> None:
    path = ffmpeg(
        "late.mkv",
        *("-itsoffset", "2", "-i", film, "-i", film, "-map", "1:v", "-map", "0:a", "-c", "copy"),
    )

    media = look(path)

    assert media.start_ms == 0
    assert media.streams[1].start_ms == pytest.approx(2000, abs=30)


def test_a_film_whose_picture_may_not_be_decoded_is_still_told(ffmpeg: Ffmpeg, look: Look) -> None:
    # MagicYUV's decoder had CVE-2026-8461.
    path = ffmpeg(
        "rare.mkv",
        *("-f", "lavfi", "-i", "testsrc=s=64x36:r=10:d=1", "-f", "lavfi", "-i", "sine=d=1"),
        *("-c:v", "magicyuv", "-pix_fmt", "gbrp", "-c:a", "flac"),
    )

    assert [stream.codec for stream in look(path).streams] == ["magicyuv", "flac"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"This is a text and not a film.\n" * 100,
        b"%PDF-1.7\n",
        b"PK\3\4" + bytes(range(256)) * 16,
        bytes(2**20),
        b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"1\n00:00:01,000 --> 00:00:02,000\nHello\n",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        b"m=audio 5004 RTP/AVP 97\r\na=rtpmap:97 L16/16000\r\n",
    ],
    ids=["empty", "NUL", "text", "PDF", "ZIP", "zeros", "HLS", "SubRip", "SDP"],
)
def test_what_is_no_media_is_called_so(tmp_path: Path, look: Look, content: bytes) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)

    with pytest.raises(NotMedia, match=r"film\.mp4: not a media file"):
        look(path)


def test_a_neighbours_file_is_not_read_through_a_playlist(
    film: Path, ffmpeg: Ffmpeg, tmp_path: Path, look: Look
) -> None:
    ffmpeg("seg.ts", "-i", film, "-c", "copy")  # plain ffprobe reads it through both
    concat = tmp_path / "concat.mp4"
    concat.write_text("ffconcat version 1.0\nfile seg.ts\n")
    hls = tmp_path / "hls.mp4"
    hls.write_text("#EXTM3U\n#EXTINF:5,\nseg.ts\n#EXT-X-ENDLIST\n")

    for path in (concat, hls):
        with pytest.raises(NotMedia):
            look(path)


def test_a_picture_is_no_media(ffmpeg: Ffmpeg, look: Look) -> None:
    path = ffmpeg("still.png", "-f", "lavfi", "-i", "color=red:s=16x16", "-frames:v", "1")

    with pytest.raises(NotMedia, match="no video or audio format"):
        look(path)


def test_the_head_of_an_mp4_without_its_index_is_no_media(
    film: Path, tmp_path: Path, look: Look
) -> None:
    path = tmp_path / "head.mp4"
    path.write_bytes(film.read_bytes()[:40])

    with pytest.raises(NotMedia):
        look(path)


def test_what_is_not_there_cannot_be_read(tmp_path: Path, look: Look) -> None:
    with pytest.raises(Unreadable, match="No such file"):
        look(tmp_path / "film.mp4")


def test_what_is_no_file_cannot_be_read(tmp_path: Path, look: Look) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")

    for path in (tmp_path, tmp_path / "pipe.mp4", Path("/dev/zero"), Path("a\0b.mp4")):
        with pytest.raises(Unreadable):
            look(path)


def test_too_many_streams_are_turned_away(film: Path, ffmpeg: Ffmpeg, look: Look) -> None:
    path = ffmpeg("many.mkv", "-i", film, *["-map", "0:a"] * 150, "-c", "copy")

    with pytest.raises(TooManyStreams, match="more than 128 streams"):
        look(path)


def test_a_cancelled_probe_stops(film: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        probe(film, cancel=cancel)


def test_the_size_of_a_picture_is_told_and_sound_has_none(film: Path, look: Look) -> None:
    picture, sound = look(film).streams

    assert (picture.pixels, sound.pixels) == (64 * 36, 0)


def test_an_ffprobe_that_hangs_is_stopped(
    film: Path, tmp_path: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "ffprobe"
    shim.write_text("#!/bin/sh\nexec sleep 600\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(probing, "PROBE_TIMEOUT_S", 0.2)

    with pytest.raises(ToolTimedOut):
        look(film)
