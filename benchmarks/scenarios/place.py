"""Where a benchmark runs, and the models and sounds that it has made."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import machine
import models
import scripted
from models import GEOMETRIES, Script, rising, write_whisper
from scenarios import sound

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = REPOSITORY / ".polycue" / "benchmarks"
CHUNK = Script(tokens=60, token_ms=470)  # 28 s of words: faster-whisper goes on behind the last one
CLIP = Script(tokens=10, token_ms=560)  # longer than 5 s: no second window is begun behind them
CLIP_10S, MORE_OF_A_CHUNK = 20, 40  # words: together those of ``CHUNK``


@dataclass(frozen=True)
class Place:
    """A device and its kind of numbers, the same for all sides."""

    device: str = "cpu"
    compute_type: str = "int8"

    def of_peer(self) -> dict[str, Any]:
        return {"device": self.device, "compute_type": self.compute_type}

    def flags(self) -> list[str]:
        return [f"--device={self.device}", f"--compute-type={self.compute_type}"]

    def described(self) -> dict[str, Any]:
        """What a result must name to mean anything."""
        return {
            "device": self.device,
            "compute_type": self.compute_type,
            **machine.described(self.device),
        }


class Workshop:
    """Models and sounds, made at their first use and kept between runs."""

    def __init__(self, place: Place, folder: Path = CACHE) -> None:
        self.place = place
        made_by = [Path(str(module.__file__)) for module in (models, scripted, sound)]
        code = hashlib.sha256(b"".join(path.read_bytes() for path in made_by)).hexdigest()[:12]
        self.folder = folder / code
        self.sounds = self.folder / "sounds"
        self.models = self.folder / "models"

    def model(self, geometry: str, script: Script = CHUNK) -> Path:
        """Folder of a model in the layout of polycue's store; its name is the folder's."""
        quantization = self.place.compute_type.partition("_")[0]
        levels = f"-{len(script.levels) + 1}-levels" if script.levels else ""
        name = f"{geometry}-{script.tokens}{levels}-{quantization}"
        folder = self.models / "whisper" / name
        if not folder.exists():
            staged = folder.with_name(f".{name}.{os.getpid()}")
            staged.parent.mkdir(parents=True, exist_ok=True)
            write_whisper(staged, GEOMETRIES[geometry], quantization=quantization, script=script)
            staged.rename(folder)
        return folder

    def clock(self, geometry: str) -> Path:
        """A model that writes 40, 70 or 100 words a window, more the louder it is."""
        thresholds = rising(sound.levels(GEOMETRIES[geometry].mels))
        return self.model(geometry, Script(40, token_ms=270, levels=thresholds, more=30))

    def clip_or_chunk(self, geometry: str) -> Path:
        """A model that writes 20 words for a clip of 10 s and 60 for a window of a film."""
        thresholds = rising(sound.levels_of_clip_and_block(GEOMETRIES[geometry].mels))
        script = Script(CLIP_10S, token_ms=470, levels=thresholds, more=MORE_OF_A_CHUNK)
        return self.model(geometry, script)

    def uneven_films(self, count: int, blocks_each: int) -> list[Path]:
        return sound.uneven_films(self.sounds, count, blocks_each)

    def films(self, count: int, blocks_each: int) -> list[Path]:
        return sound.films(self.sounds, count, blocks_each)

    def clips(self, count: int, length_s: float) -> Sequence[Path]:
        return sound.clips(self.sounds, count, length_s)

    def long_film(self, hours: float) -> Path:
        return sound.long_film(self.sounds, hours)
