"""Train the recogniser, from its last checkpoint where there is one.

On a CPU two processes with one thread each average their gradients: a quarter faster than one
process with two threads (310 against 250 seconds of sound a second on two cores).
"""

import os
import random
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from demo.train.schedule import (
    Budget,
    LearningRate,
    Stopwatch,
    device,
    fast_precision,
    load_checkpoint,
    save_checkpoint,
)
from demo.train.speech import corpus, losses, tokens
from demo.train.speech.corpus import Corpus
from demo.train.speech.features import LogMel
from demo.train.speech.losses import Batch, Losses
from demo.train.speech.model import Shape, Whisper
from demo.train.speech.noise import Noise
from demo.train.speech.tokens import Rows
from demo.train.speech.windows import EVALUATION, Mixture
from torch import Tensor, distributed, multiprocessing

STEPS = 10_000  # about an hour on two idle cores with bfloat16, over two on older ones
_LEARNING_RATE = LearningRate(peak=2e-3, warmup_steps=200)
# Windows a step, of all processes together: many small steps first, steadier ones to finish.
_WINDOWS, _LAST_WINDOWS = 8, 12
_LAST_FROM = 0.6  # of the budget
_PROGRESS_EVERY_STEPS = 50
_CHECKPOINT_EVERY_S = 120


@dataclass(frozen=True, slots=True)
class Job:
    folder: Path  # checkpoints
    training: tuple[Path, ...]  # shards
    held_out: tuple[Path, ...]
    budget: Budget


