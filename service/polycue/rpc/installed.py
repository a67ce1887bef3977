"""The models that are there: what the catalogue lists, and what a request needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from polycue.domain.request import Task


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A recogniser as the catalogue shows it. ``languages`` are BCP-47."""

    name: str
    languages: tuple[str, ...]
    loaded: bool
    default: bool
    translates: bool
    demo: bool


class Installed(Protocol):
    """Blocks; safe to use from several threads."""

    @property
    def device(self) -> str:
        """Where recognition runs: 'cpu' or 'cuda'."""
        ...

    def models(self) -> Sequence[ListedModel]:
        """All recognisers, in order of names."""
        ...

    def pairs(self) -> Sequence[tuple[str, ...]]:
        """All ways from one language to another, both ends and what lies between included."""
        ...

    def edition(self) -> str:
        """Differs where other models, or other revisions of them, are installed or the default."""
        ...

    def check(self, task: Task) -> None:
        """Return where the task's model and languages are installed, as far as can be told now.

        Raises:
            ModelMissing, LanguageNotSupported, PairNotInstalled: they are not.
        """
        ...
