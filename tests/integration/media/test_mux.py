import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, MuxRejected, Unreadable, Unwritable
from polycue.domain.media import Media, Stream, StreamKind
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.request import Container
from polycue.domain.track import TrackFile, TrackKind
from polycue.media.mux import mux
from support.beeps import BEEPS_MS, DURATION_MS, listen, run_ffmpeg

Ffmpeg = Callable[..., Path]
Look = Callable[[Path], Media]
Children = Callable[[], list[int]]
Cues = list[tuple[int, int, str]]
Track = Callable[..., TrackFile]

CUES: Cues = [
    (0, 900, "Straight away"),
    (1000, 2345, "Tom & Jerry,\n¿qué tal? 你好 – Ünïcödé"),
    (2345, 3001, "back to back"),
    (4100, 5000, "to the very end"),
]
_CLOCK = r"(?:(\d+):)?(\d\d):(\d\d)[,.](\d\d\d)"
_TIMES = re.compile(rf"{_CLOCK} --> {_CLOCK}")


def clock(time_ms: int, mark: str) -> str:
    seconds, ms = divmod(time_ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{ms:03}"


def as_text(cues: Cues, suffix: str) -> str:
    mark = "." if suffix == "vtt" else ","
    blocks = [
        f"{number}\n{clock(start, mark)} --> {clock(end, mark)}\n"
        f"{text.replace('&', '&amp;') if suffix == 'vtt' else text}\n"
        for number, (start, end, text) in enumerate(cues, start=1)
    ]
    return "\n".join(["WEBVTT\n", *blocks] if suffix == "vtt" else blocks)


def cues_of(text: str) -> Cues:
    cues = []
    for block in re.split(r"\n\n+", text.strip()):
        for number, line in enumerate(lines := block.splitlines()):
            if found := _TIMES.match(line):
                times = [int(part or 0) for part in found.groups()]
                start, end = (
                    ((h * 60 + m) * 60 + s) * 1000 + ms for h, m, s, ms in (times[:4], times[4:])
                )
                cues.append((start, end, "\n".join(lines[number + 1 :])))
    return cues


def extracted(copy: Path, ordinal: int, *, suffix: str, encoder: str = "copy") -> Cues:
    """What a player would show of a subtitle track, on the clock of the copy."""
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(copy), "-map", f"0:s:{ordinal}"]
    form = {"srt": "srt", "vtt": "webvtt"}[suffix]
    argv += ["-c", encoder, "-f", form, "-"]
    return cues_of(
        subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout.decode()
    )


def picture_start_ms(media: Media) -> int:
    return media.of_kind(StreamKind.VIDEO)[0].start_ms - media.start_ms


@pytest.fixture
def track(tmp_path: Path) -> Track:
    """A subtitle file with ``CUES``, or with others."""

    def make(language: str, cues: Cues = CUES, suffix: str = "srt", **facts: object) -> TrackFile:
        path = tmp_path / f"{language}.{len(cues)}.{suffix}"
        path.write_text(as_text(cues, suffix), encoding="utf-8")
        return TrackFile(path, language, **facts)  # type: ignore[arg-type]

    return make


@pytest.fixture
def write(tmp_path: Path, look: Look) -> Callable[..., tuple[Media, tuple[Notice, ...]]]:
    """Mux into a new file of the test's own folder, and look into it."""

    def call(
        source: Path, container: Container, *tracks: TrackFile, burn_in: TrackFile | None = None
    ) -> tuple[Media, tuple[Notice, ...]]:
        to = tmp_path / f"out.{container}"
        notices = mux(
            look(source),
            tracks,
            to=to,
            container=container,
            burn_in=burn_in,
            cancel=CancelToken(),
            progress=lambda _: None,
        )
        return look(to), notices

    return call


Write = Callable[..., tuple[Media, tuple[Notice, ...]]]


