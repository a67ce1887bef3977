"""What the pipeline asks of the engine and of who keeps its work.

The real ones and the fakes of ``testing`` both keep it.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Protocol

from polycue.domain.caller import NOBODY, Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, ModelFacts, Recognised
from polycue.domain.request import SpeechOptions
from polycue.domain.translation import Hypotheses, Search


class Recogniser(Protocol):
    def facts(self, model: str) -> ModelFacts:
        """Of the model, "" for the default one; loads it when it is not loaded yet."""
        ...

    def transcribe(
        self,
        chunks: Iterator[Chunk],
        options: SpeechOptions,
        *,
        cancel: CancelToken,
        after: Recognised | None = None,
        caller: Caller = NOBODY,
    ) -> Generator[Recognised, None, None]:
        """One result for each chunk, in order; pulls a bounded number of chunks ahead.

        It must be closed where it is not read to its end: it takes back what is under way.

        ``after``, which has a belief, is what an earlier call gave for the chunk before these: they
        get the results that it would have given them. ``caller`` is whom the work is for.
        """
        ...


class Translator(Protocol):
    def route(self, source: str, target: str) -> tuple[str, ...]:
        """The languages to go through, source and target included."""
        ...

    def routes(self, source: str, target: str) -> tuple[tuple[str, ...], ...]:
        """Every way there, the one of ``route`` first."""
        ...

    def fingerprint(self, route: tuple[str, ...]) -> str:
        """Of the models on the way: where it differs, translations may."""
        ...

    def translate(
        self, texts: Sequence[str], route: tuple[str, ...], search: Search, *, cancel: CancelToken
    ) -> list[Hypotheses]:
        """Translations of each text, best first; none where the models gave nothing."""
        ...


class Checkpoints(Protocol):
    """What one job keeps of its work, so that it goes on where it was interrupted.

    Used by the thread of the job alone. What is kept is opaque to whoever keeps it.
    """

    def begin(self, plan_hash: str) -> None:
        """Keep what is stored only if it was made under the same hash; called before all else."""
        ...

    def load(self, stage: str) -> Mapping[int, bytes]:
        """All that was saved of a stage, by any earlier run of the job."""
        ...

    def save(self, stage: str, index: int, data: bytes) -> None:
        """Keep one piece of work for good; of an index that is stored already the first one stays.

        Raises:
            LeaseLost: somebody else works on the job by now.
        """
        ...


class _NothingKept:
    """For work that is short, or that nobody comes back to."""

    def __repr__(self) -> str:
        return "NOTHING_KEPT"

    def begin(self, plan_hash: str) -> None:
        pass

    def load(self, stage: str) -> Mapping[int, bytes]:
        return {}

    def save(self, stage: str, index: int, data: bytes) -> None:
        pass


NOTHING_KEPT: Checkpoints = _NothingKept()
