from collections.abc import Callable
from pathlib import Path

import pytest

from polycue.domain.errors import MuxRejected, NoVideoStream, UnsupportedContainer
from polycue.domain.media import Media, Stream, StreamKind
from polycue.domain.notice import NoticeReason
from polycue.domain.request import Container
from polycue.domain.track import TrackFile, TrackFormat, TrackKind
from polycue.media.containers import container_of, language_code, subtitle_format
from polycue.media.plan import Plan, plan_mux

Make = Callable[..., Stream]
MakeMedia = Callable[..., Media]

VIDEO, AUDIO, SUBTITLE = StreamKind.VIDEO, StreamKind.AUDIO, StreamKind.SUBTITLE
COVER = frozenset({"attached_pic"})
ENGLISH = TrackFile(Path("/subs/en.srt"), "en")


@pytest.fixture
def film(make_stream: Make, make_media: MakeMedia) -> Media:
    """All that a Matroska file may hold."""
    return make_media(
        make_stream(VIDEO, "h264"),
        make_stream(AUDIO, "aac", language="en"),
        make_stream(SUBTITLE, "subrip", language="de", dispositions=frozenset({"default"})),
        make_stream(SUBTITLE, "hdmv_pgs_subtitle", language="fr"),
        make_stream(SUBTITLE, "ass"),
        make_stream(StreamKind.ATTACHMENT, "", title="font.ttf"),
        make_stream(VIDEO, "png", title="cover.png", dispositions=COVER),
    )


def plan(film: Media, container: Container, *tracks: TrackFile, burning: bool = False) -> Plan:
    return plan_mux(film, tracks, container, burning=burning)


def codecs(planned: Plan) -> list[tuple[str, str]]:
    return [(stream.codec, stream.encoder) for stream in planned.streams]


def test_matroska_keeps_everything_and_attaches_the_cover(film: Media) -> None:
    planned = plan(film, Container.MKV, ENGLISH)

    assert codecs(planned) == [
        ("h264", "copy"),
        ("aac", "copy"),
        ("subrip", "copy"),
        ("hdmv_pgs_subtitle", "copy"),
        ("ass", "copy"),
        ("", "copy"),
        ("subrip", "copy"),
    ]
    assert [cover.filename for cover in planned.covers] == ["cover.png"]
    assert planned.notices == ()


def test_mp4_turns_text_into_its_own_and_says_what_it_cannot_hold(film: Media) -> None:
    planned = plan(film, Container.MP4, ENGLISH)

    assert codecs(planned) == [
        ("h264", "copy"),
        ("aac", "copy"),
        ("mov_text", "mov_text"),
        ("mov_text", "mov_text"),
        ("png", "copy"),
        ("mov_text", "mov_text"),
    ]
    assert [notice.facts["codec"] for notice in planned.notices] == ["hdmv_pgs_subtitle", ""]
    assert {notice.reason for notice in planned.notices} == {NoticeReason.TRACK_LEFT_OUT}


def test_text_of_mp4_becomes_subrip_in_matroska(make_stream: Make, make_media: MakeMedia) -> None:
    film = make_media(make_stream(VIDEO, "h264"), make_stream(SUBTITLE, "mov_text"))

    assert codecs(plan(film, Container.MKV)) == [("h264", "copy"), ("subrip", "srt")]


@pytest.mark.parametrize("codec", ["tmcd", "text"])
def test_data_that_the_muxer_makes_anew_is_not_missed(
    make_stream: Make, make_media: MakeMedia, codec: str
) -> None:
    film = make_media(make_stream(VIDEO, "h264"), make_stream(StreamKind.DATA, codec))

    planned = plan(film, Container.MOV)

    assert codecs(planned) == [("h264", "copy")]
    assert planned.notices == ()


def test_other_data_is_reported(make_stream: Make, make_media: MakeMedia) -> None:
    film = make_media(make_stream(VIDEO, "h264"), make_stream(StreamKind.DATA, "gpmd"))

    assert [notice.facts["codec"] for notice in plan(film, Container.MP4).notices] == ["gpmd"]


def test_a_new_default_takes_the_place_of_the_old_one(film: Media) -> None:
    track = TrackFile(Path("/subs/en.srt"), "en", default=True)

    planned = plan(film, Container.MKV, track)

    defaults = [
        stream.language
        for stream in planned.streams
        if stream.kind is SUBTITLE and "default" in stream.dispositions
    ]
    assert defaults == ["en"]


def test_an_old_default_stays_where_no_new_one_comes(film: Media) -> None:
    planned = plan(film, Container.MKV, ENGLISH)

    assert [s.language for s in planned.streams if "default" in s.dispositions] == ["de"]


