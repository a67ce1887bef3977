"""What is installed, asked of the model folder and of the engine."""

from collections.abc import Callable, Sequence

from polycue.domain import language as languages
from polycue.domain.errors import LanguageNotSupported, ModelDamaged, ModelMissing
from polycue.domain.request import MuxTask, SubtitleTask, SyncTask, Task, TranslateTask
from polycue.engine.shelf import Shelf
from polycue.engine.texts.translator import Translator
from polycue.models.kind import ModelKind
from polycue.models.store import InstalledModel, ModelStore
from polycue.rpc.installed import ListedModel
from polycue.speech.note import ModelNote


class InstalledModels:
    """The folder is looked at anew each time, so that what was pulled meanwhile is seen."""

    def __init__(
        self,
        store: ModelStore,
        shelf: Shelf,
        translator: Translator,
        *,
        default_model: Callable[[], str],
        device: str,
    ) -> None:
        self._store, self._shelf, self._translator = store, shelf, translator
        self._default_model, self._device = default_model, device

    @property
    def device(self) -> str:
        return self._device

    def models(self) -> Sequence[ListedModel]:
        default, loaded = self._default(), self._shelf.loaded
        return [
            ListedModel(
                name=model.name,
                languages=model.languages,
                loaded=model.path in loaded,
                default=model.name == default,
                translates=_translates(model),
                demo=model.demo,
            )
            for model in self._recognisers()
        ]

    def pairs(self) -> Sequence[tuple[str, ...]]:
        return self._translator.pairs()

    def edition(self) -> str:
        installed = [
            (model.kind.value, model.name, model.revision, model.size_bytes)
            for model in self._store.installed()
        ]
        return repr((self._default(), installed))

    def check(self, task: Task) -> None:
        match task:
            case SubtitleTask(transcript=None):
                self._check_speech(task)
            case SubtitleTask():
                pass  # the transcript says what is spoken, and its job fails at once
            case TranslateTask():
                for target in task.targets:
                    self._translator.route(task.language, target)
            case MuxTask() | SyncTask():
                pass  # without a model a sync goes by the speech

    def _check_speech(self, task: SubtitleTask) -> None:
        """Without loading the model; what only the model knows, the job itself finds out."""
        path = self._store.whisper_path(task.speech.model or self._default_model())
        model = next(model for model in self._recognisers() if model.path == path)
        spoken = task.speech.language or (model.languages[0] if len(model.languages) == 1 else "")
        known = {languages.whisper_code(tag) for tag in model.languages}
        if spoken and known and languages.whisper_code(spoken) not in known:
            raise LanguageNotSupported(model.name, spoken)
        written = "en" if task.speech.translates else spoken
        for target in task.targets:
            self._check_target(written, target)

    def _check_target(self, written: str, target: str) -> None:
        """Some way must lead to the target; the right one, where the source is known."""
        if written == target:
            return
        if written:
            self._translator.route(written, target)
        elif not any(route[-1] == target for route in self._translator.pairs()):
            self._translator.route("en", target)

    def _recognisers(self) -> list[InstalledModel]:
        return [model for model in self._store.installed() if model.kind is ModelKind.WHISPER]

    def _default(self) -> str:
        """The default recogniser, "" where none is installed."""
        try:
            return self._store.whisper_path(self._default_model()).name
        except ModelMissing:
            return ""


def _translates(model: InstalledModel) -> bool:
    """Whether it writes English from other languages; the loaded model itself has the last word."""
    try:
        note = ModelNote.beside(model.path, model.name)
    except ModelDamaged:
        return False
    return note.can_translate(model.name, multilingual=len(model.languages) > 1)