@pytest.fixture(scope="session")
def rich_film(film: Path, clips: Path) -> Path:
    """All that Matroska holds: two sounds, three subtitles, a font, a cover, chapters, a title."""
    chapters = clips / "chapters.txt"
    chapters.write_text(
        ";FFMETADATA1\ntitle=A film\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=5000\ntitle=Two\n"
    )
    (clips / "old.srt").write_text(as_text(CUES, "srt"), encoding="utf-8")
    (clips / "font.ttf").write_bytes(b"\0\1\0\0" + b"not much of a font" * 20)
    run_ffmpeg("-f", "lavfi", "-i", "color=red:s=16x16", "-frames:v", "1", clips / "cover.png")
    run_ffmpeg(
        *("-i", film, "-i", clips / "old.srt", "-i", chapters),
        *("-map", "0:v", "-map", "0:a", "-map", "0:a", "-map", "1", "-map", "1", "-map", "1"),
        *("-map_metadata", "2", "-map_chapters", "2", "-c:v", "copy", "-c:a", "copy"),
        *("-c:s:0", "copy", "-c:s:1", "ass", "-c:s:2", "webvtt"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=eng"),
        *("-metadata:s:a:1", "title=Commentary", "-disposition:a:1", "comment"),
        *("-metadata:s:s:0", "language=ger", "-metadata:s:s:0", "title=Alt"),
        *("-disposition:s:0", "default", "-attach", clips / "font.ttf"),
        *("-metadata:s:t:0", "mimetype=font/ttf", "-attach", clips / "cover.png"),
        *("-metadata:s:t:1", "mimetype=image/png", "-metadata:s:t:1", "filename=cover.png"),
        clips / "rich.mkv",
    )
    return clips / "rich.mkv"


def subtitles(media: Media) -> list[Stream]:
    return list(media.of_kind(StreamKind.SUBTITLE))


@pytest.mark.parametrize("container", [Container.MP4, Container.MOV, Container.MKV], ids=str)
def test_text_and_times_come_back_from_mp4_mov_and_mkv(
    film: Path, track: Track, write: Write, look: Look, container: Container
) -> None:
    copy, notices = write(film, container, track("es"), track("de"))

    encoder = "copy" if container is Container.MKV else "srt"
    # Matroska cannot start before zero, so all streams are moved on by AAC's lead-in.
    moved_ms = picture_start_ms(copy) - picture_start_ms(look(film))
    expected = [(start + moved_ms, end + moved_ms, text) for start, end, text in CUES]
    assert notices == ()
    for ordinal in (0, 1):
        assert extracted(copy.path, ordinal, suffix="srt", encoder=encoder) == expected


def test_text_and_times_come_back_from_webm(
    web_film: Path, track: Track, write: Write, look: Look
) -> None:
    copy, notices = write(web_film, Container.WEBM, track("es", suffix="vtt"))

    moved_ms = -copy.start_ms  # Opus' lead-in lies before zero
    assert notices == ()
    assert [
        (start, end, text.replace("&amp;", "&"))
        for start, end, text in extracted(copy.path, 0, suffix="vtt")
    ] == [(start + moved_ms, end + moved_ms, text) for start, end, text in CUES]


@pytest.mark.parametrize(
    ("container", "codec"),
    [(Container.MP4, "mov_text"), (Container.MOV, "mov_text"), (Container.MKV, "subrip")],
    ids=str,
)
def test_tracks_are_marked_for_players(
    film: Path, track: Track, write: Write, container: Container, codec: str
) -> None:
    copy, _ = write(
        film,
        container,
        track("es"),
        track("pt-BR", default=True),
        track("en", kind=TrackKind.CAPTIONS),
        track("zh-Hant", kind=TrackKind.FORCED, title="Schilder"),
    )

    found = subtitles(copy)
    assert [stream.codec for stream in found] == [codec] * 4
    assert [stream.language for stream in found] == ["es", "pt", "en", "zh"]
    assert [stream.title for stream in found] == [
        "Español",
        "Português (Brasil)",
        "English (SDH)",
        "Schilder",
    ]
    flags = ["default" in stream.dispositions for stream in found]
    assert flags == [False, True, False, False]
    if container is not Container.MOV:  # which has no word for the others
        assert "hearing_impaired" in found[2].dispositions
        assert "forced" in found[3].dispositions


@pytest.mark.parametrize("container", [Container.MP4, Container.MOV, Container.MKV], ids=str)
def test_any_title_comes_back(film: Path, track: Track, write: Write, container: Container) -> None:
    title = "a=b 'c' \"d\" \\ ; # 你好 🎬 " + "x" * 500

    copy, _ = write(film, container, track("en", title=title))

    assert title.startswith(subtitles(copy)[0].title)
    assert len(subtitles(copy)[0].title) > 100


def test_languages_that_quicktime_spells_its_own_way_come_back(
    film: Path, track: Track, write: Write
) -> None:
    spelled = ["sv", "hr", "nl", "el", "zh-Hant", "ja"]

    copy, _ = write(film, Container.MOV, *map(track, spelled))

    assert [s.language for s in subtitles(copy)] == ["sv", "hr", "nl", "el", "zh", "ja"]


def test_a_language_that_quicktime_has_not_is_told_by_the_title(
    film: Path, track: Track, write: Write
) -> None:
    copy, _ = write(film, Container.MOV, track("zu"))

    assert (subtitles(copy)[0].language, subtitles(copy)[0].title) == ("und", "IsiZulu")


def test_webm_tracks_are_marked_for_players(web_film: Path, track: Track, write: Write) -> None:
    copy, _ = write(
        web_film,
        Container.WEBM,
        track("es", suffix="vtt"),
        track("de", suffix="vtt", default=True, kind=TrackKind.FORCED),
    )

    found = subtitles(copy)
    assert [(s.codec, s.language, s.title) for s in found] == [
        ("webvtt", "es", "Español"),
        ("webvtt", "de", "Deutsch (Forced)"),
    ]
    assert [set(s.dispositions) for s in found] == [set(), {"default", "forced"}]


def test_sound_and_picture_are_copied_bit_by_bit(film: Path, track: Track, write: Write) -> None:
    def packets(path: Path, kind: str) -> bytes:
        argv = ["ffmpeg", "-v", "error", "-i", str(path), "-map", f"0:{kind}", "-c", "copy"]
        argv += ["-f", "hash", "-"]
        return subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout

    copy, _ = write(film, Container.MP4, track("es"))

    for kind in "va":
        assert packets(copy.path, kind) == packets(film, kind)


def test_the_index_of_an_mp4_comes_first(film: Path, track: Track, write: Write) -> None:
    copy, _ = write(film, Container.MP4, track("es"))

    content = copy.path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_all_that_a_matroska_film_holds_is_kept(
    rich_film: Path, track: Track, write: Write, look: Look
) -> None:
    copy, notices = write(rich_film, Container.MKV, track("es", default=True))

    before, after = look(rich_film), copy
    assert notices == ()
    assert [s.codec for s in subtitles(after)] == [*(s.codec for s in subtitles(before)), "subrip"]
    assert (subtitles(after)[0].language, subtitles(after)[0].title) == ("de", "Alt")
    assert [s.language for s in subtitles(after) if "default" in s.dispositions] == ["es"]
    for kind in (StreamKind.AUDIO, StreamKind.ATTACHMENT, StreamKind.VIDEO):
        assert [(s.codec, s.title, s.dispositions) for s in after.of_kind(kind)] == [
            (s.codec, s.title, s.dispositions) for s in before.of_kind(kind)
        ]
    assert facts_of(after.path) == facts_of(rich_film)


def facts_of(path: Path) -> list[str]:
    """Chapters, the film's title, and the kind of each attached file."""
    show = "chapter=start_time,end_time:chapter_tags=title:format_tags=title"
    shown = []
    for entries in (show, "stream_tags=mimetype,filename"):
        argv = ["ffprobe", "-v", "error", "-show_entries", entries, "-of", "compact", str(path)]
        output = subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout.decode()
        shown += [line for line in output.splitlines() if "=" in line]
    return shown


def test_the_attached_font_is_the_same_file(
    rich_film: Path, track: Track, write: Write, tmp_path: Path
) -> None:
    copy, _ = write(rich_film, Container.MKV, track("es"))

    font = tmp_path / "font"
    argv = ["ffmpeg", "-v", "quiet", "-dump_attachment:t:0", str(font), "-i", str(copy.path)]
    subprocess.run(argv, check=False, timeout=60)  # it wants an output, too
    assert font.read_bytes() == (rich_film.parent / "font.ttf").read_bytes()


def test_what_mp4_cannot_hold_is_told(rich_film: Path, track: Track, write: Write) -> None:
    copy, notices = write(rich_film, Container.MP4, track("es"))

    assert [s.codec for s in subtitles(copy)] == ["mov_text"] * len(subtitles(copy))
    assert [(n.reason, n.facts["kind"]) for n in notices] == [
        (NoticeReason.TRACK_LEFT_OUT, "attachment")
    ]
    assert "a .mp4 file cannot hold it" in notices[0].message
    assert [s.title for s in copy.of_kind(StreamKind.AUDIO)] == ["", "Commentary"]
    old, new = subtitles(copy)[0], subtitles(copy)[-1]
    assert (old.language, old.title, "default" in old.dispositions) == ("de", "Alt", True)
    assert (new.language, new.title, "default" in new.dispositions) == ("es", "Español", False)
    assert [s.codec for s in copy.streams if "attached_pic" in s.dispositions] == ["png"]


def test_old_subtitles_survive_the_way_into_mp4_and_back(
    rich_film: Path, track: Track, write: Write, tmp_path: Path
) -> None:
    mp4, _ = write(rich_film, Container.MP4, track("es"))
    mkv, _ = write(mp4.path, Container.MKV)

    texts = [text for _, _, text in extracted(mkv.path, 0, suffix="srt")]
    assert texts == [text for _, _, text in CUES]
    assert [s.title for s in subtitles(mkv)][-1] == "Español"


def test_a_time_code_survives_in_mov(film: Path, ffmpeg: Ffmpeg, write: Write) -> None:
    source = ffmpeg("a.mov", "-i", film, "-c", "copy", "-timecode", "01:00:00:00")

    copy, notices = write(source, Container.MOV)

    assert notices == ()
    assert [s.codec for s in copy.of_kind(StreamKind.DATA)] == ["tmcd"]


@pytest.mark.parametrize("container", [Container.MP4, Container.MKV], ids=str)
def test_subtitles_fit_a_film_whose_sound_starts_late(
    film: Path, ffmpeg: Ffmpeg, track: Track, write: Write, container: Container
) -> None:
    late = ("-itsoffset", "2", "-i", film, "-i", film, "-map", "1:v", "-map", "0:a")
    source = ffmpeg("late.mkv", *late, "-c", "copy")

    copy, _ = write(source, container, track("es"))

    encoder = "copy" if container is Container.MKV else "srt"
    starts = [start for start, _, _ in extracted(copy.path, 0, suffix="srt", encoder=encoder)]
    moved_ms = picture_start_ms(copy)
    assert starts == [start + moved_ms for start, _, _ in CUES]
    heard = [onset - moved_ms for onset in listen(copy.path).onsets_ms]
    assert heard == pytest.approx([beep + 2000 for beep in BEEPS_MS], abs=30)


def test_subtitles_fit_a_film_that_starts_in_mid_broadcast(
    film: Path, ffmpeg: Ffmpeg, track: Track, write: Write
) -> None:
    source = ffmpeg("a.ts", "-i", film, "-c", "copy", "-output_ts_offset", "36000")

    copy, notices = write(source, Container.MP4, track("es"))

    assert notices == ()
    assert copy.duration_ms == pytest.approx(DURATION_MS, abs=50)
    assert extracted(copy.path, 0, suffix="srt", encoder="srt") == CUES


@pytest.mark.parametrize("container", [Container.MP4, Container.MOV, Container.MKV], ids=str)
def test_cues_after_the_end_do_not_lengthen_the_film(
    film: Path, track: Track, write: Write, container: Container
) -> None:
    beyond = [*CUES[:2], (4000, 9000, "over the end"), (9000, 9500, "after"), (10_000, 12_000, "b")]

    copy, notices = write(film, container, track("es", beyond), track("de"))

    encoder = "copy" if container is Container.MKV else "srt"
    found = extracted(copy.path, 0, suffix="srt", encoder=encoder)
    assert copy.duration_ms == pytest.approx(DURATION_MS, abs=60)
    assert [text for _, _, text in found] == [text for _, _, text in beyond[:3]]
    assert found[-1][1] == pytest.approx(DURATION_MS, abs=60)
    assert [notice.reason for notice in notices] == [NoticeReason.SUBTITLE_REPAIRED]
    assert len(extracted(copy.path, 1, suffix="srt", encoder=encoder)) == len(CUES)


def test_webvtt_cues_after_the_end_do_not_lengthen_the_film(
    web_film: Path, track: Track, write: Write
) -> None:
    beyond = [*CUES[:2], (4000, 9000, "over the end"), (9000, 9500, "after")]

    copy, _ = write(web_film, Container.WEBM, track("es", beyond, suffix="vtt"))

    found = extracted(copy.path, 0, suffix="vtt")
    assert copy.duration_ms == pytest.approx(DURATION_MS, abs=60)
    assert [text for _, _, text in found][2:] == ["over the end"]


def test_a_track_without_cues_is_still_a_track(film: Path, track: Track, write: Write) -> None:
    for container in (Container.MP4, Container.MKV):
        copy, notices = write(film, container, track("es", []))

        assert [s.language for s in subtitles(copy)] == ["es"]
        assert notices == ()


def test_a_film_cut_in_half_is_muxed_and_told(
    film: Path, tmp_path: Path, track: Track, write: Write
) -> None:
    half = tmp_path / "half.mp4"
    half.write_bytes(film.read_bytes()[: film.stat().st_size * 6 // 10])

    _, notices = write(half, Container.MKV, track("es", CUES[:2]))

    assert {notice.reason for notice in notices} == {NoticeReason.TRUNCATED_MEDIA}


def test_a_film_that_webm_cannot_hold_is_rejected_with_advice(
    film: Path, track: Track, write: Write, tmp_path: Path
) -> None:
    with pytest.raises(MuxRejected, match=r"h264, aac; write an mkv"):
        write(film, Container.WEBM, track("es", suffix="vtt"))

    assert not (tmp_path / "out.webm").exists()


def test_a_codec_that_mp4_cannot_hold_is_rejected_with_advice(
    ffmpeg: Ffmpeg, track: Track, write: Write
) -> None:
    source = ffmpeg("a.mkv", *("-f", "lavfi", "-i", "testsrc=s=64x36:r=10:d=1", "-c:v", "huffyuv"))

    with pytest.raises(MuxRejected, match=r"huffyuv.*an mkv holds nearly everything"):
        write(source, Container.MP4, track("es", []))


def test_progress_goes_forward_to_the_end(film: Path, track: Track, look: Look) -> None:
    told: list[int] = []

    mux(
        look(film),
        [track("es")],
        to=track("es").path.with_name("out.mkv"),
        container=Container.MKV,
        cancel=CancelToken(),
        progress=told.append,
    )

    assert told == sorted(set(told))
    assert told[-1] == DURATION_MS


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_a_failure_leaves_an_existing_file_as_it_was(
    film: Path, track: Track, tmp_path: Path, look: Look
) -> None:
    to = tmp_path / "out.webm"
    to.write_text("precious")

    with pytest.raises(MuxRejected):
        mux(
            look(film),
            [],
            to=to,
            container=Container.WEBM,
            cancel=CancelToken(),
            progress=lambda _: None,
        )

    assert to.read_text() == "precious"
    assert leftovers(tmp_path) == []


def test_success_replaces_an_existing_file_and_leaves_nothing_else(
    film: Path, track: Track, write: Write, tmp_path: Path
) -> None:
    (tmp_path / "out.mkv").write_text("old")

    copy, _ = write(film, Container.MKV, track("es"))

    assert len(subtitles(copy)) == 1
    assert leftovers(tmp_path) == []


def test_a_film_may_be_replaced_by_its_own_copy(
    film: Path, track: Track, tmp_path: Path, look: Look
) -> None:
    own = tmp_path / "film.mp4"
    own.write_bytes(film.read_bytes())

    mux(
        look(own),
        [track("es")],
        to=own,
        container=Container.MP4,
        cancel=CancelToken(),
        progress=lambda _: None,
    )

    assert len(subtitles(look(own))) == 1


@pytest.mark.parametrize("name", ["no such folder/out.mkv", "film.txt/out.mkv", "folder"])
def test_what_cannot_be_written_is_told(film: Path, tmp_path: Path, look: Look, name: str) -> None:
    (tmp_path / "film.txt").write_text("a file")
    (tmp_path / "folder").mkdir()

    with pytest.raises(Unwritable):
        mux(
            look(film),
            [],
            to=tmp_path / name,
            container=Container.MKV,
            cancel=CancelToken(),
            progress=lambda _: None,
        )


def test_a_track_that_is_not_there_is_told(film: Path, write: Write, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file"):
        write(film, Container.MKV, TrackFile(tmp_path / "gone.srt", "es"))


@pytest.mark.parametrize(
    "name", ["-i.mkv", "http:x.mkv", "x%03d.mkv", "new\nline.mkv", "[a]',;.mkv"]
)
def test_no_name_is_taken_for_an_option_or_an_address(
    film: Path, track: Track, tmp_path: Path, look: Look, name: str
) -> None:
    folder = tmp_path / "it's: [a] 100% new\nfolder"
    folder.mkdir()
    subtitle = track("es").path.rename(folder / "http:a.srt")

    mux(
        look(film),
        [TrackFile(subtitle, "es")],
        to=folder / name,
        container=Container.MKV,
        burn_in=TrackFile(subtitle, "es"),
        cancel=CancelToken(),
        progress=lambda _: None,
    )

    assert len(subtitles(look(folder / name))) == 1


def test_cancelling_leaves_nothing_behind(
    film: Path, track: Track, tmp_path: Path, look: Look, children: Children
) -> None:
    cancel = CancelToken()

    with pytest.raises(Cancelled):
        mux(
            look(film),
            [track("es")],
            to=tmp_path / "out.mp4",
            container=Container.MP4,
            cancel=cancel,
            progress=lambda _: cancel.cancel(),
        )

    assert not (tmp_path / "out.mp4").exists()
    assert leftovers(tmp_path) == []
    assert children() == []


def frame_at(path: Path, seconds: float) -> bytes:
    argv = ["ffmpeg", "-v", "error", "-ss", str(seconds), "-i", str(path), "-frames:v", "1"]
    argv += ["-f", "rawvideo", "-pix_fmt", "gray", "-"]
    return subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout


def test_a_drawing_that_found_no_room_is_no_film_without_subtitles(
    film: Path, track: Track, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # ffmpeg ends with 0 and an empty file where a text as small as this does not fit.
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "ffmpeg").write_text(
        '#!/bin/sh\nfor last; do :; done\ncase "$*" in\n'
        '*"-f ass "*) : > "${last#file:}"; echo "No space left on device" >&2 ;;\n'
        f'*) exec {shutil.which("ffmpeg")} "$@" ;;\nesac\n'
    )
    (tools / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    with pytest.raises(Unwritable, match="no space"):
        write(film, Container.MKV, burn_in=track("en"))


@pytest.mark.parametrize(
    ("container", "codec"), [(Container.MP4, "h264"), (Container.MKV, "h264")], ids=str
)
def test_burned_in_subtitles_are_seen_while_they_last(
    ffmpeg: Ffmpeg, track: Track, write: Write, container: Container, codec: str
) -> None:
    black = ffmpeg(
        "black.mp4",
        *("-f", "lavfi", "-i", "color=black:s=320x181:r=10:d=3", "-f", "lavfi", "-i", "sine=d=3"),
        *("-c:v", "mpeg4", "-c:a", "aac"),
    )

    copy, notices = write(
        black, container, burn_in=track("en", [(1000, 2000, "HELLO {there} & <3")])
    )

    assert notices == ()
    assert [s.codec for s in copy.streams] == [codec, "aac"]
    assert max(frame_at(copy.path, 0.5)) < 40
    assert max(frame_at(copy.path, 1.5)) > 200
    assert max(frame_at(copy.path, 2.5)) < 40


def test_webm_is_burned_in_too(web_film: Path, track: Track, write: Write) -> None:
    copy, _ = write(web_film, Container.WEBM, burn_in=track("en", suffix="vtt"))

    assert [s.codec for s in copy.streams] == ["vp9", "opus"]
    assert frame_at(copy.path, 1.5) != frame_at(web_film, 1.5)
