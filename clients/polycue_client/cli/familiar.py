"""Options of Whisper's other command lines that polycue takes so that copied lines run.

They change nothing here. Those that would have changed the result elsewhere are named on stderr.
"""

import re
from collections.abc import Callable, Mapping

import click

from polycue_client.cli.parsing import OptionalValue, hyphenated, section

# What they ask for is how polycue always works, or is the server's to decide.
_ALWAYS_SO: Mapping[str, str] = {
    "--word-timestamps": "words are always timed",
    "--vad-filter": "silence is always left out",
    "--batched": "the server forms batches",
    "--batch-size": "the server forms batches",
    "--print-progress": "progress is always shown",
    "--verbose": "",
    "--sentence": "cues always follow sentences",
}

# polycue's decoder has its own ways for these.
_WITHOUT_EFFECT = (
    "--best-of",
    "--patience",
    "--length-penalty",
    "--condition-on-previous-text",
    "--repetition-penalty",
    "--no-repeat-ngram-size",
    "--suppress-tokens",
    "--vad-max-speech-duration-s",
    "--max-words-per-line",
    "--highlight-words",
    "--fp16",
)

_VALUE = re.compile(r"true|false|none|[-+.,\d]+(e[-+]?\d+)?", re.IGNORECASE)

EPILOG = "Taken for the sake of copied command lines, without effect: " + ", ".join(
    [*_ALWAYS_SO, *_WITHOUT_EFFECT]
)


def familiar_options(function: Callable[..., object]) -> Callable[..., object]:
    options = [
        click.option(
            name,
            cls=OptionalValue,
            bare="true",
            takes=lambda word: _VALUE.fullmatch(word) is not None,
            hidden=True,
            expose_value=False,
            callback=_tell_once,
        )
        for name in (*_ALWAYS_SO, *_WITHOUT_EFFECT)
    ]
    return section("", *options)(function)


def _tell_once(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    name = hyphenated(param.opts[0])
    if value is None:
        return
    if name in _WITHOUT_EFFECT:
        click.echo(f"{name} has no effect here", err=True)
    elif value.lower() == "false" and _ALWAYS_SO[name]:
        click.echo(f"{name} cannot be switched off: {_ALWAYS_SO[name]}", err=True)
