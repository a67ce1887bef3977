"""The recognisers of a server by name: found, loaded when first needed, and batched for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from polycue.engine.backends.backend import Backend, Staff
from polycue.engine.batch_done import BatchDone, Queued
from polycue.engine.batching.batcher import Batcher
from polycue.engine.batching.credits import Credits
from polycue.engine.footprint import footprint
from polycue.engine.shelf import Shelf


class Recognisers:
    """Keeps them on a shelf, by folder: a model with several names is loaded once.

    ``find`` gives the folder of a model by name, ``default`` the name where a caller gives none;
    both may raise ModelMissing. ``open_backends`` loads it on each of the devices, which compute in
    ``compute_type``. ``note`` is told of each batch of any of them, and ``credits_`` bound what
    waits for all of them together. ``staffed`` hears who works with what was opened. Safe to
    use from any thread; ``close`` must be called.
    """

    def __init__(
        self,
        find: Callable[[str], Path],
        open_backends: Callable[[Path, str], Sequence[Backend]],
        *,
        default: Callable[[], str],
        shelf: Shelf,
        compute_type: str,
        note: Callable[[BatchDone], None] = lambda done: None,
        credits_: Credits | None = None,
        staffed: Callable[[Sequence[Backend], Staff], None] = lambda backends, staff: None,
    ) -> None:
        self._staffed = staffed
        self._note, self._credits = note, credits_ or Credits()
        self._find, self._open_backends, self._default = find, open_backends, default
        self._shelf, self._compute_type = shelf, compute_type

    def __repr__(self) -> str:
        return f"Recognisers({self._shelf!r})"

    @contextmanager
    def use(self, model: str) -> Iterator[Batcher]:
        """The batcher of a model, "" for the default one, kept as long as the block lasts.

        Raises:
            ModelMissing, ModelDamaged, ModelTooLarge, DeviceUnavailable: it cannot be loaded.
            NoRoomNow: models in use leave no room for it.
            Draining: the shelf is closed.
        """
        folder = self._find(self.named(model))
        with self._shelf.use(
            folder,
            size=lambda: footprint(folder, self._compute_type),
            load=lambda: self._batcher(folder),
        ) as batcher:
            yield batcher

    def named(self, model: str) -> str:
        """Its name; "" is the default one, which may be another in a moment.

        Raises:
            ModelMissing: there is no default.
        """
        return model or self._default()

    def _batcher(self, folder: Path) -> Batcher:
        backends = self._open_backends(folder, folder.name)
        batcher = Batcher(backends, note=self._note, credits_=self._credits)
        self._staffed(backends, batcher)
        return batcher

    def queues(self) -> list[Queued]:
        """What waits for each model in memory."""
        return [item.queue for item in self._shelf.items if isinstance(item, Batcher)]

    def close(self) -> None:
        """Fail what waits, let running batches end, and free all that is on the shelf."""
        self._shelf.close()
