"""A catalogue that lists what it was told to list."""

from collections.abc import Sequence

from polycue.domain.errors import ModelMissing, PairNotInstalled
from polycue.domain.request import MuxTask, SubtitleTask, SyncTask, Task
from polycue.rpc.installed import ListedModel

_MODEL = ListedModel(
    name="fake", languages=("en", "es"), loaded=True, default=True, translates=False, demo=True
)


class FakeInstalled:
    """``pairs`` are whole routes: ("es", "en", "de") goes through English."""

    device = "cpu"

    def __init__(
        self,
        models: Sequence[ListedModel] = (_MODEL,),
        pairs: Sequence[tuple[str, ...]] = (("en", "es"), ("en", "de"), ("es", "en", "de")),
    ) -> None:
        self._models, self._pairs = tuple(models), tuple(pairs)

    def models(self) -> Sequence[ListedModel]:
        return self._models

    def pairs(self) -> Sequence[tuple[str, ...]]:
        return self._pairs

    def edition(self) -> str:
        return repr((self._models, self._pairs))

    def check(self, task: Task) -> None:
        if isinstance(task, MuxTask | SyncTask):
            return
        source = "en"
        if isinstance(task, SubtitleTask):
            name = task.speech.model
            if name and name not in {model.name for model in self._models}:
                raise ModelMissing(name, f"polycue models pull {name}")
            source = task.speech.language or source
        for target in task.targets:
            if (source, target) not in {(route[0], route[-1]) for route in self._pairs}:
                raise PairNotInstalled(source, target, f"polycue models pull {source}:{target}")
