"""Translation models that share the memory of all models."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from polycue.domain.translation import Hypotheses, Search
from polycue.engine.backends.backend import TextModels
from polycue.engine.footprint import footprint
from polycue.engine.shelf import Shelf
from polycue.translation.packages import Package


class ShelvedTexts:
    """A ``TextBackend`` whose models are let go as the shelf needs their room.

    They are computed in ``compute_type``. ``gone`` is told of each that was let go. ``close``
    closes ``models``, the shelf is another's.
    """

    def __init__(
        self,
        models: TextModels,
        shelf: Shelf,
        compute_type: str,
        *,
        gone: Callable[[Package], None] = lambda package: None,
    ) -> None:
        self._models, self._shelf, self._compute_type = models, shelf, compute_type
        self._gone = gone

    def __repr__(self) -> str:
        return f"ShelvedTexts({self._models!r})"

    @property
    def workers(self) -> int:
        return self._models.workers

    @property
    def call_tokens(self) -> int:
        return self._models.call_tokens

    def measure(self, package: Package, texts: Sequence[str]) -> list[int]:
        with self._used(package):
            return self._models.measure(package, texts)

    def translate_alone(self, package: Package, text: str, search: Search) -> Hypotheses:
        with self._used(package):
            return self._models.translate_alone(package, text, search)

    def translate(self, package: Package, texts: Sequence[str], search: Search) -> list[Hypotheses]:
        with self._used(package):
            return self._models.translate(package, texts, search)

    def close(self) -> None:
        self._models.close()

    @contextmanager
    def _used(self, package: Package) -> Iterator[None]:
        def load() -> _Loaded:
            self._models.load(package)
            return _Loaded(self._models, package, self._gone)

        with self._shelf.use(
            package.path, size=lambda: footprint(package.path, self._compute_type), load=load
        ):
            yield


@dataclass(frozen=True, slots=True)
class _Loaded:
    """One of them, as the shelf has it."""

    models: TextModels
    package: Package
    gone: Callable[[Package], None]

    def close(self) -> None:
        self.models.forget(self.package)
        self.gone(self.package)
