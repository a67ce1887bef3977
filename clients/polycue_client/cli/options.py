"""Options that commands share, packed into the values that the rest of the CLI takes."""

import dataclasses
import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from polycue_client.cli.parsing import comma_list, comma_list_of, section

if TYPE_CHECKING:
    from polycue.api.v1 import media_pb2
    from polycue_client.cli.outputs import Placement

Function = TypeVar("Function", bound=Callable[..., Any])

FORMATS = ("srt", "vtt", "json", "ass", "ttml", "txt", "tsv", "hls")
STDOUT = "-"
REPORT_PAGE = "report.html"

_PRESET_SUFFIXES = (".toml", ".json")
_LONGEST_PRESET_CHARS = 65_536  # what a server takes


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


@dataclass(frozen=True, slots=True)
class ServerChoice:
    """A server's address; or "", and how an embedded server is to run."""

    server: str
    models_dir: Path | None
    device: str | None
    device_index: int | None
    compute_type: str
    threads: int | None
    offline: bool

    def __post_init__(self) -> None:
        if self.server and self.flags():
            flag = self.flags()[0].partition("=")[0]
            raise click.UsageError(
                f"{flag} is for the embedded server; the one at {self.server} has its own settings"
            )

    def flags(self) -> list[str]:
        """For the embedded server's command line; what is not given stays its own default."""
        given = {
            "--models-dir": self.models_dir and self.models_dir.absolute(),
            "--device": self.device,
            "--device-index": self.device_index,
            "--compute-type": self.compute_type or None,
            "--threads": self.threads,
        }
        flags = [f"{flag}={value}" for flag, value in given.items() if value is not None]
        return [*flags, "--offline"] if self.offline else flags


def server_address(help_text: str) -> Callable[[Function], Function]:
    """The option --server, which may as well stand before the command's name."""

    def chosen(ctx: click.Context, param: click.Parameter, value: str) -> str:
        before = str(ctx.find_root().params.get("server", ""))
        here = ctx.get_parameter_source("server") is ParameterSource.COMMANDLINE
        return value if here or not before else before

    return click.option(
        "--server",
        envvar="POLYCUE_SERVER",
        default="",
        metavar="ADDR",
        show_envvar=True,
        help=help_text,
        callback=chosen,
    )


server_options = packed(
    "choice",
    ServerChoice,
    "Where the work is done",
    server_address(
        "A running server, such as localhost:50051. Without it one is started for this command."
    ),
    click.option(
        "--models-dir",
        "--model-dir",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where the models are.",
    ),
    click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda"]),
        help="What to run models on.",
    ),
    click.option("--device-index", type=click.IntRange(0), metavar="N", help="Which GPU."),
    click.option("--compute-type", default="", metavar="TYPE", help="int8, float16, float32, ..."),
    click.option("--threads", type=click.IntRange(1), metavar="N", help="CPU threads for models."),
    click.option(
        "--offline",
        "--local-files-only",
        "--model-cache-only",
        is_flag=True,
        help="Never touch the network; serving never does.",
    ),
)


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
        type=click.FloatRange(0, 1),
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


@dataclass(frozen=True, slots=True)
class PresetChoice:
    """A preset by its name, or a file of the user's own with its ``text``."""

    name: str
    text: str = ""


def _preset_choice(ctx: click.Context, param: click.Parameter, value: str) -> PresetChoice:
    path = Path(value)
    if path.suffix.lower() not in _PRESET_SUFFIXES:
        return PresetChoice(value)
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_LONGEST_PRESET_CHARS + 1)
    except OSError as error:
        raise click.BadParameter(f"{value}: {error.strerror}", ctx, param) from error
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{value} is not UTF-8 text", ctx, param) from error
    if len(text) > _LONGEST_PRESET_CHARS:
        raise click.BadParameter(f"{value} is larger than a preset may be, 64 KiB", ctx, param)
    if not text.strip():
        raise click.BadParameter(f"{value} is empty", ctx, param)
    return PresetChoice(path.name, text)


SHOT_MODES = ("auto", "on", "off")


@dataclass(frozen=True, slots=True)
class LayoutChoice:
    """How cues look; what is None comes from the preset."""

    preset: PresetChoice
    audience: str
    sdh: bool
    max_line_width: int | None
    max_line_count: int | None
    max_cps: float | None
    min_duration: float | None
    max_duration: float | None
    min_gap: int | None
    chain_gap: float | None
    linger: float | None
    shots: str

    @property
    def kind(self) -> str:
        """What the names of tracks say of their kind."""
        return "sdh" if self.sdh else ""

    def endings(self, formats: Iterable[str]) -> tuple[str, ...]:
        """What the names of tracks end with, after their language."""
        return tuple(f"{self.kind}.{form}" if self.sdh else form for form in formats)

    def config(self) -> "media_pb2.LayoutConfig":
        from polycue.api.v1 import media_pb2
        from polycue_client.requests import duration

        config = media_pb2.LayoutConfig(
            preset=self.preset.name,
            custom_preset=self.preset.text,
            audience=(
                media_pb2.AUDIENCE_CHILDREN
                if self.audience == "children"
                else media_pb2.AUDIENCE_UNSPECIFIED
            ),
            hearing_impaired=self.sdh,
            max_line_chars=self.max_line_width,
            max_line_count=self.max_line_count,
            max_chars_per_second=self.max_cps,
            min_gap_frames=self.min_gap,
            shots=(
                media_pb2.SHOT_MODE_UNSPECIFIED
                if self.shots == "auto"
                else media_pb2.ShotMode.Value(f"SHOT_MODE_{self.shots.upper()}")
            ),
        )
        for field, seconds in (
            (config.min_cue_duration, self.min_duration),
            (config.max_cue_duration, self.max_duration),
            (config.chain_gap, self.chain_gap),
            (config.linger, self.linger),
        ):
            if seconds is not None:
                field.CopyFrom(duration(seconds))
        return config