@pytest.mark.parametrize(
    ("track", "title", "dispositions"),
    [
        (TrackFile(Path("a"), "es"), "Español", set()),
        (TrackFile(Path("a"), "pt-BR"), "Português (Brasil)", set()),
        (TrackFile(Path("a"), "es", title="Latino"), "Latino", set()),
        (
            TrackFile(Path("a"), "en", kind=TrackKind.CAPTIONS),
            "English (SDH)",
            {"hearing_impaired"},
        ),
        (
            TrackFile(Path("a"), "en", kind=TrackKind.FORCED, default=True),
            "English (Forced)",
            {"forced", "default"},
        ),
        (TrackFile(Path("a"), "und"), "", set()),
    ],
)
def test_a_track_is_named_and_marked_for_players(
    film: Media, track: TrackFile, title: str, dispositions: set[str]
) -> None:
    added = plan(film, Container.MKV, track).added[0]

    assert added.title == title
    assert added.dispositions == dispositions


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("  Two\nlines\0 ", "Two lines"),
        ("\x1b[31mred", "[31mred"),
        ("é" * 300, "é" * 63),  # MOV tells the length of a name in one byte
        ("a=b 'c' \"d\" 你好 🎬", "a=b 'c' \"d\" 你好 🎬"),
    ],
)
def test_a_title_is_made_to_fit_every_container(film: Media, title: str, written: str) -> None:
    track = TrackFile(Path("a"), "en", title=title)

    assert plan(film, Container.MOV, track).added[0].title == written


def test_webm_turns_other_sound_and_vision_away_with_advice(film: Media) -> None:
    with pytest.raises(MuxRejected, match=r"h264, aac; write an mkv"):
        plan(film, Container.WEBM)


@pytest.mark.parametrize(
    ("container", "video", "audio"),
    [
        (Container.MOV, "vp9", "aac"),
        (Container.MOV, "h264", "opus"),
        (Container.MP4, "h264", "pcm_s16le"),
        (Container.MP4, "prores", "aac"),
    ],
)
def test_codecs_that_are_known_not_to_fit_are_told_before_ffmpeg_tries(
    make_stream: Make, make_media: MakeMedia, container: Container, video: str, audio: str
) -> None:
    film = make_media(make_stream(VIDEO, video), make_stream(AUDIO, audio))
    with pytest.raises(MuxRejected, match=r"does not hold every codec.*write an mkv"):
        plan(film, container)


def test_a_burned_picture_may_go_into_webm(make_stream: Make, make_media: MakeMedia) -> None:
    film = make_media(make_stream(VIDEO, "h264"), make_stream(AUDIO, "opus"))

    planned = plan(film, Container.WEBM, burning=True)

    assert codecs(planned) == [("vp9", "libvpx-vp9"), ("opus", "copy")]
    assert planned.burned == 0


def test_a_cover_is_no_picture_to_burn_into(make_stream: Make, make_media: MakeMedia) -> None:
    song = make_media(make_stream(AUDIO, "aac"), make_stream(VIDEO, "png", dispositions=COVER))

    with pytest.raises(NoVideoStream):
        plan(song, Container.MP4, burning=True)


def test_a_file_with_nothing_to_keep_is_rejected(make_stream: Make, make_media: MakeMedia) -> None:
    with pytest.raises(MuxRejected, match="nothing"):
        plan(make_media(make_stream(StreamKind.DATA, "gpmd")), Container.MP4)


@pytest.mark.parametrize(
    ("demuxer", "brand", "container"),
    [
        ("matroska,webm", "matroska", Container.MKV),
        ("matroska,webm", "webm", Container.WEBM),
        ("mov,mp4,m4a,3gp,3g2,mj2", "isom", Container.MP4),
        ("mov,mp4,m4a,3gp,3g2,mj2", "qt", Container.MOV),
        ("mov,mp4,m4a,3gp,3g2,mj2", "", Container.MP4),
    ],
)
def test_a_container_is_told_by_what_is_in_the_file(
    demuxer: str, brand: str, container: Container
) -> None:
    assert container_of(Media(Path("in"), demuxer, 0, None, (), brand)) is container


def test_other_containers_are_not_muxed_into() -> None:
    with pytest.raises(UnsupportedContainer, match="use mkv, mp4, mov, webm"):
        container_of(Media(Path("old.avi"), "avi", 0, None, ()))


@pytest.mark.parametrize("container", Container, ids=str)
def test_only_webm_takes_webvtt(container: Container) -> None:
    expected = TrackFormat.VTT if container is Container.WEBM else TrackFormat.SRT

    assert subtitle_format(container) is expected


@pytest.mark.parametrize(
    ("tag", "mp4", "mkv", "mov"),
    [
        ("en", "eng", "eng", "eng"),
        ("de", "deu", "ger", "ger"),
        ("fr", "fra", "fre", "fra"),
        ("zh-Hant", "zho", "chi", "chi"),
        ("pt-BR", "por", "por", "por"),
        ("sv", "swe", "swe", "sve"),
        ("und", "und", "und", "und"),
        ("x-klingon", "und", "und", "und"),
    ],
)
def test_each_container_has_its_own_code_for_a_language(
    tag: str, mp4: str, mkv: str, mov: str
) -> None:
    assert language_code(Container.MP4, tag) == mp4
    assert language_code(Container.MKV, tag) == mkv
    assert language_code(Container.WEBM, tag) == mkv
    assert language_code(Container.MOV, tag) == mov
