"""Messages of the API from plain Python values."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from google.protobuf import duration_pb2

from polycue.api.v1 import jobs_pb2, media_pb2

Media = str | Path | bytes | media_pb2.MediaSource
"""A file here, the bytes of a clip, or a source that the server finds by itself."""

File = str | Path | media_pb2.MediaSource
"""A file here, or a source that the server finds by itself."""

Target = str | media_pb2.TranslateConfig
"""A language, or a language and what is wished of its translation."""


FORMATS: Mapping[str, media_pb2.SubtitleFormat.ValueType] = {
    "srt": media_pb2.SUBTITLE_FORMAT_SRT,
    "vtt": media_pb2.SUBTITLE_FORMAT_VTT,
    "json": media_pb2.SUBTITLE_FORMAT_JSON,
    "ass": media_pb2.SUBTITLE_FORMAT_ASS,
    "ttml": media_pb2.SUBTITLE_FORMAT_TTML,
    "txt": media_pb2.SUBTITLE_FORMAT_TXT,
    "tsv": media_pb2.SUBTITLE_FORMAT_TSV,
    "hls": media_pb2.SUBTITLE_FORMAT_HLS,
}
CONTAINERS: Mapping[str, jobs_pb2.MuxContainer.ValueType] = {
    "": jobs_pb2.MUX_CONTAINER_UNSPECIFIED,  # the input's own
    "mkv": jobs_pb2.MUX_CONTAINER_MKV,
    "mp4": jobs_pb2.MUX_CONTAINER_MP4,
    "mov": jobs_pb2.MUX_CONTAINER_MOV,
    "webm": jobs_pb2.MUX_CONTAINER_WEBM,
}
SYNC_MODES: Mapping[str, jobs_pb2.SyncMode.ValueType] = {
    "": jobs_pb2.SYNC_MODE_UNSPECIFIED,  # by words where they help, else by speech
    "text": jobs_pb2.SYNC_MODE_TEXT,
    "speech": jobs_pb2.SYNC_MODE_SPEECH,
}


def duration(seconds: float) -> duration_pb2.Duration:
    message = duration_pb2.Duration()
    message.FromMilliseconds(round(seconds * 1000))
    return message


def format_of(name: str) -> media_pb2.SubtitleFormat.ValueType:
    """The format called ``srt``, ``vtt``, ``json`` and so on.

    Raises:
        ValueError: there is no such format.
    """
    try:
        return FORMATS[name.lower()]
    except KeyError as error:
        raise ValueError(f"{name!r} is not one of {', '.join(FORMATS)}") from error


def translations(wanted: Sequence[Target]) -> list[media_pb2.TranslateConfig]:
    return [
        media_pb2.TranslateConfig(target_language_code=target)
        if isinstance(target, str)
        else target
        for target in wanted
    ]


def mux_configs(
    containers: Sequence[str], *, burn_in: str = "", default: str = ""
) -> list[jobs_pb2.MuxConfig]:
    """One muxed copy for each container; "" is the input's own.

    Raises:
        ValueError: there is no such container.
    """
    unknown = [name for name in containers if name not in CONTAINERS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not one of {', '.join(filter(None, CONTAINERS))}")
    return [
        jobs_pb2.MuxConfig(
            container=CONTAINERS[name],
            burn_in_language_code=burn_in,
            default_language_code=default,
        )
        for name in containers
    ]


def subtitle_spec(
    media: media_pb2.MediaSource | None,
    *,
    transcript: media_pb2.MediaSource | None = None,
    translate_to: Sequence[Target] = (),
    bilingual: bool = False,
    formats: Sequence[str] = ("srt",),
    mux: Sequence[jobs_pb2.MuxConfig] = (),
    transcribe: media_pb2.TranscribeConfig | None = None,
    layout: media_pb2.LayoutConfig | None = None,
    forced: bool = False,
    report_page: bool = False,
) -> jobs_pb2.JobSpec:
    return jobs_pb2.JobSpec(
        subtitle=jobs_pb2.SubtitleTask(
            media=media,
            transcript=transcript,
            transcribe=transcribe,
            translations=translations(translate_to),
            bilingual=bilingual,
            layout=layout,
            formats=[format_of(name) for name in formats],
            mux=mux,
            forced=forced,
            report_page=report_page,
        )
    )


def translate_spec(
    subtitle: media_pb2.MediaSource,
    *,
    source: str,
    to: Sequence[Target],
    formats: Sequence[str] = ("srt",),
    layout: media_pb2.LayoutConfig | None = None,
    report_page: bool = False,
) -> jobs_pb2.JobSpec:
    return jobs_pb2.JobSpec(
        translate=jobs_pb2.TranslateTask(
            subtitle=subtitle,
            language_code=source,
            translations=translations(to),
            formats=[format_of(name) for name in formats],
            layout=layout,
            report_page=report_page,
        )
    )


def sync_spec(
    media: media_pb2.MediaSource | None,
    subtitle: media_pb2.MediaSource | None,
    *,
    transcript: media_pb2.MediaSource | None = None,
    language: str = "",
    by: str = "",
    formats: Sequence[str] = ("srt",),
    force: bool = False,
    transcribe: media_pb2.TranscribeConfig | None = None,
) -> jobs_pb2.JobSpec:
    """``by`` is one of ``SYNC_MODES``.

    Raises:
        ValueError: there is no such mode or format.
    """
    if by not in SYNC_MODES:
        raise ValueError(f"{by!r} is not one of {', '.join(filter(None, SYNC_MODES))}")
    return jobs_pb2.JobSpec(
        sync=jobs_pb2.SyncTask(
            media=media,
            subtitle=subtitle,
            transcript=transcript,
            language_code=language,
            mode=SYNC_MODES[by],
            formats=[format_of(name) for name in formats],
            force=force,
            transcribe=transcribe,
        )
    )
