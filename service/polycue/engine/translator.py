"""Texts along a route of translation models, in as few and as full batches as may be."""

import itertools
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from polycue.domain.cancel import CancelToken
from polycue.translation.argos import ArgosModel
from polycue.translation.packages import Package, Packages

_CALL_CHARS = 8192  # padded; about one of CTranslate2's batches, and what a cancel waits for
_MOST_LOADED = 6  # each takes 0.1 to 0.3 GB; the one unused for longest is let go


class Translator:
    """The installed packages as one translator, safe to share between threads.

    Models load when first needed, onto the device given here, and stay; ``threads`` 0 lets
    CTranslate2 choose.
    """

    def __init__(
        self,
        packages: Packages,
        *,
        device: str = "cpu",
        device_index: int = 0,
        compute_type: str = "auto",
        threads: int = 0,
    ) -> None:
        self._packages = packages
        self._device, self._device_index = device, device_index
        self._compute_type, self._threads = compute_type, threads
        self._loaded: OrderedDict[Package, ArgosModel] = OrderedDict()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Translator({self._packages!r} on {self._device}, {len(self._loaded)} loaded)"

    def route(self, source: str, target: str) -> tuple[str, ...]:
        """The languages to go through, both ends included.

        Raises:
            PairNotInstalled: the installed packages do not lead there.
        """
        return self._packages.route(source, target)

    def pairs(self) -> tuple[tuple[str, ...], ...]:
        """Every route there is, direct and by way of other languages."""
        return self._packages.pairs()

    def translate(
        self, texts: Sequence[str], route: tuple[str, ...], *, cancel: CancelToken
    ) -> list[str]:
        """One text for each given, "" where the model gave nothing.

        What has no letter or digit, such as "..." or a note of music, comes back as it is. A text
        that occurs twice is translated once, and a pivot translates all texts on one leg before the
        next begins.

        Raises:
            PairNotInstalled: a leg's package has gone since the route was found.
            ModelDamaged, DeviceUnavailable: a model does not load.
            TranslationFailed: a model gave up; nothing is translated.
        """
        translated = list(texts)
        for source, target in itertools.pairwise(route):
            cancel.check()
            model = self._model(self._packages.find(source, target))
            translated = self._leg(model, translated, cancel)
        return translated

    def close(self) -> None:
        """Let all models go; those at work end their call first."""
        with self._lock:
            self._loaded.clear()

    def _leg(self, model: ArgosModel, texts: Sequence[str], cancel: CancelToken) -> list[str]:
        found: dict[str, str] = {}
        for call in _calls({text for text in texts if any(map(str.isalnum, text))}):
            cancel.check()
            results = model.translate(call)
            found.update(zip(call, results, strict=True))
        return [found.get(text, text.strip()) for text in texts]

    def _model(self, package: Package) -> ArgosModel:
        with self._lock:
            model = self._loaded.get(package)
            if model is None:
                model = ArgosModel.load(
                    package,
                    device=self._device,
                    device_index=self._device_index,
                    compute_type=self._compute_type,
                    threads=self._threads,
                )
                self._loaded[package] = model
            self._loaded.move_to_end(package)
            while len(self._loaded) > _MOST_LOADED:
                self._loaded.popitem(last=False)
            return model


def _calls(texts: set[str]) -> Iterator[list[str]]:
    """Texts of like length together: what pads a batch, or runs on, costs the whole of it."""
    call: list[str] = []
    for text in sorted(texts, key=lambda t: (len(t), t)):
        if call and (len(call) + 1) * len(text) > _CALL_CHARS:
            yield call
            call = []
        call.append(text)
    if call:
        yield call
