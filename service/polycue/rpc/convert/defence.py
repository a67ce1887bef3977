"""What callers wish to be done about words that nobody said."""

from collections.abc import Sequence

from polycue.api.v1 import media_pb2
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import DefenceOptions
from polycue.rpc.convert import fields, times

_MOST_TRIES = 10
_LONGEST_SILENCE_MS = 60_000


def options(config: media_pb2.DefenceConfig, field: str) -> DefenceOptions:
    """The options, each the default where it is not set.

    Raises:
        InvalidRequest: a number is out of its range; the error names it.
    """
    default = DefenceOptions()

    def number(name: str, otherwise: float, low: float, high: float) -> float:
        if not config.HasField(name):  # type: ignore[arg-type]
            return otherwise
        return fields.within(getattr(config, name), f"{field}.{name}", low, high)

    silence_ms = default.silence_ms
    if config.HasField("hallucination_silence_threshold"):
        silence_ms = times.milliseconds(
            config.hallucination_silence_threshold,
            f"{field}.hallucination_silence_threshold",
            low_ms=0,
            high_ms=_LONGEST_SILENCE_MS,
        )
    return DefenceOptions(
        enabled=not config.off,
        max_compression_ratio=number(
            "compression_ratio_threshold", default.max_compression_ratio, 1, 1000
        ),
        min_avg_logprob=number("logprob_threshold", default.min_avg_logprob, -100, 0),
        max_no_speech_prob=number("no_speech_threshold", default.max_no_speech_prob, 0, 1),
        silence_ms=silence_ms,
        max_chars_per_second=number(
            "max_chars_per_second", default.max_chars_per_second, 1, 10_000
        ),
        temperatures=_temperatures(config.temperatures, f"{field}.temperatures"),
    )


def _temperatures(given: Sequence[float], field: str) -> tuple[float, ...]:
    if len(given) > _MOST_TRIES:
        raise InvalidRequest(field, f"there are {len(given)}, at most {_MOST_TRIES} are tried")
    for number, value in enumerate(given):
        fields.within(value, f"{field}[{number}]", 0, 1)
    if not given:
        return DefenceOptions().temperatures
    # 32 bits on the wire: 0.2 would come out as 0.20000000298.
    return tuple(round(value, 6) for value in given if value > 0)
