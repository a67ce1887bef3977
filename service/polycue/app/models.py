"""The models that are installed here, and what runs them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from polycue.app.host import open_shelf
from polycue.app.installed import InstalledModels
from polycue.config import Settings
from polycue.engine import counting
from polycue.engine.backends.backend import Backend, Host
from polycue.engine.batch_done import BatchDone
from polycue.engine.batching.credits import Credits, in_all_of
from polycue.engine.devices import auto_model
from polycue.engine.memory import memory_of
from polycue.engine.recogniser import Recogniser
from polycue.engine.recognisers import Recognisers
from polycue.engine.shelved_texts import ShelvedTexts
from polycue.engine.texts.memory import TextMemory
from polycue.engine.texts.translator import Translator
from polycue.models.checked import CheckedModels
from polycue.models.kind import ModelKind
from polycue.models.store import ModelStore
from polycue.translation.packages import Packages

AUTO = "auto"


class ServedModels:
    """The store of models, the host that runs them and its room for them, by the settings.

    Who opened it closes the recogniser and the translator that he had of it, then ``host``.
    """

    def __init__(self, settings: Settings, opens: Callable[..., Host]) -> None:
        """Look for the devices with ``opens``, which is ``open_host``; no model is loaded.

        Raises:
            DeviceUnavailable: the device asked for cannot be used.
            ModelMissing: the recogniser that was named is not installed.
        """
        self._settings = settings
        self.store = ModelStore(settings.models_dir)
        self.checked = CheckedModels(self.store, recorded_only=settings.recorded_models_only)
        if settings.model != AUTO:
            self.store.whisper_path(settings.model)
        self.host = opens(settings, check=self.checked.check)
        self.shelf = open_shelf(settings, self.host)

    def __repr__(self) -> str:
        return f"ServedModels({self.store!r})"

    def default(self) -> str:
        """The recogniser for who names none."""
        if self._settings.model != AUTO:
            return self._settings.model
        models = (model for model in self.store.installed() if model.kind is ModelKind.WHISPER)
        return auto_model(self.host.device, [model.name for model in models])

    def recogniser(self, *, note: Callable[[BatchDone], None]) -> Recogniser:
        """Speech to words, with a recogniser opened when it is first needed."""
        recognisers = Recognisers(
            self.store.whisper_path,
            self._open_checked,
            default=self.default,
            shelf=self.shelf,
            compute_type=self.host.device.compute_type,
            note=note,
            credits_=Credits(in_all_of(memory_of("cpu", 0))),
            staffed=self.host.staffed,
        )
        counting.show_queues(recognisers.queues)
        return Recogniser(recognisers)

    def translator(self) -> Translator:
        memory = TextMemory(self._settings.translation_memory_bytes)
        texts = ShelvedTexts(
            self.host.texts, self.shelf, self._settings.compute_type, gone=memory.drop
        )
        return Translator(Packages(self.store.argos_root), texts, memory)

    def installed(self, translator: Translator) -> InstalledModels:
        return InstalledModels(
            self.store,
            self.shelf,
            translator,
            default_model=self.default,
            device=self.host.device.kind,
        )

    def _open_checked(self, path: Path, name: str) -> Sequence[Backend]:
        self.checked.check(path)
        return self.host.open_recogniser(path, name)