layout_options = packed(
    "layout",
    LayoutChoice,
    "Look of the cues",
    click.option(
        "--preset",
        default="",
        metavar="NAME|FILE",
        callback=_preset_choice,
        help="One of 'polycue presets', or your own .toml or .json; netflix unless given.",
    ),
    click.option(
        "--audience",
        type=click.Choice(["adult", "children"]),
        default="adult",
        help="Children read more slowly.",
    ),
    click.option(
        "--sdh",
        is_flag=True,
        help="For the deaf and hard of hearing: the preset's limits for them, files named .sdh. "
        "Sounds are not described.",
    ),
    click.option(
        "--max-line-width", type=click.IntRange(1, 200), metavar="N", help="Characters in a line."
    ),
    click.option(
        "--max-line-count", type=click.IntRange(1, 4), metavar="N", help="Lines in a cue."
    ),
    click.option(
        "--max-cps",
        type=click.FloatRange(0, min_open=True),
        metavar="N",
        help="Characters to read in a second.",
    ),
    click.option(
        "--min-duration", type=click.FloatRange(0), metavar="S", help="Shortest stay of a cue."
    ),
    click.option(
        "--max-duration", type=click.FloatRange(0), metavar="S", help="Longest stay of a cue."
    ),
    click.option(
        "--min-gap", type=click.IntRange(0, 24), metavar="N", help="Frames between two cues."
    ),
    click.option(
        "--chain-gap",
        type=click.FloatRange(0, 5),
        metavar="S",
        help="Gaps shorter than this are closed to --min-gap.",
    ),
    click.option(
        "--linger",
        type=click.FloatRange(0, 5),
        metavar="S",
        help="How long a cue may stay after its last word.",
    ),
    click.option(
        "--shots",
        type=click.Choice(SHOT_MODES),
        default="auto",
        help="Whether cues change with the cuts of the picture; 'auto' where the preset says so, "
        "and as far as looking for them delays nothing much.",
    ),
)


@dataclass(frozen=True, slots=True)
class OutputChoice:
    """Where results go and what is shown of them."""

    output_dir: str
    overwrite: bool
    as_json: bool
    print_captions: bool

    def __post_init__(self) -> None:
        if self.to_stdout + self.as_json + self.print_captions > 1:
            raise click.UsageError("-o -, --json and --print all write to stdout; choose one")

    @property
    def to_stdout(self) -> bool:
        return self.output_dir == STDOUT

    def refuse_folders(self, formats: Iterable[str]) -> None:
        """Return where the formats can go where they shall.

        Raises:
            click.UsageError: an HLS track, which is a folder, was to go to stdout.
        """
        if self.to_stdout and "hls" in formats:
            raise click.UsageError("-o - prints one file; hls makes a folder, so name one with -o")

    def placement(self, path: Path, stem: str) -> "Placement":
        from polycue_client.cli.outputs import Placement

        beside = self.output_dir in ("source", STDOUT)
        return Placement(path.parent if beside else Path(self.output_dir), stem)


output_options = packed(
    "output",
    OutputChoice,
    "Output",
    click.option(
        "--output-dir",
        "-o",
        default="source",
        metavar="DIR",
        help="Beside each file unless given; '-' prints a single track.",
    ),
    click.option("--overwrite", "-y", is_flag=True, help="Replace files that are there."),
    click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout."),
    click.option(
        "--print", "print_captions", is_flag=True, help="Show the captions, side by side."
    ),
)

report_option = click.option(
    "--report",
    "report_page",
    is_flag=True,
    help="Also a page on each track: the rules it breaks, reading speed, and its cues.",
)

formats_option = click.option(
    "--output-format",
    "-f",
    "formats",
    multiple=True,
    callback=comma_list_of(*FORMATS, everything="all"),
    metavar="FORMAT,...",
    help=f"One or several of {', '.join(FORMATS[:-1])} and {FORMATS[-1]}, or 'all'.",
)

_CANONICAL = re.compile(r"[a-z]{2}(-[A-Z]{2})?")  # of three letters many have two: eng is en


def is_canonical(language: str) -> bool:
    """Whether a server will write the language just so, and files can be named before."""
    return _CANONICAL.fullmatch(language) is not None
