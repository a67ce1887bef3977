"""Models as a node of the cluster has them: in its own folder, checked there, on its own device."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from polycue.domain.errors import ModelDamaged, ModelMissing
from polycue.domain.translation import Hypotheses, Search
from polycue.engine.backends.backend import Backend
from polycue.engine.backends.ray.asked import Hello
from polycue.engine.backends.supervised.models import DeviceModels
from polycue.engine.backends.supervised.work import Choose, LoadsTexts, ModelSpec
from polycue.engine.backends.threads import ThreadBackend
from polycue.engine.devices import Device
from polycue.models.checked import CheckedModels
from polycue.models.store import ModelStore
from polycue.translation.packages import Package


class NodeModels:
    """``Models`` that a server asks for by the folders it has them in itself.

    ``here`` is this node's folder of models; one that is not in it may be where the server has it,
    on a file system that both share.
    """

    def __init__(self, hello: Hello, *, here: Path, node: str) -> None:
        self._root, self._here, self._node = hello.root, here, node
        self._checked = {
            root: CheckedModels(ModelStore(root), recorded_only=hello.recorded_only)
            for root in (here, hello.root)
        }
        self._models = DeviceModels(self._opened, check=self._check)
        self._device: Device | None = None

    def __repr__(self) -> str:
        return f"NodeModels({self._here}, {self._device})"

    def choose(self, wish: Choose) -> Device:
        """Find the device; what is loaded from now on is loaded on it."""
        self._device = wish.do(self._models)
        return self._device

    def recogniser(self, spec: ModelSpec) -> Backend:
        return self._models.recogniser(spec)

    def forget(self, spec: ModelSpec) -> None:
        self._models.forget(spec)

    def texts(self, device: Device) -> LoadsTexts:
        return _NodeTexts(self._models.texts(self._own(device)), self)

    def located(self, folder: Path) -> Path:
        """Where this node has what the server has in ``folder``.

        Raises:
            ModelMissing: it has it nowhere; the error says which node.
        """
        places = [folder]
        if folder.is_relative_to(self._root):
            places.insert(0, self._here / folder.relative_to(self._root))
        for place in places:
            if place.is_dir():
                return place
        tried = " or ".join(map(str, dict.fromkeys(places)))
        raise ModelMissing(
            folder.name,
            f"polycue models import, on the Ray node {self._node}, which has nothing in {tried}",
        )

    def _own(self, device: Device) -> Device:
        """As the server wishes it to be, but for where it is."""
        if self._device is None:
            return device
        return replace(self._device, compute_type=device.compute_type, rows=device.rows)

    def _opened(self, spec: ModelSpec) -> ThreadBackend:
        folder = self.located(spec.path)
        self._check(folder)
        device = self._own(spec.device)
        return ThreadBackend.open(folder, spec.name, replace(device, rows=spec.rows or device.rows))

    def _check(self, folder: Path) -> None:
        root = self._here if folder.is_relative_to(self._here) else self._root
        try:
            self._checked[root].check(folder)
        except ModelDamaged as error:
            raise ModelDamaged(
                error.model, f"on the Ray node {self._node}: {error.problem}"
            ) from error


@dataclass(frozen=True, slots=True)
class ChooseOnNode:
    """Find the device of an actor, and load on it from then on."""

    wish: Choose

    @property
    def device(self) -> str:
        return self.wish.device

    def do(self, models: NodeModels) -> Device:
        return models.choose(self.wish)


@dataclass(frozen=True, slots=True)
class _NodeTexts:
    """Translators by the server's folders."""

    texts: LoadsTexts
    models: NodeModels

    def load(self, package: Package) -> None:
        self.texts.load(self._here(package))

    def forget(self, package: Package) -> None:
        self.texts.forget(self._here(package))

    def measure(self, package: Package, texts: Sequence[str]) -> list[int]:
        return self.texts.measure(self._here(package), texts)

    def translate(self, package: Package, texts: Sequence[str], search: Search) -> list[Hypotheses]:
        return self.texts.translate(self._here(package), texts, search)

    def _here(self, package: Package) -> Package:
        return replace(package, path=self.models.located(package.path))
