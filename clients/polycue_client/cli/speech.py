"""Options about what is heard, and how speech is recognised."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from polycue_client.cli.parsing import Function, Number, comma_list, packed

if TYPE_CHECKING:
    from polycue.api.v1 import media_pb2


@dataclass(frozen=True, slots=True)
class SpeechChoice:
    """How to recognise speech."""

    model: str
    language: str
    task: str
    beam_size: int | None
    initial_prompt: str
    hotwords: tuple[str, ...]
    vad_threshold: float | None
    vad_min_silence_duration_ms: int | None
    vad_speech_pad_ms: int | None
    allowed_languages: tuple[str, ...]
    multilingual: bool | None

    @property
    def spoken(self) -> str:
        """The language that was named, "" where it is to be detected."""
        return "" if self.language.lower() in {"auto", "none"} else self.language

    @property
    def written(self) -> str:
        """The language of the first track, "" where it is not known yet."""
        return "en" if self.task == "translate" else self.spoken

    def config(self) -> "media_pb2.TranscribeConfig":
        from polycue.api.v1 import media_pb2
        from polycue_client.requests import duration

        detection = media_pb2.SpeechDetectionConfig(threshold=self.vad_threshold)
        if self.vad_min_silence_duration_ms is not None:
            detection.min_silence.CopyFrom(duration(self.vad_min_silence_duration_ms / 1000))
        if self.vad_speech_pad_ms is not None:
            detection.padding.CopyFrom(duration(self.vad_speech_pad_ms / 1000))
        model = "" if self.model == "auto" else self.model
        return media_pb2.TranscribeConfig(
            model=f"models/{model.removeprefix('models/')}" if model else "",
            language_code=self.spoken,
            task=(
                media_pb2.SPEECH_TASK_TRANSLATE
                if self.task == "translate"
                else media_pb2.SPEECH_TASK_TRANSCRIBE
            ),
            beam_size=self.beam_size,
            initial_prompt=self.initial_prompt,
            hotwords=self.hotwords,
            speech_detection=detection,
            allowed_language_codes=self.allowed_languages,
            multilingual=self.multilingual,
        )


speech_options = packed(
    "speech",
    SpeechChoice,
    "Speech",
    click.option("--model", "-m", default="", metavar="NAME", help="See 'polycue models list'."),
    click.option(
        "--language",
        "--translate-from",
        "-l",
        default="",
        metavar="LANG",
        help="What is spoken, such as 'en' or 'English'; it is detected otherwise.",
    ),
    click.option(
        "--allowed-languages",
        multiple=True,
        callback=comma_list,
        metavar="LANG,...",
        help="Those that may be spoken, such as en,es, where the language is detected.",
    ),
    click.option(
        "--multilingual/--no-multilingual",
        default=None,
        help="Whether the language may change within the film; it may unless --language is given, "
        "which is then what the film begins with.",
    ),
    click.option(
        "--task",
        type=click.Choice(["transcribe", "translate"]),
        default="transcribe",
        help="'translate' lets the recogniser itself write English; for other languages, and "
        "mostly for English too, --translate-to is better.",
    ),
    click.option("--beam-size", type=click.IntRange(1, 10), metavar="N", help="1 to 10."),
    click.option(
        "--initial-prompt", default="", metavar="TEXT", help="What was said before, in its style."
    ),
    click.option(
        "--hotwords",
        multiple=True,
        callback=comma_list,
        metavar="TERM,...",
        help="Names and terms to listen for.",
    ),
    click.option(
        "--vad-threshold",
        type=Number(0, 1),
        metavar="P",
        help="How sure speech must be, 0 to 1; higher takes less for speech.",
    ),
    click.option(
        "--vad-min-silence-duration-ms",
        type=click.IntRange(0),
        metavar="MS",
        help="A silence this long ends a stretch of speech.",
    ),
    click.option(
        "--vad-speech-pad-ms",
        type=click.IntRange(0),
        metavar="MS",
        help="Kept on either side of a stretch of speech.",
    ),
)


def audio_track_option(*names: str) -> Callable[[Function], Function]:
    """The option by these names; ``audio_selector`` reads what it gives."""
    return click.option(
        *names,
        default="",
        metavar="N|LANG|TITLE",
        help="Which sound: its number from 0, its language or part of its title.",
    )


def audio_selector(text: str) -> "media_pb2.AudioSelector":
    """A number is an ordinal, two or three letters (``es``, ``pt-BR``) a language."""
    from polycue.api.v1 import media_pb2

    if text.isascii() and text.isdigit():
        return media_pb2.AudioSelector(ordinal=int(text))
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", text):
        return media_pb2.AudioSelector(language_code=text)
    return media_pb2.AudioSelector(title=text)
