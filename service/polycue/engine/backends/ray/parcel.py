"""What a server and an actor have to say to each other, as those between them pass it on."""

import pickle
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from polycue.engine.backends.processes.arena import ArenaView, Place

Array = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something pickled, its arrays beside it; nobody on the way need open it.

    Of an array that the receiver can see for himself only its place travels.
    """

    body: bytes
    arrays: tuple[Array | Place, ...] = ()

    @classmethod
    def of(cls, content: object) -> Self:
        arrays: list[pickle.PickleBuffer] = []
        body = pickle.dumps(content, protocol=5, buffer_callback=arrays.append)
        return cls(body, tuple(np.frombuffer(array.raw(), np.uint8) for array in arrays))

    def placed(self, arena: ArenaView) -> Self:
        """For who sees the arena, from one end of which ours came."""
        return replace(
            self,
            arrays=tuple(
                array if isinstance(array, Place) else arena.place(array) or array
                for array in self.arrays
            ),
        )

    def opened(self, arena: ArenaView | None = None) -> Any:
        arrays = [_found(array, arena) for array in self.arrays]
        return pickle.loads(self.body, buffers=arrays)  # noqa: S301 - our own program wrote it


def _found(array: Array | Place, arena: ArenaView | None) -> Array | memoryview:
    if not isinstance(array, Place):
        return array
    if arena is None:
        raise LookupError("it is in an arena, which is not here")
    return arena.array(array)
