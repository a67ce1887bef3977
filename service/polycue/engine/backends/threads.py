"""Models in this process, run by the batcher's own threads."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from polycue.domain.chunk import ModelFacts, Recognised
from polycue.engine.devices import Device
from polycue.speech.passage import Passage
from polycue.speech.whisper import Whisper

# A batch ends with its longest row, and is what a cancelled caller's neighbours wait for. On a CPU
# 4 rows took 0.6 to 0.8 of the time of one, each, and 8 no less (tiny and base, beam 5, 60 tokens).
# 16 keep a GPU busy and take about 11 GB with large-v3 (reference: 3.5 + 0.45 GB a row).
_MAX_ROWS = {"cpu": 4, "cuda": 16}


class ThreadBackend:
    """One model, one batch at a time: CTranslate2 would only queue a second."""

    workers = 1

    def __init__(self, whisper: Whisper, max_rows: int) -> None:
        self._whisper = whisper
        self.max_rows = max_rows

    def __repr__(self) -> str:
        return f"ThreadBackend({self._whisper})"

    @classmethod
    def open(cls, path: Path, model: str, device: Device) -> Self:
        """Load the model in the folder ``path``.

        Raises:
            ModelDamaged: a file is missing or not what it should be.
            DeviceUnavailable: the device cannot hold the model.
        """
        whisper = Whisper.load(
            path,
            model,
            device=device.kind,
            device_index=device.index,
            compute_type=device.compute_type,
            threads=device.threads,
        )
        return cls(whisper, _MAX_ROWS[device.kind])

    @property
    def facts(self) -> ModelFacts:
        return self._whisper.facts

    def run(self, batch: Sequence[Passage]) -> list[tuple[Recognised, ...]]:
        return self._whisper.recognise(batch)

    def close(self) -> None:
        self._whisper.close()
