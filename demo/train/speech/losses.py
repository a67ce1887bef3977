"""A batch of windows as tensors, and what the training makes smaller on it."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from demo.train.speech import tokens, windows
from demo.train.speech.corpus import FRAMES_PER_SECOND, Groups
from demo.train.speech.features import HOP, LogMel
from demo.train.speech.model import Outputs, Whisper
from demo.train.speech.noise import Noise
from demo.train.speech.tokens import Rows
from demo.train.speech.windows import FRAMES, NO_WORD, Mixture, Window
from torch import Tensor
from torch.nn import functional

_PHONEME_WEIGHT, _FRAME_TOKEN_WEIGHT, _GUIDE_WEIGHT, _COARSE_GUIDE_WEIGHT = 0.5, 0.6, 0.3, 0.15
_COARSE_FRAMES = 30  # either side of a span: 0.6 s
# A time token that is 20 or 40 ms off is nearly right: share of the target given to each offset.
_TIME_TARGET = {-2: 0.05, -1: 0.15, 0: 0.6, 1: 0.15, 2: 0.05}
_FRAMES_ASKED = 0.5  # of those with a word: neighbours say nearly the same
_LITTLE = 1e-4  # keeps the logarithm of an attention weight finite


@dataclass(frozen=True, slots=True)
class Batch:
    """``guide``: first and last frame of each position's span, 0 where ``guided`` is."""

    mel: Tensor  # [batch, 80, 2 * frames]
    inputs: Tensor  # [batch, positions], rows of the embedding
    targets: Tensor  # the same
    weights: Tensor  # [batch, positions]
    guide: Tensor  # [batch, positions, 2]
    guided: Tensor  # [batch, positions], 0 or 1
    phonemes: Tensor  # [batch, frames]
    frame_tokens: Tensor  # [batch, frames], rows or NO_WORD


class Losses(NamedTuple):
    tokens: Tensor
    phonemes: Tensor
    frame_tokens: Tensor
    guide: Tensor
    coarse_guide: Tensor

    @property
    def total(self) -> Tensor:
        return (
            self.tokens
            + _PHONEME_WEIGHT * self.phonemes
            + _FRAME_TOKEN_WEIGHT * self.frame_tokens
            + _GUIDE_WEIGHT * self.guide
            + _COARSE_GUIDE_WEIGHT * self.coarse_guide
        )


def collate(
    rng: random.Random, drawn: Sequence[Window], rows: Rows, log_mel: LogMel, device: torch.device
) -> Batch:
    samples = torch.from_numpy(np.stack([window.samples for window in drawn])).to(device)
    louder = [rng.random() * (0.3 if rng.random() < 0.8 else 1.0) for _ in drawn]
    mel = log_mel(samples, torch.tensor(louder, device=device)[:, None, None])
    for index, window in enumerate(drawn):
        mel[index, :, window.padded_from // HOP :] = 0
    frame_tokens = np.stack([window.frame_tokens for window in drawn])
    spoken = frame_tokens != NO_WORD
    frame_tokens[spoken] = rows.row_of[frame_tokens[spoken]]
    guide, guided = _guide(drawn)
    return Batch(
        mel,
        *(
            torch.from_numpy(array).to(device)
            for array in (
                rows.row_of[_padded([window.inputs for window in drawn], tokens.END)],
                rows.row_of[_padded([window.targets for window in drawn], tokens.END)],
                _padded([window.weights for window in drawn], 0.0).astype(np.float32),
                guide,
                guided,
                np.stack([window.phonemes for window in drawn]),
                frame_tokens,
            )
        ),
    )


def _padded(lists: Sequence[Sequence[float]], filler: float) -> np.ndarray:
    longest = max(map(len, lists))
    return np.array([[*row, *[filler] * (longest - len(row))] for row in lists])


def _guide(drawn: Sequence[Window]) -> tuple[np.ndarray, np.ndarray]:
    longest = max(len(window.spans) for window in drawn)
    guide = np.zeros((len(drawn), longest, 2), np.int64)
    guided = np.zeros((len(drawn), longest), np.float32)
    for index, window in enumerate(drawn):
        for position, span in enumerate(window.spans):
            if span is None:
                continue
            first = min(FRAMES - 2, max(0, int(span[0] * FRAMES_PER_SECOND) - 1))
            last = max(2, min(FRAMES, math.ceil(span[1] * FRAMES_PER_SECOND) + 2))
            guide[index, position] = first, last
            guided[index, position] = 1
    return guide, guided


def losses(
    model: Whisper, outputs: Outputs, batch: Batch, rows: Rows, share: float = 0.5
) -> Losses:
    """``share``: of the frames with a word, how many are asked for it; half is enough to learn."""
    return Losses(
        tokens=_token_loss(outputs.logits.float(), batch, rows),
        phonemes=functional.cross_entropy(
            outputs.phonemes.float().flatten(0, 1), batch.phonemes.flatten()
        ),
        frame_tokens=_frame_token_loss(model, outputs.encoded, batch),
        guide=_guide_loss(outputs.fine, batch, widen=0),
        coarse_guide=_guide_loss(outputs.coarse, batch, widen=_COARSE_FRAMES),
    )


def _token_loss(logits: Tensor, batch: Batch, rows: Rows) -> Tensor:
    log_share = logits.log_softmax(-1)
    right = log_share.gather(-1, batch.targets[..., None])[..., 0]
    first, last = rows.first_time_row, len(rows.tokens) - 1
    near = torch.zeros_like(right)
    for offset, part in _TIME_TARGET.items():
        neighbour = (batch.targets + offset).clamp(first, last)
        near = near + part * log_share.gather(-1, neighbour[..., None])[..., 0]
    is_time = batch.targets >= first
    return -(torch.where(is_time, near, right) * batch.weights).sum() / batch.weights.sum()


def _frame_token_loss(model: Whisper, encoded: Tensor, batch: Batch) -> Tensor:
    labels = batch.frame_tokens.flatten()
    frames = (labels != NO_WORD).nonzero()[:, 0]
    frames = frames[
        torch.randperm(len(frames))[: int(len(frames) * _FRAMES_ASKED)].to(frames.device)
    ]
    if not len(frames):
        return encoded.sum() * 0
    logits = model.frame_tokens(encoded.flatten(0, 1)[frames])
    return functional.cross_entropy(logits.float(), labels[frames])


def _guide_loss(weights: Tensor, batch: Batch, widen: int) -> Tensor:
    """How little of each head's attention falls into the span, widened by some frames."""
    summed = functional.pad(weights.float().cumsum(-1), (1, 0))
    spans = batch.guide[:, None].expand(-1, weights.shape[1], -1, -1)  # the same for all heads
    first = (spans[..., :1] - widen).clamp(min=0)
    last = (spans[..., 1:] + widen).clamp(max=FRAMES)
    inside = (summed.gather(-1, last) - summed.gather(-1, first))[..., 0]
    per_position = (inside + _LITTLE).log().mean(1)
    return -(per_position * batch.guided).sum() / batch.guided.sum().clamp(min=1)


def token_accuracy(outputs: Outputs, batch: Batch, rows: Rows) -> float:
    """Share of text tokens that are right when the ones before are given."""
    counted = (batch.weights > 0.9) & (batch.targets < rows.first_time_row)
    right = (outputs.logits.argmax(-1) == batch.targets) & counted
    return (right.sum() / counted.sum()).item()


def draw_batch(
    rng: random.Random,
    groups: Groups,
    size: int,
    noise: Noise,
    mixture: Mixture,
) -> list[Window]:
    return [windows.draw(rng, rng.choice(groups), noise, mixture) for _ in range(size)]
