"""What a muxed copy will consist of, decided before anything is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from polycue.domain.errors import MuxRejected, NoVideoStream
from polycue.domain.language import UNDETERMINED, autonym
from polycue.domain.media import Media, Stream, StreamKind
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.request import Container
from polycue.domain.track import TrackFile, TrackKind
from polycue.media.containers import Rules, rules
from polycue.media.streams import describe

_SUFFIX_OF_KIND = {
    TrackKind.SUBTITLES: "",
    TrackKind.CAPTIONS: " (SDH)",
    TrackKind.FORCED: " (Forced)",
}
_DISPOSITION_OF_KIND = {TrackKind.CAPTIONS: "hearing_impaired", TrackKind.FORCED: "forced"}
# Data that the muxer makes anew from the metadata: MP4's chapters and time code.
_MADE_ANEW = frozenset({"text", "tmcd"})
_BURNED = {Container.WEBM: ("libvpx-vp9", "vp9")}
_MIME_TYPES = {"mjpeg": ("image/jpeg", "jpg"), "png": ("image/png", "png")}


@dataclass(frozen=True, slots=True)
class Planned:
    """One stream of the copy. ``codec`` is what probing the copy must find."""

    kind: StreamKind
    encoder: str
    codec: str
    language: str
    title: str
    dispositions: frozenset[str]

    @property
    def is_cover(self) -> bool:
        return "attached_pic" in self.dispositions


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture that Matroska wants as an attachment, not as a stream."""

    index: int
    filename: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A muxed copy.

    Its streams are ``kept`` in order (with their index in the source), then one for each of
    ``tracks``, then ``covers``. ``burned`` is the index of the video stream that is drawn into.
    """

    media: Media
    container: Container
    kept: tuple[tuple[int, Planned], ...]
    added: tuple[Planned, ...]
    tracks: tuple[TrackFile, ...]
    covers: tuple[Cover, ...]
    left_out: tuple[Stream, ...]
    burned: int | None = None

    @property
    def rules(self) -> Rules:
        return rules(self.container)

    @property
    def streams(self) -> tuple[Planned, ...]:
        return (*(planned for _, planned in self.kept), *self.added)

    @property
    def notices(self) -> tuple[Notice, ...]:
        return tuple(_left_out(stream, self.container) for stream in self.left_out)


def plan_mux(
    media: Media, tracks: Sequence[TrackFile], container: Container, *, burning: bool
) -> Plan:
    """Decide for every stream whether it is copied, converted or left out.

    Sound and pictures are never left out: a copy without them is not what anybody wants.

    Raises:
        NoVideoStream: there is nothing to burn subtitles into.
        MuxRejected: the container cannot hold the film's sound or its picture.
    """
    burned = _burned(media) if burning else None
    takes_default = any(track.default for track in tracks)
    kept: list[tuple[int, Planned]] = []
    covers: list[Stream] = []
    left_out: list[Stream] = []
    for stream in media.streams:
        if _is_cover(stream) and container is Container.MKV:
            (covers if stream.codec in _MIME_TYPES else left_out).append(stream)
        elif planned := _kept(stream, container, burned, takes_default):
            kept.append((stream.index, planned))
        elif stream.codec not in _MADE_ANEW:
            left_out.append(stream)
    plan = Plan(
        media=media,
        container=container,
        kept=tuple(kept),
        added=tuple(_added(track, container) for track in tracks),
        tracks=tuple(tracks),
        covers=tuple(_cover(stream) for stream in covers),
        left_out=tuple(left_out),
        burned=burned,
    )
    _check_fit(plan)
    return plan


def _burned(media: Media) -> int:
    for stream in media.of_kind(StreamKind.VIDEO):
        if not _is_cover(stream):
            return stream.index
    raise NoVideoStream(media.path)


def _is_cover(stream: Stream) -> bool:
    return "attached_pic" in stream.dispositions


def _kept(
    stream: Stream, container: Container, burned: int | None, takes_default: bool
) -> Planned | None:
    """What becomes of a stream of the source; None where the container cannot hold it."""
    encoded = _encoded(stream, container, burned)
    if encoded is None:
        return None
    encoder, codec = encoded
    dispositions = stream.dispositions
    if takes_default and stream.kind is StreamKind.SUBTITLE:
        dispositions -= {"default"}  # two defaults leave the choice to the player
    title = _fitted(stream.title, rules(container))
    return Planned(stream.kind, encoder, codec, stream.language, title, dispositions)


def _encoded(stream: Stream, container: Container, burned: int | None) -> tuple[str, str] | None:
    """The encoder and the codec that comes of it."""
    table = rules(container)
    as_it_is = ("copy", stream.codec)
    match stream.kind:
        case StreamKind.VIDEO if stream.index == burned:
            return _BURNED.get(container, ("libx264", "h264"))
        case StreamKind.VIDEO if _is_cover(stream):
            return as_it_is if stream.codec in table.pictures else None
        case StreamKind.VIDEO | StreamKind.AUDIO:
            return as_it_is
        case StreamKind.SUBTITLE if stream.codec in table.copied:
            return as_it_is
        case StreamKind.SUBTITLE if encoder := table.converted.get(stream.codec):
            return encoder, "subrip" if encoder == "srt" else encoder
        case StreamKind.ATTACHMENT if table.attachments:
            return as_it_is
    return None


def _added(track: TrackFile, container: Container) -> Planned:
    table = rules(container)
    dispositions = {_DISPOSITION_OF_KIND.get(track.kind, "")} | (
        {"default"} if track.default else set()
    )
    return Planned(
        kind=StreamKind.SUBTITLE,
        encoder=table.track_encoder,
        codec=table.track_codec,
        language=track.language,
        title=_fitted(track.title or _title(track), table),
        dispositions=frozenset(dispositions - {""}),
    )


def _title(track: TrackFile) -> str:
    """What a player's menu shows; the region stands here, since the language's code has none."""
    own = "" if track.language == UNDETERMINED else autonym(track.language)
    return f"{own}{_SUFFIX_OF_KIND[track.kind]}".strip()


def _fitted(title: str, table: Rules) -> str:
    """One line of printable text, no longer than the container takes."""
    printable = "".join(char if char.isprintable() else " " for char in title)
    return " ".join(printable.split()).encode()[: table.title_bytes].decode(errors="ignore")


def _cover(stream: Stream) -> Cover:
    mime_type, suffix = _MIME_TYPES[stream.codec]
    named = Path(stream.title).suffix.lower() in {".jpg", ".jpeg", ".png"}
    return Cover(stream.index, stream.title if named else f"cover.{suffix}", mime_type)


def _left_out(stream: Stream, container: Container) -> Notice:
    return Notice(
        NoticeReason.TRACK_LEFT_OUT,
        f"{describe(stream)} was left out: a .{container} file cannot hold it",
        {"index": str(stream.index), "kind": stream.kind.value, "codec": stream.codec},
    )


def _check_fit(plan: Plan) -> None:
    if not plan.kept:
        raise MuxRejected(plan.media.path, f"it has nothing that a .{plan.container} file can hold")
    codecs = [planned.codec for planned in _sound_and_vision(plan)]
    refused = [codec for codec in codecs if not plan.rules.takes(codec)]
    if refused:
        allowed = plan.rules.sound_and_vision
        holds = (
            f"holds {', '.join(sorted(allowed))} only" if allowed else "does not hold every codec"
        )
        raise MuxRejected(
            plan.media.path,
            f"a .{plan.container} file {holds}, and this film has {', '.join(refused)}; "
            "write an mkv",
        )


def _sound_and_vision(plan: Plan) -> Iterator[Planned]:
    for planned in plan.streams:
        if planned.kind in {StreamKind.AUDIO, StreamKind.VIDEO} and not planned.is_cover:
            yield planned
