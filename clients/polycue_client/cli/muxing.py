"""Options about copies of a film with its subtitles in them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from polycue_client.cli.parsing import OptionalValue, comma_list_of, packed

if TYPE_CHECKING:
    from polycue.api.v1 import jobs_pb2

OWN = "own"  # the input's own container
CONTAINERS = ("mkv", "mp4", "mov", "webm")
# fmt: off
_CONTAINER_OF = {
    "m4a": "mp4", "m4b": "mp4", "m4v": "mp4", "3gp": "mp4", "3g2": "mp4", "f4v": "mp4",
    "mka": "mkv", "mk3d": "mkv", "qt": "mov",
}
# fmt: on


@dataclass(frozen=True, slots=True)
class MuxChoice:
    """Which muxed copies are wanted; ``burn`` is the language drawn into the picture."""

    mux: tuple[str, ...]
    burn: str

    @property
    def containers(self) -> tuple[str, ...]:
        return self.mux or ((OWN,) if self.burn else ())

    def configs(self) -> "list[jobs_pb2.MuxConfig]":
        from polycue_client.requests import mux_configs

        names = ["" if name == OWN else name for name in self.containers]
        return mux_configs(names, burn_in=self.burn)

    def suffixes(self, film: Path) -> list[str]:
        """What the copies' names end with, as far as the film's own name tells its container."""
        own = film.suffix.removeprefix(".").lower()
        own = _CONTAINER_OF.get(own, own)
        return [own if name == OWN else name for name in self.containers]


def _names_containers(word: str) -> bool:
    return all(part.lower() in (*CONTAINERS, OWN) for part in word.split(","))


mux_options = packed(
    "mux",
    MuxChoice,
    "Output",
    click.option(
        "--mux",
        "--embed",
        "--embed-subs",
        cls=OptionalValue,
        bare=OWN,
        takes=_names_containers,
        multiple=True,
        callback=comma_list_of(*CONTAINERS, OWN),
        metavar="[mkv,mp4,mov,webm]",
        help="Also a copy of the film with the subtitles in; alone, in its own container.",
    ),
    click.option(
        "--burn", default="", metavar="LANG", help="Draw this language into the copy's picture."
    ),
)
