"""Options as people know them from Whisper's other command lines.

``--beam_size`` is ``--beam-size``, ``--vad_filter True`` is ``--vad-filter``, and lists are written
with commas or by repeating the option.
"""

import dataclasses
import functools
import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])

_LAST = "Options"  # the help section of those that were given none
_WORDS = {"true": True, "false": False}  # what str2bool in openai-whisper takes


class OptionalValue(click.Option):
    """An option that may stand alone, in which case it means ``bare``.

    It takes the next word of the command line only if ``takes`` says so: in ``--mux film.mp4`` the
    film is not its value.
    """

    def __init__(
        self, *args: object, bare: str, takes: Callable[[str], bool], **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.bare, self.takes = bare, takes


class ForgivingCommand(click.Command):
    """A command that reads its options as this module says."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.context_settings = {
            **self.context_settings,
            "token_normalize_func": hyphenated,
            "max_content_width": 100,
        }

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record and isinstance(param, click.Option):
                sections.setdefault(getattr(param, "section", _LAST), []).append(record)
        for title, records in sorted(sections.items(), key=lambda item: item[0] == _LAST):
            with formatter.section(title):
                formatter.write_dl(records)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, settled(args, self.get_params(ctx)))


def hyphenated(name: str) -> str:
    return name.replace("_", "-")


def settled(args: Iterable[str], params: Iterable[click.Parameter]) -> list[str]:
    """The arguments with every optional value decided, as click cannot do by itself."""
    options = {
        hyphenated(name): param
        for param in params
        if isinstance(param, click.Option)
        for name in (*param.opts, *param.secondary_opts)
    }
    rest, result = deque(args), list[str]()
    while rest:
        word = rest.popleft()
        if word == "--":
            return [*result, word, *rest]
        result.extend(_settle(word, rest, options))
    return result


def _settle(word: str, rest: deque[str], options: Mapping[str, click.Option]) -> list[str]:
    """The words to parse for ``word``; takes those off ``rest`` that belong to it."""
    name, equals, value = word.partition("=")
    option = options.get(hyphenated(name)) if word.startswith("-") else None
    following = rest[0] if rest and not equals else ""
    if option is None:
        return [word]
    if option.is_flag:
        truth = _WORDS.get((value or following).lower())
        if truth is None:
            return [word]
        if not equals:
            rest.popleft()
        return _flag(option, name, truth)
    if isinstance(option, OptionalValue) and not equals:
        if following and option.takes(following):
            rest.popleft()
            return [f"{name}={following}"]
        return [f"{name}={option.bare}"]
    return [word, rest.popleft()] if rest and not equals else [word]


def _flag(option: click.Option, name: str, truth: bool) -> list[str]:
    if truth:
        return [name]
    return [option.secondary_opts[0]] if option.secondary_opts else []


class Number(click.FloatRange):
    """A number within bounds; ``nan`` and ``inf`` are none, though ``float`` takes them."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number to count with.", param, ctx)
        return number


def comma_list(
    ctx: click.Context, param: click.Parameter, values: Sequence[str]
) -> tuple[str, ...]:
    """``es,de`` and ``es`` ``de`` are the same; what is said twice counts once."""
    words = (word.strip() for value in values for word in value.split(","))
    return tuple(dict.fromkeys(word for word in words if word))


def comma_list_of(
    *choices: str, everything: str = ""
) -> Callable[[click.Context, click.Parameter, Sequence[str]], tuple[str, ...]]:
    """A callback as ``comma_list``; ``everything`` is a word for all of the choices."""

    def chosen(
        ctx: click.Context, param: click.Parameter, values: Sequence[str]
    ) -> tuple[str, ...]:
        words = [word.lower() for word in comma_list(ctx, param, values)]
        if everything and everything in words:
            return choices
        wrong = [word for word in words if word not in choices]
        if wrong:
            raise click.BadParameter(
                f"{wrong[0]!r} is not one of {', '.join(choices)}.", ctx, param
            )
        return tuple(dict.fromkeys(words))

    return chosen


def section(
    title: str, *options: Callable[[Callable[..., object]], Callable[..., object]]
) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """A decorator that adds the options in their order, under a heading of the help."""

    def decorate(function: Callable[..., object]) -> Callable[..., object]:
        for option in reversed(options):
            function = option(function)
            # click keeps the options of a function there until it becomes a command
            function.__click_params__[-1].section = title  # type: ignore[attr-defined]
        return function

    return decorate


def packed(
    name: str, kind: type, title: str, *options: Callable[[Function], Function]
) -> Callable[[Function], Function]:
    """A decorator that adds the options and hands their values over as one argument.

    ``kind`` is a dataclass with a field for each option, by the same name; ``title`` heads them in
    the help.
    """
    fields = [field.name for field in dataclasses.fields(kind)]

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            kwargs[name] = kind(**{field: kwargs.pop(field) for field in fields})
            return function(*args, **kwargs)

        return section(title, *options)(run)  # type: ignore[return-value, arg-type]

    return decorate
