"""How callers wish speech to be recognised."""

from collections.abc import Sequence

from polycue.api.v1 import media_pb2
from polycue.domain.errors import InvalidRequest
from polycue.domain.language import primary
from polycue.domain.request import MAX_BEAM_SIZE, DetectionOptions, SpeechOptions, SpeechTask
from polycue.rpc.convert import defence, fields, names, times

_MOST_HOTWORDS = 100
_LONGEST_HOTWORD_CHARS = 100
_LONGEST_PROMPT_CHARS = 2000  # Whisper hears the last 224 tokens of it
_MOST_ALLOWED = 100  # as many languages as Whisper knows

_SPEECH_TASKS: dict[media_pb2.SpeechTask.ValueType, SpeechTask] = {
    media_pb2.SPEECH_TASK_UNSPECIFIED: SpeechTask.TRANSCRIBE,
    media_pb2.SPEECH_TASK_TRANSCRIBE: SpeechTask.TRANSCRIBE,
    media_pb2.SPEECH_TASK_TRANSLATE: SpeechTask.TRANSLATE,
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
