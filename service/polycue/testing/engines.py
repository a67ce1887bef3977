"""Recognisers with backends of a test's own, or with real models in this process."""

from collections.abc import Callable, Sequence
from pathlib import Path

from polycue.engine.backends.backend import Backend
from polycue.engine.backends.threads import ThreadBackend
from polycue.engine.devices import Device
from polycue.engine.recogniser import Recogniser
from polycue.engine.recognisers import Recognisers
from polycue.engine.shelf import Shelf

ROOM_BYTES = 2**40
Open = Callable[[Path, str], Sequence[Backend]]


def recogniser_with(
    open_backends: Open,
    find: Callable[[str], Path] = Path,
    default: Callable[[], str] = lambda: "small",
    shelf: Shelf | None = None,
) -> Recogniser:
    """A recogniser whose models are opened so; they share the shelf, or have room for all."""
    return Recogniser(
        Recognisers(
            find,
            open_backends,
            default=default,
            shelf=shelf or Shelf(ROOM_BYTES),
            compute_type="int8",
        )
    )


def recogniser_in_threads(
    find: Callable[[str], Path], device: Device, default: Callable[[], str] = lambda: "demo-en"
) -> Recogniser:
    def opened(path: Path, name: str) -> list[Backend]:
        return [ThreadBackend.open(path, name, device)]

    return recogniser_with(opened, find, default)
