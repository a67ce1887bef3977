"""What callers wish: recognition, layout, languages, formats, muxing."""

from collections.abc import Sequence

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue.cues.presets import rules_for
from polycue.domain.errors import InvalidRequest
from polycue.domain.language import UNDETERMINED, primary
from polycue.domain.request import (
    MAX_BEAM_SIZE,
    Audience,
    Container,
    DetectionOptions,
    LayoutOptions,
    MuxOptions,
    ShotMode,
    SpeechOptions,
    SpeechTask,
    SyncMode,
)
from polycue.domain.track import TrackFormat
from polycue.rpc.convert import defence, fields, names, times
from polycue.tracks.files import require

_MOST_HOTWORDS = 100
_LONGEST_HOTWORD_CHARS = 100
_LONGEST_PROMPT_CHARS = 2000  # Whisper hears the last 224 tokens of it
_MOST_TARGETS = 20
_MOST_COPIES = 8
_MOST_ALLOWED = 100  # as many languages as Whisper knows
_LONGEST_STAY_MS = 3_600_000  # the preset's own bounds are narrower; this only keeps to sane ints
_LONGEST_PRESET_NAME_CHARS = 100
_LONGEST_PRESET_CHARS = 65_536  # netflix, with all its languages, has a tenth of it

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
_SPEECH_TASKS: dict[media_pb2.SpeechTask.ValueType, SpeechTask] = {
    media_pb2.SPEECH_TASK_UNSPECIFIED: SpeechTask.TRANSCRIBE,
    media_pb2.SPEECH_TASK_TRANSCRIBE: SpeechTask.TRANSCRIBE,
    media_pb2.SPEECH_TASK_TRANSLATE: SpeechTask.TRANSLATE,
}
_SYNC_MODES: dict[jobs_pb2.SyncMode.ValueType, SyncMode] = {
    jobs_pb2.SYNC_MODE_UNSPECIFIED: SyncMode.AUTO,
    jobs_pb2.SYNC_MODE_TEXT: SyncMode.TEXT,
    jobs_pb2.SYNC_MODE_SPEECH: SyncMode.SPEECH,
}
Translations = Sequence[media_pb2.TranslateConfig]

AUDIENCES: dict[media_pb2.Audience.ValueType, Audience] = {
    media_pb2.AUDIENCE_UNSPECIFIED: Audience.ADULT,
    media_pb2.AUDIENCE_ADULT: Audience.ADULT,
    media_pb2.AUDIENCE_CHILDREN: Audience.CHILDREN,
}
_SHOT_MODES: dict[media_pb2.ShotMode.ValueType, ShotMode] = {
    media_pb2.SHOT_MODE_UNSPECIFIED: ShotMode.AUTO,
    media_pb2.SHOT_MODE_AUTO: ShotMode.AUTO,
    media_pb2.SHOT_MODE_ON: ShotMode.ON,
    media_pb2.SHOT_MODE_OFF: ShotMode.OFF,
}
# The presets know these numbers by their names inside.
_WIRE_NAMES = {
    "min_cue_ms": "min_cue_duration",
    "max_cue_ms": "max_cue_duration",
    "chain_gap_ms": "chain_gap",
    "linger_ms": "linger",
}


def speech_options(config: media_pb2.TranscribeConfig, field: str) -> SpeechOptions:
    if config.task not in _SPEECH_TASKS:
        raise InvalidRequest(f"{field}.task", f"there is no task {config.task}")
    default = SpeechOptions()
    beam_size = default.beam_size
    if config.HasField("beam_size"):
        beam_size = int(fields.within(config.beam_size, f"{field}.beam_size", 1, MAX_BEAM_SIZE))
    return SpeechOptions(
        model=names.model_name(config.model, f"{field}.model"),
        language=fields.optional_language(config.language_code, f"{field}.language_code"),
        task=_SPEECH_TASKS[config.task],
        beam_size=beam_size,
        initial_prompt=fields.short_text(
            config.initial_prompt, f"{field}.initial_prompt", most_chars=_LONGEST_PROMPT_CHARS
        ),
        hotwords=_hotwords(config.hotwords, f"{field}.hotwords"),
        detection=_detection(config.speech_detection, f"{field}.speech_detection"),
        allowed_languages=_allowed(config, field),
        multilingual=config.multilingual if config.HasField("multilingual") else None,
        defence=defence.options(config.defence, f"{field}.defence"),
    )


