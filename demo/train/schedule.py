"""How far a training has come: the learning rate, and checkpoints that survive a kill."""

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Budget:
    """A training ends after ``steps``, or after ``minutes`` of work where that is sooner.

    Without ``minutes`` a run depends on nothing but its seeds. With them the same schedule is run
    through in the time there is, which is what a shared machine needs.
    """

    steps: int
    minutes: float | None = None

    def spent(self, step: int, elapsed_s: float) -> float:
        """0 at the start, 1 or more at the end."""
        by_time = elapsed_s / (self.minutes * 60) if self.minutes else 0.0
        return max(step / self.steps, by_time)


@dataclass(frozen=True, slots=True)
class LearningRate:
    """A short linear rise, then a cosine down to ``last_share`` of the peak."""

    peak: float
    warmup_steps: int
    last_share: float = 0.02

    def at(self, step: int, spent: float) -> float:
        rise = min(1.0, (step + 1) / self.warmup_steps)
        fall = 0.5 * (1 + math.cos(math.pi * min(1.0, spent)))
        return self.peak * rise * (self.last_share + (1 - self.last_share) * fall)


class Stopwatch:
    """Seconds of work done, those of earlier runs included."""

    def __init__(self, earlier_s: float) -> None:
        self._started = time.monotonic() - earlier_s

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._started


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write all or nothing: a run killed here leaves the checkpoint before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def load_checkpoint(path: Path, device: torch.device) -> dict[str, Any] | None:
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    return state


def fast_precision(device: torch.device) -> torch.autocast:
    """Autocast to bfloat16 where the hardware multiplies it; elsewhere it does nothing.

    A CPU without the instructions emulates them: 6 s a step of the recogniser against 0.6 s.
    """
    multiplies = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=multiplies)


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
