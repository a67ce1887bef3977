"""How callers wish cues to look."""

from polycue.api.v1 import media_pb2
from polycue.cues.presets import rules_for
from polycue.domain.errors import InvalidRequest
from polycue.domain.language import UNDETERMINED
from polycue.domain.request import Audience, LayoutOptions, ShotMode
from polycue.rpc.convert import fields, times

_LONGEST_STAY_MS = 3_600_000  # the preset's own bounds are narrower; this only keeps to sane ints
_LONGEST_PRESET_NAME_CHARS = 100
_LONGEST_PRESET_CHARS = 65_536  # netflix, with all its languages, has a tenth of it

_AUDIENCES: dict[media_pb2.Audience.ValueType, Audience] = {
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
# What presets have in milliseconds, and its name on the wire.
DURATIONS = {
    "min_cue_ms": "min_cue_duration",
    "max_cue_ms": "max_cue_duration",
    "chain_gap_ms": "chain_gap",
    "linger_ms": "linger",
    "shot_zone_ms": "shot_zone",
}


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
        raise InvalidRequest(f"{field}.{DURATIONS.get(name, name)}", error.problem) from error
    return options


def audience(value: media_pb2.Audience.ValueType, field: str) -> Audience:
    if value not in _AUDIENCES:
        raise InvalidRequest(field, f"there is no audience {value}")
    return _AUDIENCES[value]


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
