"""Which files callers wish for: tracks in formats, and muxed copies."""

from collections.abc import Sequence

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import Container, MuxOptions
from polycue.domain.track import TrackFormat
from polycue.rpc.convert import fields
from polycue.tracks.files import require

_MOST_COPIES = 8

FORMATS: dict[media_pb2.SubtitleFormat.ValueType, TrackFormat] = {
    media_pb2.SUBTITLE_FORMAT_SRT: TrackFormat.SRT,
    media_pb2.SUBTITLE_FORMAT_VTT: TrackFormat.VTT,
    media_pb2.SUBTITLE_FORMAT_JSON: TrackFormat.JSON,
    media_pb2.SUBTITLE_FORMAT_ASS: TrackFormat.ASS,
    media_pb2.SUBTITLE_FORMAT_TTML: TrackFormat.TTML,
    media_pb2.SUBTITLE_FORMAT_TXT: TrackFormat.TXT,
    media_pb2.SUBTITLE_FORMAT_TSV: TrackFormat.TSV,
    media_pb2.SUBTITLE_FORMAT_HLS: TrackFormat.HLS,
}
_CONTAINERS: dict[jobs_pb2.MuxContainer.ValueType, Container | None] = {
    jobs_pb2.MUX_CONTAINER_UNSPECIFIED: None,
    jobs_pb2.MUX_CONTAINER_MKV: Container.MKV,
    jobs_pb2.MUX_CONTAINER_MP4: Container.MP4,
    jobs_pb2.MUX_CONTAINER_MOV: Container.MOV,
    jobs_pb2.MUX_CONTAINER_WEBM: Container.WEBM,
}


def track_format(value: media_pb2.SubtitleFormat.ValueType, field: str) -> TrackFormat:
    """The format, which this server can write.

    Raises:
        InvalidRequest: there is no such format.
        FormatNotInstalled: what writes it is not there.
    """
    if value not in FORMATS:
        raise InvalidRequest(field, "is required" if value == 0 else f"there is no format {value}")
    require(FORMATS[value])
    return FORMATS[value]


def track_formats(
    values: Sequence[media_pb2.SubtitleFormat.ValueType], field: str
) -> tuple[TrackFormat, ...]:
    """The formats asked for, at least one."""
    if not values:
        raise InvalidRequest(field, "is empty; name at least one format")
    found = tuple(track_format(value, f"{field}[{n}]") for n, value in enumerate(values))
    fields.distinct(found, field)
    return found


def mux_options(config: jobs_pb2.MuxConfig, field: str) -> MuxOptions:
    if config.container not in _CONTAINERS:
        raise InvalidRequest(f"{field}.container", f"there is no container {config.container}")
    return MuxOptions(
        container=_CONTAINERS[config.container],
        burn_in=fields.optional_language(
            config.burn_in_language_code, f"{field}.burn_in_language_code"
        ),
        default=fields.optional_language(
            config.default_language_code, f"{field}.default_language_code"
        ),
    )


def mux_copies(configs: Sequence[jobs_pb2.MuxConfig], field: str) -> tuple[MuxOptions, ...]:
    if len(configs) > _MOST_COPIES:
        raise InvalidRequest(field, f"there are {len(configs)}, at most {_MOST_COPIES} are made")
    return tuple(mux_options(config, f"{field}[{n}]") for n, config in enumerate(configs))
