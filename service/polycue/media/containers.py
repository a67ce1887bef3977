"""What each container can hold, and how it wants to be told of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from polycue.domain.errors import UnsupportedContainer
from polycue.domain.language import UNDETERMINED, from_iso639_2, iso639_2b, iso639_2t
from polycue.domain.media import Media
from polycue.domain.request import Container
from polycue.domain.track import TrackFormat
from polycue.media import quicktime


@dataclass(frozen=True, slots=True)
class Rules:
    """How a container takes subtitles and what else it takes.

    ``copied`` are the subtitle codecs it holds as they are, ``converted`` those that ffmpeg turns
    into another (the encoder's name), ``pictures`` the codecs of cover pictures. ``title_bytes``
    is the longest name of a track, in UTF-8. ``flags`` are the marks of a track that it can keep;
    with ``needs_default`` the first track is the default whether or not one asked.
    ``sound_and_vision`` limits audio and video, ``refused`` are codecs that are known not to fit;
    on the others ffmpeg's muxer passes judgement, hours later.
    """

    muxer: str
    track_format: TrackFormat
    track_encoder: str
    track_codec: str
    copied: frozenset[str]
    converted: Mapping[str, str]
    pictures: frozenset[str]
    language_code: Callable[[str], str]
    title_tag: str
    title_bytes: int = 1000
    flags: frozenset[str] = frozenset({"default", "forced", "hearing_impaired"})
    needs_default: bool = False
    attachments: bool = False
    sound_and_vision: frozenset[str] | None = None
    refused: frozenset[str] = frozenset()
    options: tuple[tuple[str, str], ...] = ()

    def takes(self, codec: str) -> bool:
        """Whether sound or pictures in this codec may fit."""
        known = self.sound_and_vision
        return codec not in self.refused and (known is None or codec in known)


# tx3g is the only text that MP4 players read. A track's name goes into handler_name, since "title"
# is lost; a two-letter or BCP-47 language is dropped without a word; and the muxer enables the
# first track of a kind where none is (enable_tracks in libavformat/movenc.c).
_MP4 = Rules(
    muxer="mp4",
    track_format=TrackFormat.SRT,
    track_encoder="mov_text",
    track_codec="mov_text",
    copied=frozenset({"mov_text", "dvd_subtitle"}),
    converted=dict.fromkeys(("subrip", "ass", "ssa", "webvtt", "text"), "mov_text"),
    pictures=frozenset({"mjpeg", "png", "bmp"}),
    language_code=iso639_2t,
    title_tag="handler_name",
    needs_default=True,
    # Each tried with ffmpeg 5.1; newer ones let some of them in.
    refused=frozenset(
        {"vp8", "ffv1", "theora", "prores", "dnxhd", "msmpeg4v3", "wmv2"}
        | {"flac", "pcm_s16le", "pcm_f32le", "wmav2"}
    ),
    options=(("-movflags", "+faststart"),),
)
_RULES = {
    Container.MP4: _MP4,
    Container.MOV: replace(
        _MP4,
        muxer="mov",
        copied=frozenset({"mov_text", "eia_608"}),
        pictures=frozenset(),
        language_code=quicktime.code,
        title_bytes=127,  # the length is a byte, which ffmpeg reads as signed
        flags=frozenset({"default"}),
        refused=frozenset({"vp8", "vp9", "av1", "opus", "flac"}),
    ),
    # SubRip is copied, not encoded: ffmpeg's detour by ASS would touch the text.
    Container.MKV: Rules(
        muxer="matroska",
        track_format=TrackFormat.SRT,
        track_encoder="copy",
        track_codec="subrip",
        copied=frozenset(
            {"subrip", "ass", "ssa", "webvtt", "dvd_subtitle", "dvb_subtitle"}
            | {"hdmv_pgs_subtitle", "hdmv_text_subtitle"}
        ),
        converted={"mov_text": "srt", "text": "srt"},
        pictures=frozenset({"mjpeg", "png"}),
        language_code=iso639_2b,
        title_tag="title",
        attachments=True,
    ),
    # Other text is not turned into WebVTT by ffmpeg, which writes bare "&" and "<" into it.
    Container.WEBM: Rules(
        muxer="webm",
        track_format=TrackFormat.VTT,
        track_encoder="copy",
        track_codec="webvtt",
        copied=frozenset({"webvtt"}),
        converted={},
        pictures=frozenset(),
        language_code=iso639_2b,
        title_tag="title",
        flags=frozenset({"default", "forced"}),
        sound_and_vision=frozenset({"vp8", "vp9", "av1", "vorbis", "opus"}),
    ),
}


def rules(container: Container) -> Rules:
    return _RULES[container]


def container_of(media: Media) -> Container:
    """The kind of container that ``media`` is.

    Raises:
        UnsupportedContainer: it is none that subtitles are muxed into.
    """
    demuxers = media.container.split(",")
    if "matroska" in demuxers:
        return Container.WEBM if media.brand == "webm" else Container.MKV
    if "mov" in demuxers:
        return Container.MOV if media.brand == "qt" else Container.MP4
    raise UnsupportedContainer(media.path, [container.value for container in Container])


def subtitle_format(container: Container) -> TrackFormat:
    """How a subtitle file must be written to be muxed into the container."""
    return rules(container).track_format


def languages_read(container: Container, tag: str) -> frozenset[str]:
    """What probing may find of a language: no region, and in MOV for many languages nothing."""
    if container is Container.MOV:
        return frozenset({quicktime.tag(language_code(container, tag)), UNDETERMINED})
    return frozenset({from_iso639_2(language_code(container, tag))})


def language_code(container: Container, tag: str) -> str:
    """The container's three letters for a BCP-47 tag; "und" where there are none."""
    try:
        return rules(container).language_code(tag)
    except LookupError:
        return UNDETERMINED
