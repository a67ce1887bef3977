"""``polycue presets``: the limits that cues can be held to, and where each is from."""

import json
import textwrap
from typing import Any

import click

from polycue.commands.options import json_option
from polycue.cues.presets import DEFAULT_PRESET, preset_names, preset_of, rules_for
from polycue.domain.errors import InvalidRequest
from polycue.domain.language import UNDETERMINED, canonical
from polycue.domain.request import Audience, LayoutOptions
from polycue_client.cli.layout import read_preset

_HELP = """Show the presets for cues, and the numbers of one.

NAME is a preset, or your own .toml or .json file, which is checked. A number that is no rule is
never held against a cue.

\b
Examples:
  polycue presets                                     their names
  polycue presets netflix --language ja --sdh         the numbers of one
  polycue presets house.toml --language de            is my own file right?
"""

# What a rule is called, and what its number is divided by to be shown.
_SHOWN = {
    "max_line_chars": ("characters in a line", 1),
    "max_line_count": ("lines in a cue", 1),
    "min_cue_ms": ("shortest stay, s", 1000),
    "max_cue_ms": ("longest stay, s", 1000),
    "max_chars_per_second": ("characters a second", 1),
    "max_words_per_minute": ("words a minute", 1),
    "min_gap_frames": ("frames between two cues", 1),
    "chain_gap_ms": ("shorter gaps are closed, s", 1000),
    "linger_ms": ("may stay after the voice, s", 1000),
    "shot_zone_ms": ("goes with a cut nearer than, s", 1000),
    "shot_gap_frames": ("frames before a cut", 1),
}
_STYLE = {"dash": "a speaker begins with", "italics": "italics"}
_NO_RULE = "no rule"
_VALUES = {
    None: _NO_RULE,
    True: "yes",
    False: "no",
    "tight": "-X",
    "spaced": "- X",
    "second": "-X, the second one only",
}


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", default="")
@click.option(
    "--language", "-l", default=UNDETERMINED, metavar="LANG", help="Numbers for this language."
)
@click.option(
    "--audience",
    type=click.Choice([audience.value for audience in Audience]),
    default=Audience.ADULT.value,
    help="Children read more slowly.",
)
@click.option("--sdh", is_flag=True, help="Numbers for the deaf and hard of hearing.")
@json_option
def presets(*, name: str, language: str, audience: str, sdh: bool, as_json: bool) -> None:
    try:
        tag = canonical(language)
        wishes = [
            LayoutOptions(each, audience=Audience(audience), hearing_impaired=sdh)
            for each in preset_names()
        ]
        if name:
            wishes = [_wish(name, Audience(audience), sdh=sdh)]
        found = [_facts(wish, tag) for wish in wishes]
    except InvalidRequest as error:
        raise click.ClickException(error.problem) from error
    except OSError as error:
        raise click.ClickException(f"{name}: {error.strerror}") from error
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif name:
        _show(found[0])
    else:
        _show_names(found)


def _wish(name: str, audience: Audience, *, sdh: bool) -> LayoutOptions:
    choice = read_preset(name)
    return LayoutOptions(
        choice.name, audience=audience, hearing_impaired=sdh, custom_preset=choice.text
    )


def _facts(wish: LayoutOptions, language: str) -> dict[str, Any]:
    preset, rules = preset_of(wish), rules_for(wish, language, None)
    return {
        "name": preset.name,
        "title": preset.title,
        "source": preset.source,
        "checked": preset.checked,
        "note": preset.note,
        "languages": sorted(preset.languages),
        "language": language,
        "audience": wish.audience.value,
        "hearing_impaired": wish.hearing_impaired,
        "rules": {
            **{name: rules.limit(name) for name in _SHOWN},
            "dash": rules.dash,
            "italics": rules.italics,
        },
    }


def _show_names(found: list[dict[str, Any]]) -> None:
    for facts in found:
        default = " (the default)" if facts["name"] == DEFAULT_PRESET else ""
        click.echo(f"{facts['name']:<9} {facts['title']}{default}")


def _show(facts: dict[str, Any]) -> None:
    click.echo(f"{facts['name']}: {facts['title']}" if facts["title"] else facts["name"])
    if facts["source"]:
        when = f", checked {facts['checked']}" if facts["checked"] else ""
        click.echo(f"from {facts['source']}{when}")
    if facts["note"]:
        click.echo(textwrap.fill(facts["note"], width=88))
    if facts["languages"]:
        click.echo(f"languages with numbers of their own: {' '.join(facts['languages'])}")
    click.echo(f"\nfor {_whom(facts)}:")
    for name, (label, divisor) in _SHOWN.items():
        click.echo(f"  {label:<31} {_number(facts['rules'][name], divisor)}")
    for name, label in _STYLE.items():
        click.echo(f"  {label:<31} {_VALUES[facts['rules'][name]]}")


def _whom(facts: dict[str, Any]) -> str:
    language = facts["language"]
    track = "captions (SDH)" if facts["hearing_impaired"] else "subtitles"
    audience = "children" if facts["audience"] == Audience.CHILDREN else "adults"
    spoken = "any other language" if language == UNDETERMINED else language
    return f"{track} in {spoken}, for {audience}"


def _number(value: float | None, divisor: int) -> str:
    return _NO_RULE if value is None else f"{value / divisor:g}"
