"""The seam to what runs a model: a batch in, results out."""

from collections.abc import Sequence
from typing import Protocol

from polycue.domain.chunk import ModelFacts, Recognised
from polycue.speech.passage import Passage


class Backend(Protocol):
    """One loaded model, in this process, a child of it or on another node."""

    @property
    def facts(self) -> ModelFacts: ...

    @property
    def workers(self) -> int:
        """How many batches it runs side by side; ``run`` is called by as many threads."""
        ...

    @property
    def max_rows(self) -> int:
        """How many chunks a batch has at most."""
        ...

    def run(self, batch: Sequence[Passage]) -> list[tuple[Recognised, ...]]:
        """Recognise passages with equal keys; blocks until all are done.

        Raises:
            PolycueError: no passage of the batch is recognised.
        """
        ...

    def close(self) -> None:
        """Free the model. ``run`` is not called any more."""
        ...
