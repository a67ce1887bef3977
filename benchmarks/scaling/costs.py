"""What everything takes: figures that were measured on a CPU, and of GPUs others' figures."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scaling.load import CHUNK_MS

TOKENS_A_SECOND = 4  # as the scheduler expects of speech (engine.batching.slots)
LONGEST = CHUNK_MS * TOKENS_A_SECOND // 1000  # of a mixed batch, as those of published figures are


@dataclass(frozen=True, slots=True)
class Device:
    """A device with a model on it: a batch takes ``fixed_s``, and more for each row and each step.

    Steps are as many as its longest row has tokens. ``source`` says whose figures these are.
    """

    name: str
    rows: int
    fixed_s: float
    row_s: float
    step_s: float
    source: str

    def batch_s(self, tokens: Sequence[int]) -> float:
        """For one batch, whose rows have so many tokens."""
        return self.fixed_s + self.row_s * len(tokens) + self.step_s * max(tokens)

    @property
    def times_real_time(self) -> float:
        """With full batches, the longest row of which is spoken in all the time."""
        return self.rows * CHUNK_MS / 1000 / self.batch_s([LONGEST] * self.rows)


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of one core, of the interpreter's lock or of the store; bytes. See docs/scaling.md.

    ``python`` costs are those that threads of one process cannot do side by side.
    """

    sound_core_s: float  # for a second of sound: ffmpeg, detection, cut
    features_core_s: float  # for a chunk
    film_start_s: float  # before a film's first sound is there
    row_python_s: float  # queue, batch and wire, for a row
    chunk_python_s: float  # flow, hearing and packing, for a chunk
    layout_python_s: float  # cues, for a chunk, when all are there
    hand_over_s: float  # for a batch, beside the device's time: to a child, or by Ray
    commit_s: float  # a chunk's, durable
    commits_at_once: int  # that one store does side by side
    claim_s: float  # a job's; one at a time on any store
    row_bytes: int  # of a row's features, or of its sound
    link_bytes_a_second: float  # out of a driver
    doubtful_share: float = 0.05  # of all chunks: heard once more
    token_spread: float = 0.15  # deviation of the logarithm of a row's tokens around the expected


@dataclass(frozen=True, slots=True)
class Design:
    """``replicas`` of the server with ``gpus`` each, ``cores`` and ``jobs`` at work at most.

    ``credits_bytes`` is how much may wait or run in each; ``remote`` says that rows go over a link.
    """

    name: str
    replicas: int
    gpus: int
    cores: int
    jobs: int
    credits_bytes: int
    remote: bool = False

    @property
    def all_gpus(self) -> int:
        return self.replicas * self.gpus


def like_published(name: str, times_real_time: float, rows: int, source: str) -> Device:
    """A device that is so fast with full batches; three tenths of its time are the encoder's.

    That share is an assumption. It decides what a batch that is not full costs.
    """
    batch_s = rows * CHUNK_MS / 1000 / times_real_time
    row_s, step_s = 0.3 * batch_s / rows, 0.7 * batch_s / LONGEST
    device = Device(name, rows, 0.0, row_s, step_s, source)
    assert math.isclose(device.times_real_time, times_real_time)  # noqa: S101
    return device
