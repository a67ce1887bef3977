"""Subtitle files as text, to messages."""

from collections.abc import Sequence

from polycue.api.v1 import media_pb2, subtitles_pb2
from polycue.domain.errors import InvalidRequest
from polycue.domain.notice import Notice
from polycue.domain.track import Track, TrackFormat
from polycue.rpc.convert import outputs, reports, tracks
from polycue.tracks.files import render

_WIRE = {value: key for key, value in outputs.FORMATS.items()}


def input_format(value: media_pb2.SubtitleFormat.ValueType) -> TrackFormat:
    """The format of a document that is to be read.

    Raises:
        InvalidRequest: there is none, or it is one that cannot be read.
    """
    track_format = outputs.track_format(value, "document.format")
    if not track_format.is_readable:
        raise InvalidRequest("document.format", f"{track_format.upper()} cannot be read back")
    return track_format


def output_format(value: media_pb2.SubtitleFormat.ValueType, own: TrackFormat) -> TrackFormat:
    """The format of a text asked for; the document's own where none is.

    Raises:
        InvalidRequest: there is no such format, or it is no text.
    """
    track_format = outputs.track_format(value, "output_format") if value else own
    if not track_format.is_text:
        raise InvalidRequest(
            "output_format", f"{track_format.upper()} is no text; make it with CreateJob"
        )
    return track_format


def document(
    track: Track, track_format: TrackFormat, notices: Sequence[Notice]
) -> subtitles_pb2.SubtitleDocument:
    """The track's text, "" in a format that is none, with what goes with it."""
    return subtitles_pb2.SubtitleDocument(
        format=_WIRE[track_format],
        text=render(track, track_format) if track_format.is_text else "",
        language_code=track.language,
        notices=tracks.notices(notices),
        route=track.route,
        report=reports.report(track.report),
    )
