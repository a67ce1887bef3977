"""Options about the server that does the work, or how one is started for it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
from click.core import ParameterSource

from polycue_client.cli.parsing import Function, packed


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
