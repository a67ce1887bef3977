"""Options about words that nobody said, by the names other Whisper tools give them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from polycue_client.cli.parsing import Number, comma_list, packed

if TYPE_CHECKING:
    from polycue.api.v1 import media_pb2

_STEP = 0.2  # openai-whisper's, where a temperature is given and no step
_MOST_TRIES = 10  # as many as the API takes


class _NumberOrNone(click.ParamType[float]):
    """A number, or ``none`` for the one that switches its rule off; openai-whisper takes both."""

    name = "number"

    def __init__(self, low: float, high: float, *, none: float) -> None:
        self._range, self._none = Number(low, high), none

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, str) and value.lower() == "none":
            return self._none
        return float(self._range.convert(value, param, ctx))


@dataclass(frozen=True, slots=True)
class DoubtChoice:
    """When words are doubted; None is the server's default."""

    defence: bool
    compression_ratio_threshold: float | None
    logprob_threshold: float | None
    no_speech_threshold: float | None
    hallucination_silence_threshold: float | None
    temperature: tuple[str, ...]
    temperature_increment_on_fallback: float | None

    def config(self) -> "media_pb2.DefenceConfig":
        from polycue.api.v1 import media_pb2
        from polycue_client.requests import duration

        config = media_pb2.DefenceConfig(
            off=not self.defence,
            compression_ratio_threshold=self.compression_ratio_threshold,
            logprob_threshold=self.logprob_threshold,
            no_speech_threshold=self.no_speech_threshold,
            temperatures=self._temperatures(),
        )
        if self.hallucination_silence_threshold is not None:
            silence = duration(self.hallucination_silence_threshold)
            config.hallucination_silence_threshold.CopyFrom(silence)
        return config

    def _temperatures(self) -> list[float]:
        """Those of a list as they stand; from a single one on in steps up to 1, as elsewhere."""
        given, step = [_temperature(text) for text in self.temperature], _STEP
        if self.temperature_increment_on_fallback is not None:
            step = self.temperature_increment_on_fallback
        elif not given:
            return []
        if len(given) > 1 or step == 0:
            return given or [0.0]
        first = given[0] if given else 0.0
        steps = [round(first + n * step, 6) for n in range(int((1 - first + 1e-6) / step) + 1)]
        tries = [temperature for temperature in steps if temperature > 0]
        if len(tries) > _MOST_TRIES:
            raise click.UsageError(
                f"--temperature-increment-on-fallback {step:g} makes {len(tries)} tries;"
                f" at most {_MOST_TRIES} are made"
            )
        return tries or [0.0]


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise click.UsageError(f"--temperature {text}: is a number from 0 to 1, or several")
    return value


doubt_options = packed(
    "doubt",
    DoubtChoice,
    "Words that nobody said",
    click.option(
        "--defence/--no-defence",
        default=True,
        help="Doubtful words are heard again, and dropped only on two separate signs; "
        "--no-defence takes whatever the model says.",
    ),
    click.option(
        "--compression-ratio-threshold",
        type=_NumberOrNone(1, 1000, none=1000),
        metavar="N",
        help="Text that deflates by more is a loop; 2.4 unless given.",
    ),
    click.option(
        "--logprob-threshold",
        type=_NumberOrNone(-100, 0, none=-100),
        metavar="N",
        help="A mean log probability below it is doubted; -1 unless given.",
    ),
    click.option(
        "--no-speech-threshold",
        type=_NumberOrNone(0, 1, none=1),
        metavar="P",
        help="Above it the model takes the sound for no speech; 0.6 unless given.",
    ),
    click.option(
        "--hallucination-silence-threshold",
        type=_NumberOrNone(0, 60, none=60),
        metavar="S",
        help="Words placed further than this from any speech are doubted; 0.5 unless given.",
    ),
    click.option(
        "--temperature",
        multiple=True,
        callback=comma_list,
        metavar="T,...",
        help="Of further tries, 0.2,0.4,0.8 unless given; 0 with a step of 0 makes none.",
    ),
    click.option(
        "--temperature-increment-on-fallback",
        type=_NumberOrNone(0, 1, none=0),
        metavar="STEP",
        help="From a single temperature on, up to 1.",
    ),
)
