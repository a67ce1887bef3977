"""Subtitle files as text, to messages."""

from collections.abc import Sequence

from polycue.api.v1 import media_pb2, subtitles_pb2
from polycue.domain.notice import Notice
from polycue.domain.track import Track, TrackFormat
from polycue.rpc.convert import configs, tracks
from polycue.tracks.files import render

_WIRE = {value: key for key, value in configs.FORMATS.items()}


def output_format(value: media_pb2.SubtitleFormat.ValueType, own: TrackFormat) -> TrackFormat:
    """The format asked for; the document's own where none is."""
    return configs.track_format(value, "output_format") if value else own


def document(
    track: Track, track_format: TrackFormat, notices: Sequence[Notice]
) -> subtitles_pb2.SubtitleDocument:
    return subtitles_pb2.SubtitleDocument(
        format=_WIRE[track_format],
        text=render(track, track_format),
        language_code=track.language,
        notices=tracks.notices(notices),
        route=track.route,
    )
