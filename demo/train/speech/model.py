"""Whisper's architecture in PyTorch, with a softmax over the trained rows only.

Attention is written out where PyTorch's fused kernel is slow: its bfloat16 backward pass takes 2.5
times as long on a CPU. The written-out form also hands over the weights that are guided.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from demo.train.speech import tokens
from demo.train.speech.features import MEL_BANDS
from demo.train.speech.tokens import Rows
from torch import Tensor, nn
from torch.nn import functional

_MOST_FRAMES = 1500
_MOST_TOKENS = 448


@dataclass(frozen=True, slots=True)
class Shape:
    width: int = 128
    heads: int = 2
    inner: int = 512
    encoder_layers: int = 4
    decoder_layers: int = 2


class Outputs(NamedTuple):
    """``logits``: [batch, tokens, rows + 1]. ``phonemes``: [batch, frames, classes].

    ``encoded``: [batch, frames, width]. ``coarse`` and ``fine``: cross-attention weights of the
    first layer's first head and of all heads of the last, [batch, heads, tokens, frames].
    """

    logits: Tensor
    encoded: Tensor
    phonemes: Tensor
    coarse: Tensor
    fine: Tensor


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.query = nn.Linear(shape.width, shape.width)
        self.key = nn.Linear(shape.width, shape.width, bias=False)
        self.value = nn.Linear(shape.width, shape.width)
        self.out = nn.Linear(shape.width, shape.width)

    def forward(self, x: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Mixed values [batch, m, width] and weights [batch, heads, m, n]."""
        query, key, value = self._project(x, memory)
        scale = (x.shape[-1] // self.heads) ** -0.5
        weights = ((query * scale) @ key.transpose(-1, -2)).softmax(-1)
        return self._merge(weights @ value), weights

    def causal(self, x: Tensor) -> Tensor:
        query, key, value = self._project(x, x)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self._merge(mixed)

    def _project(self, x: Tensor, memory: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        query, key, value = (
            projected.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for projected in (self.query(x), self.key(memory), self.value(memory))
        )
        return query, key, value

    def _merge(self, mixed: Tensor) -> Tensor:
        return self.out(mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.first = nn.Linear(shape.width, shape.inner)
        self.second = nn.Linear(shape.inner, shape.width)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(functional.gelu(self.first(x)))


class EncoderLayer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(shape.width)
        self.attention = Attention(shape)
        self.feed_forward_norm = nn.LayerNorm(shape.width)
        self.feed_forward = FeedForward(shape)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.attention_norm(x)
        x = x + self.attention(normed, normed)[0]
        return x + self.feed_forward(self.feed_forward_norm(x))


class DecoderLayer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(shape.width)
        self.attention = Attention(shape)
        self.cross_norm = nn.LayerNorm(shape.width)
        self.cross = Attention(shape)
        self.feed_forward_norm = nn.LayerNorm(shape.width)
        self.feed_forward = FeedForward(shape)

    def forward(self, x: Tensor, encoded: Tensor) -> tuple[Tensor, Tensor]:
        x = x + self.attention.causal(self.attention_norm(x))
        mixed, weights = self.cross(self.cross_norm(x), encoded)
        x = x + mixed
        return x + self.feed_forward(self.feed_forward_norm(x)), weights


class Encoder(nn.Module):
    positions: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.first_convolution = nn.Conv1d(MEL_BANDS, shape.width, 3, padding=1)
        self.second_convolution = nn.Conv1d(shape.width, shape.width, 3, stride=2, padding=1)
        self.register_buffer("positions", sinusoids(_MOST_FRAMES, shape.width))
        self.layers = nn.ModuleList(EncoderLayer(shape) for _ in range(shape.encoder_layers))
        self.norm = nn.LayerNorm(shape.width)

    def forward(self, mel: Tensor) -> Tensor:
        """[batch, 80, 2 * frames] -> [batch, frames, width]."""
        x = functional.gelu(self.first_convolution(mel))
        x = functional.gelu(self.second_convolution(x)).transpose(1, 2)
        x = x + self.positions[: x.shape[1]].to(x.dtype)
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)


class Decoder(nn.Module):
    def __init__(self, shape: Shape, rows: Rows) -> None:
        super().__init__()
        embedding = torch.randn(len(rows.tokens) + 1, shape.width) * 0.05
        # Times that are near are alike from the start.
        embedding[rows.first_time_row : -1] = 0.08 * sinusoids(tokens.TIMES, shape.width)
        self.embedding = nn.Parameter(embedding)  # the last row is shared by all unused tokens
        self.positions = nn.Parameter(torch.randn(_MOST_TOKENS, shape.width) * 0.02)
        self.layers = nn.ModuleList(DecoderLayer(shape) for _ in range(shape.decoder_layers))
        self.norm = nn.LayerNorm(shape.width)

    def forward(self, rows: Tensor, encoded: Tensor) -> tuple[Tensor, list[Tensor]]:
        """[batch, tokens] -> [batch, tokens, width], and each layer's cross-attention weights."""
        x = functional.embedding(rows, self.embedding) + self.positions[: rows.shape[1]]
        x = x.to(encoded.dtype)
        weights = []
        for layer in self.layers:
            x, layer_weights = layer(x, encoded)
            weights.append(layer_weights)
        return self.norm(x), weights


class Whisper(nn.Module):
    unused: Tensor

    def __init__(self, shape: Shape, rows: Rows, phoneme_classes: int) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(shape)
        self.decoder = Decoder(shape, rows)
        # Only for training: which sound, and which word token, each frame belongs to. Without the
        # second the encoder learns sounds but not whole words (token accuracy .89 against .98).
        self.phonemes = nn.Linear(shape.width, phoneme_classes)
        self.frame_tokens = nn.Linear(shape.width, rows.text_rows)
        # The shared row stands for many tokens; the full softmax counts each of them.
        count = tokens.VOCABULARY - len(rows.tokens)
        bias = torch.zeros(len(rows.tokens) + 1)
        bias[-1] = math.log(count)
        self.register_buffer("unused", bias, persistent=False)

    def forward(self, mel: Tensor, rows: Tensor) -> Outputs:
        encoded = self.encoder(mel)
        decoded, weights = self.decoder(rows, encoded)
        logits = functional.linear(decoded, self.decoder.embedding) + self.unused
        return Outputs(logits, encoded, self.phonemes(encoded), weights[0][:, :1], weights[-1])


def sinusoids(length: int, width: int) -> Tensor:
    """Sines in the first half of the columns, cosines in the second, as Whisper has them."""
    step = math.log(10_000) / (width // 2 - 1)
    angles = torch.arange(length)[:, None] * torch.exp(-step * torch.arange(width // 2))[None]
    return torch.cat([angles.sin(), angles.cos()], dim=1)
