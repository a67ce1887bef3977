"""Train one translation model, from its last checkpoint where there is one."""

import random
from pathlib import Path

import torch
from demo.train.schedule import (
    Budget,
    LearningRate,
    Stopwatch,
    device,
    load_checkpoint,
    save_checkpoint,
)
from demo.train.translation import data
from demo.train.translation.data import Pair, Pieces
from demo.train.translation.model import BLANK, Shape, Translator
from torch.nn import functional

STEPS = 2400  # about ten minutes on one core
_BATCH = 64  # sentences, or as many pairs of them
_LEARNING_RATE = LearningRate(peak=2e-3, warmup_steps=150)
_CHECKPOINT_EVERY_STEPS = 200


def fit(pair: Pair, folder: Path, budget: Budget) -> tuple[Translator, Pieces]:
    """The trained model; ``folder`` holds its pieces and checkpoints.

    Float32 throughout: bfloat16 halves the speed of shapes this small on a CPU.
    """
    data.learn_pieces(pair, folder / "sentencepiece.model")
    pieces = Pieces(folder / "sentencepiece.model")
    torch.manual_seed(0)
    target_device = device()
    model = Translator(len(pieces.vocabulary), Shape()).to(target_device)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=_LEARNING_RATE.peak, betas=(0.9, 0.98), weight_decay=0.01, fused=True
    )
    step, elapsed_s = 0, 0.0
    checkpoint = folder / "checkpoint.pt"
    if state := load_checkpoint(checkpoint, target_device):
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step, elapsed_s = state["step"], state["elapsed_s"]
    stopwatch = Stopwatch(elapsed_s)

    def save() -> None:
        save_checkpoint(
            checkpoint,
            {
                "model": model.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step,
                "elapsed_s": stopwatch.elapsed_s,
            },
        )

    model.train()
    while (spent := budget.spent(step, stopwatch.elapsed_s)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = _LEARNING_RATE.at(step, spent)
        # Seeded by the step, so that a resumed run sees what an unbroken one would have seen.
        torch.manual_seed(step)
        loss = _loss(model, pair, pieces, random.Random(f"{pair} {step}"))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        if step % _CHECKPOINT_EVERY_STEPS == 0:
            save()
            print(
                f"translate {pair}: step {step} of {budget.steps}, {stopwatch.elapsed_s:.0f} s, "
                f"{min(1, spent):.0%}, loss {loss.item():.4f}",
                flush=True,
            )
    save()
    return model.eval(), pieces


def _loss(model: Translator, pair: Pair, pieces: Pieces, rng: random.Random) -> torch.Tensor:
    where = model.bias.device
    source, before, after = (part.to(where) for part in data.batch(pair, pieces, _BATCH, rng))
    return functional.cross_entropy(
        model(source, before).flatten(0, 1),
        after.flatten(),
        ignore_index=BLANK,
        label_smoothing=0.05,
    )