def fit(job: Job) -> None:
    """Train to the end of the budget; the last checkpoint holds the result."""
    # One core, one process. A GPU is busy with one process that draws its windows.
    processes = 1 if torch.cuda.is_available() else min(2, os.cpu_count() or 1)
    # glibc otherwise gives every large tensor back to the system and asks for it again.
    os.environ |= {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000"}
    job.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        meeting_place = Path(folder, "meet")
        multiprocessing.spawn(_run, (processes, meeting_place, job), nprocs=processes)


def load(folder: Path, rows: Rows) -> Whisper:
    """The model of the last checkpoint, on the CPU."""
    state = load_checkpoint(folder / "checkpoint.pt", torch.device("cpu"))
    if state is None:
        raise FileNotFoundError(folder / "checkpoint.pt")
    model = Whisper(Shape(), rows, len(state["phoneme_names"]))
    model.load_state_dict(state["model"])
    return model.eval()


def _run(rank: int, processes: int, meeting_place: Path, job: Job) -> None:
    torch.set_num_threads(1 if processes > 1 else os.cpu_count() or 1)
    if processes > 1:
        distributed.init_process_group(
            "gloo", init_method=f"file://{meeting_place}", rank=rank, world_size=processes
        )
    _Training(rank, processes, job).run()


class _Training:
    def __init__(self, rank: int, processes: int, job: Job) -> None:
        self.rank, self.processes, self.job = rank, processes, job
        self.device = device()
        tokenizer = tokens.load()
        self.rows = tokens.rows(tokenizer)
        self.corpus = corpus.load(job.training, tokenizer)
        held_out = corpus.load(job.held_out, tokenizer, self.corpus.phoneme_names)
        self.noise = Noise()
        self.log_mel = LogMel(self.device)
        torch.manual_seed(0)
        classes = len(self.corpus.phoneme_names)
        self.model = Whisper(Shape(), self.rows, classes).to(self.device)
        self.optimiser = self._optimiser()
        self.step, elapsed_s = self._restore()
        self.held_out = self._held_out_batches(held_out)
        self.stopwatch = Stopwatch(elapsed_s)

    def run(self) -> None:
        checkpoint_at = time.monotonic() + _CHECKPOINT_EVERY_S
        elapsed_s = self.stopwatch.elapsed_s
        recent: list[Tensor] = []
        self.model.train()
        while (spent := self.job.budget.spent(self.step, elapsed_s)) < 1:
            losses_now, elapsed_s = self._learn(spent)
            if self.rank:
                continue
            recent.append(torch.stack(losses_now).detach())
            if self.step % _PROGRESS_EVERY_STEPS == 0:
                self._report(Losses(*torch.stack(recent).mean(0)), spent, elapsed_s)
                recent.clear()
            if time.monotonic() > checkpoint_at:
                self._save()
                checkpoint_at = time.monotonic() + _CHECKPOINT_EVERY_S
        if self.rank == 0:
            self._save()

    def _learn(self, spent: float) -> tuple[Losses, float]:
        """One step. The time comes back as the first process sees it, so that all stop at once."""
        for group in self.optimiser.param_groups:
            group["lr"] = _LEARNING_RATE.at(self.step, spent)
        # Seeded by the step: a resumed run sees what an unbroken one would have seen.
        rng = random.Random(f"{self.step} {self.rank}")
        torch.manual_seed(self.step * self.processes + self.rank)
        size = (_WINDOWS if spent < _LAST_FROM else _LAST_WINDOWS) // self.processes
        batch = self._batch(rng, self.corpus, size, Mixture())
        losses_now = self._losses(batch)
        self.optimiser.zero_grad(set_to_none=True)
        losses_now.total.backward()
        elapsed_s = self._average_gradients()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        return losses_now, elapsed_s

    def _average_gradients(self) -> float:
        elapsed_s = self.stopwatch.elapsed_s
        if self.processes == 1:
            return elapsed_s
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        time_s = torch.tensor([elapsed_s if self.rank == 0 else 0.0])
        flat = torch.cat([*(gradient.flatten() for gradient in gradients), time_s])
        distributed.all_reduce(flat)
        first = 0
        for gradient in gradients:
            gradient.copy_(flat[first : first + gradient.numel()].view_as(gradient))
            gradient /= self.processes
            first += gradient.numel()
        return flat[-1].item()

    def _losses(self, batch: Batch) -> Losses:
        with fast_precision(self.device):
            outputs = self.model(batch.mel, batch.inputs)
            return losses.losses(self.model, outputs, batch, self.rows)

    def _batch(self, rng: random.Random, source: Corpus, size: int, mixture: Mixture) -> Batch:
        drawn = losses.draw_batch(rng, source.groups, size, self.noise, mixture)
        return losses.collate(rng, drawn, self.rows, self.log_mel, self.device)

    def _held_out_batches(self, held_out: Corpus) -> list[Batch]:
        """Always the same ones."""
        if self.rank:
            return []
        rng = random.Random("held out")
        with_times = replace(EVALUATION, without_times=0.0)
        return [self._batch(rng, held_out, 32, mixture) for mixture in (EVALUATION, with_times)]

    def _report(self, means: Losses, spent: float, elapsed_s: float) -> None:
        parts = "  ".join(f"{n} {v.item():.3f}" for n, v in means._asdict().items())
        print(
            f"speech: step {self.step} of {self.job.budget.steps}, {elapsed_s:.0f} s, "
            f"{min(1, spent):.0%}: {parts}",
            flush=True,
        )

    def _save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "phoneme_names": list(self.corpus.phoneme_names),
            "step": self.step,
            "elapsed_s": self.stopwatch.elapsed_s,
        }
        save_checkpoint(self.job.folder / "checkpoint.pt", state)
        self.model.eval()
        with torch.no_grad(), fast_precision(self.device):
            plain, timed = (
                losses.token_accuracy(self.model(batch.mel, batch.inputs), batch, self.rows)
                for batch in self.held_out
            )
        self.model.train()
        print(
            f"speech: saved at step {self.step}; held-out tokens right {plain:.4f}, "
            f"with times {timed:.4f}",
            flush=True,
        )

    def _restore(self) -> tuple[int, float]:
        state = load_checkpoint(self.job.folder / "checkpoint.pt", self.device)
        if state is None:
            return 0, 0.0
        if tuple(state["phoneme_names"]) != self.corpus.phoneme_names:
            raise ValueError("the checkpoint is of another corpus; remove it to begin anew")
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        return state["step"], state["elapsed_s"]

    def _optimiser(self) -> torch.optim.Optimizer:
        """Weight decay for matrices only, the embedding not among them."""
        decayed: list[Tensor] = []
        others: list[Tensor] = []
        for name, parameter in self.model.named_parameters():
            is_matrix = parameter.ndim > 1 and not name.startswith("decoder.embedding")
            (decayed if is_matrix else others).append(parameter)
        groups: list[dict[str, Any]] = [
            {"params": decayed, "weight_decay": 0.01},
            {"params": others, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=_LEARNING_RATE.peak, betas=(0.9, 0.98), fused=True)
