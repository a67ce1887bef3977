"""The translation models of a supervised child."""

from collections.abc import Sequence
from dataclasses import replace

from polycue.domain.errors import EngineDied
from polycue.domain.translation import Hypotheses, Search
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import LoadTexts, Measure, Translate
from polycue.engine.devices import call_tokens
from polycue.translation.packages import Package

# What work takes on a slow device, for as long as nothing is known of this one: a second for two
# lines.
_CHARS_A_SECOND = 100


class SupervisedTexts:
    """The translation models in the child."""

    def __init__(self, supervisor: Supervisor, compute_type: str) -> None:
        """A translator is small, so that it computes in a type of its own."""
        self._supervisor = supervisor
        self._device = replace(supervisor.device, compute_type=compute_type)

    def __repr__(self) -> str:
        return f"SupervisedTexts({self._supervisor})"

    @property
    def workers(self) -> int:
        return self._device.workers

    @property
    def call_tokens(self) -> int:
        return call_tokens(self._device)

    def measure(self, package: Package, texts: Sequence[str]) -> list[int]:
        try:
            return self._measure(package, texts, alone=False)
        except EngineDied:  # another's fault most likely
            return self._measure(package, texts, alone=True)

    @property
    def up(self) -> bool:
        return self._supervisor.has()

    def translate(self, package: Package, texts: Sequence[str], search: Search) -> list[Hypotheses]:
        return self._translate(package, texts, search, alone=False)

    def translate_alone(self, package: Package, text: str, search: Search) -> Hypotheses:
        try:
            (found,) = self._translate(package, [text], search, alone=True)
        except EngineDied as error:
            work = f"a translation from {package.source} to {package.target}"
            raise EngineDied(work, error.cause) from error
        return found

    def load(self, package: Package) -> None:
        self._supervisor.load(LoadTexts(package, self._device), again=False)

    def forget(self, package: Package) -> None:
        self._supervisor.forget(LoadTexts(package, self._device))

    def close(self) -> None:
        """They go with the child."""

    def _measure(self, package: Package, texts: Sequence[str], *, alone: bool) -> list[int]:
        return self._supervisor.run(
            Measure(package, self._device, tuple(texts)),
            needs=LoadTexts(package, self._device),
            kind="lengths",
            amount=1 + sum(map(len, texts)) / _CHARS_A_SECOND,
            alone=alone,
        )

    def _translate(
        self, package: Package, texts: Sequence[str], search: Search, *, alone: bool
    ) -> list[Hypotheses]:
        return self._supervisor.run(
            Translate(package, self._device, tuple(texts), search),
            needs=LoadTexts(package, self._device),
            kind="texts",
            amount=1 + sum(map(len, texts)) / _CHARS_A_SECOND,
            alone=alone,
        )