def layout_options(config: media_pb2.LayoutConfig, field: str) -> LayoutOptions:
    own = fields.short_text(
        config.custom_preset, f"{field}.custom_preset", most_chars=_LONGEST_PRESET_CHARS
    )
    named = fields.short_text(
        config.preset, f"{field}.preset", most_chars=_LONGEST_PRESET_NAME_CHARS
    )
    options = LayoutOptions(
        preset=named if own else named or LayoutOptions().preset,
        max_line_chars=config.max_line_chars if config.HasField("max_line_chars") else None,
        max_line_count=config.max_line_count if config.HasField("max_line_count") else None,
        min_cue_ms=_layout_ms(config, "min_cue_duration", field),
        max_cue_ms=_layout_ms(config, "max_cue_duration", field),
        max_chars_per_second=(
            config.max_chars_per_second if config.HasField("max_chars_per_second") else None
        ),
        audience=audience(config.audience, f"{field}.audience"),
        hearing_impaired=config.hearing_impaired,
        min_gap_frames=config.min_gap_frames if config.HasField("min_gap_frames") else None,
        chain_gap_ms=_layout_ms(config, "chain_gap", field),
        linger_ms=_layout_ms(config, "linger", field),
        custom_preset=own,
        shots=_shot_mode(config.shots, f"{field}.shots"),
        explain=config.explain,
    )
    try:
        rules_for(options, UNDETERMINED, None)
    except InvalidRequest as error:
        name = error.field.rpartition(".")[2]
        raise InvalidRequest(f"{field}.{_WIRE_NAMES.get(name, name)}", error.problem) from error
    return options


def audience(value: media_pb2.Audience.ValueType, field: str) -> Audience:
    if value not in AUDIENCES:
        raise InvalidRequest(field, f"there is no audience {value}")
    return AUDIENCES[value]


def targets(configs: Translations, field: str) -> tuple[str, ...]:
    """The languages asked for, in their order."""
    if len(configs) > _MOST_TARGETS:
        raise InvalidRequest(field, f"there are {len(configs)}, at most {_MOST_TARGETS} are made")
    return fields.distinct(
        (
            fields.language(config.target_language_code, f"{field}[{number}].target_language_code")
            for number, config in enumerate(configs)
        ),
        field,
    )


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


def sync_mode(value: jobs_pb2.SyncMode.ValueType, field: str) -> SyncMode:
    if value not in _SYNC_MODES:
        raise InvalidRequest(field, f"there is no mode {value}")
    return _SYNC_MODES[value]


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


def _hotwords(given: Sequence[str], field: str) -> tuple[str, ...]:
    if len(given) > _MOST_HOTWORDS:
        raise InvalidRequest(field, f"there are {len(given)}, at most {_MOST_HOTWORDS} are heard")
    for number, word in enumerate(given):
        name = f"{field}[{number}]"
        fields.short_text(word, name, most_chars=_LONGEST_HOTWORD_CHARS)
        if not word.strip():
            raise InvalidRequest(name, "is empty")
    return tuple(given)


def _allowed(config: media_pb2.TranscribeConfig, field: str) -> tuple[str, ...]:
    name = f"{field}.allowed_language_codes"
    given = config.allowed_language_codes
    if len(given) > _MOST_ALLOWED:
        raise InvalidRequest(name, f"there are {len(given)}, at most {_MOST_ALLOWED} can be")
    found = fields.distinct(
        (fields.language(code, f"{name}[{number}]") for number, code in enumerate(given)), name
    )
    spoken = fields.optional_language(config.language_code, f"{field}.language_code")
    if found and spoken and primary(spoken) not in map(primary, found):
        raise InvalidRequest(name, f"{spoken!r}, the language named, is not among them")
    return found


def _detection(config: media_pb2.SpeechDetectionConfig, field: str) -> DetectionOptions:
    default = DetectionOptions()
    threshold = default.threshold
    if config.HasField("threshold"):
        threshold = fields.within(config.threshold, f"{field}.threshold", 0, 1)
    return DetectionOptions(
        threshold=threshold,
        min_silence_ms=(
            times.milliseconds(config.min_silence, f"{field}.min_silence", low_ms=0, high_ms=10_000)
            if config.HasField("min_silence")
            else default.min_silence_ms
        ),
        padding_ms=(
            times.milliseconds(config.padding, f"{field}.padding", low_ms=0, high_ms=5_000)
            if config.HasField("padding")
            else default.padding_ms
        ),
    )


def _shot_mode(value: media_pb2.ShotMode.ValueType, field: str) -> ShotMode:
    if value not in _SHOT_MODES:
        raise InvalidRequest(field, f"there is no mode {value}")
    return _SHOT_MODES[value]


def _layout_ms(config: media_pb2.LayoutConfig, name: str, field: str) -> int | None:
    if not config.HasField(name):  # type: ignore[arg-type]
        return None
    return times.milliseconds(
        getattr(config, name), f"{field}.{name}", low_ms=0, high_ms=_LONGEST_STAY_MS
    )
