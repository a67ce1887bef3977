"""A recogniser in a supervised child, as a ``Backend``."""

import threading
from collections.abc import Sequence

from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.errors import EngineDied, PoisonChunk
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import Load, Loaded, Recognise
from polycue.speech.passage import Passage

# What work takes on a slow device, for as long as nothing is known of this one: as long as the
# sound, and at least a third of the window that Whisper is always given.
_LEAST_SOUND_S = 10.0


class SupervisedBackend:
    """A recogniser in the child, which runs as many batches at a time as it has workers.

    Those of a device that is out of order come to it as well. What is too much waits here, where no
    deadline runs, and not in the queue of CTranslate2.
    """

    def __init__(self, supervisor: Supervisor, load: Load, loaded: Loaded) -> None:
        self.supervisor, self._load = supervisor, load.sized(loaded.max_rows)
        supervisor.want(self._load)  # a child that takes its place has it sooner
        self.facts: ModelFacts = loaded.facts
        self.device = load.spec.device.label
        self.max_rows = loaded.max_rows
        self.workers = loaded.workers
        self._places = threading.BoundedSemaphore(loaded.workers)

    def __repr__(self) -> str:
        return f"SupervisedBackend({self.facts.name} in {self.supervisor})"

    @property
    def up(self) -> bool:
        return self.supervisor.has(self._load)

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        return self._run(batch, alone=False)

    def run_alone(self, passage: Passage) -> Recognised:
        try:
            (found,) = self._run([passage], alone=True)
        except EngineDied as error:
            raise PoisonChunk(self.facts.name, passage.start_ms, error.cause) from error
        return found

    def close(self) -> None:
        self.supervisor.forget(self._load)

    def _run(self, batch: Sequence[Passage], *, alone: bool) -> list[Recognised]:
        with self._places:
            return self.supervisor.run(
                Recognise(self._load.spec, tuple(batch)),
                needs=self._load,
                kind=self.facts.name,
                amount=sum(max(one.duration_ms / 1000, _LEAST_SOUND_S) for one in batch),
                alone=alone,
            )
