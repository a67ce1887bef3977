"""What the pipeline asks of the engine; the real ones and the fakes of ``testing`` both keep it."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, ModelFacts, Recognised
from polycue.domain.request import SpeechOptions
from polycue.domain.translation import Hypotheses, Search


class Recogniser(Protocol):
    def facts(self, model: str) -> ModelFacts:
        """Of the model, "" for the default one; loads it when it is not loaded yet."""
        ...

    def transcribe(
        self, chunks: Iterator[Chunk], options: SpeechOptions, *, cancel: CancelToken
    ) -> Iterator[Recognised]:
        """One result for each chunk, in order; pulls a bounded number of chunks ahead."""
        ...


class Translator(Protocol):
    def route(self, source: str, target: str) -> tuple[str, ...]:
        """The languages to go through, source and target included."""
        ...

    def routes(self, source: str, target: str) -> tuple[tuple[str, ...], ...]:
        """Every way there, the one of ``route`` first."""
        ...

    def translate(
        self, texts: Sequence[str], route: tuple[str, ...], search: Search, *, cancel: CancelToken
    ) -> list[Hypotheses]:
        """Translations of each text, best first; none where the models gave nothing."""
        ...
