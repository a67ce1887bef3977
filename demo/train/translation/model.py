"""A small Transformer in the shape OpenNMT and CTranslate2 know: pre-norm, shared embeddings."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

BLANK, UNKNOWN, BEGIN, END = range(4)  # the first ids of the vocabulary
_LAYER_NORM_EPSILON = 1e-6  # CTranslate2's default for this architecture
_LONGEST_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Shape:
    width: int = 128
    heads: int = 4
    inner: int = 512
    layers: int = 2  # of the encoder, and as many of the decoder
    dropout: float = 0.05


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.query = nn.Linear(shape.width, shape.width)
        self.key = nn.Linear(shape.width, shape.width)
        self.value = nn.Linear(shape.width, shape.width)
        self.out = nn.Linear(shape.width, shape.width)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """``x``: [batch, m, width]; ``memory``: [batch, n, width]; ``mask``: True may be seen."""
        query, key, value = (
            projected.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for projected in (self.query(x), self.key(memory), self.value(memory))
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self.out(mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.first = nn.Linear(shape.width, shape.inner)
        self.second = nn.Linear(shape.inner, shape.width)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(functional.relu(self.first(x)))


class EncoderLayer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(shape.width, _LAYER_NORM_EPSILON)
        self.attention = Attention(shape)
        self.feed_forward_norm = nn.LayerNorm(shape.width, _LAYER_NORM_EPSILON)
        self.feed_forward = FeedForward(shape)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        normed = self.attention_norm(x)
        x = x + self.dropout(self.attention(normed, normed, mask))
        return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))


class DecoderLayer(EncoderLayer):
    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.cross_norm = nn.LayerNorm(shape.width, _LAYER_NORM_EPSILON)
        self.cross = Attention(shape)

    def decode(self, x: Tensor, mask: Tensor, source: Tensor, source_mask: Tensor) -> Tensor:
        normed = self.attention_norm(x)
        x = x + self.dropout(self.attention(normed, normed, mask))
        x = x + self.dropout(self.cross(self.cross_norm(x), source, source_mask))
        return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))


class Translator(nn.Module):
    positions: Tensor

    def __init__(self, vocabulary_size: int, shape: Shape) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, shape.width)
        nn.init.normal_(self.embedding.weight, std=shape.width**-0.5)
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))
        self.register_buffer("positions", _positions(shape.width))
        self.encoder = nn.ModuleList(EncoderLayer(shape) for _ in range(shape.layers))
        self.decoder = nn.ModuleList(DecoderLayer(shape) for _ in range(shape.layers))
        self.encoder_norm = nn.LayerNorm(shape.width, _LAYER_NORM_EPSILON)
        self.decoder_norm = nn.LayerNorm(shape.width, _LAYER_NORM_EPSILON)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Token ids [batch, m] and [batch, n], padded with BLANK -> logits [batch, n, tokens]."""
        source_mask = (source != BLANK)[:, None, None]
        x = self._embed(source)
        for layer in self.encoder:
            x = layer(x, source_mask)
        memory = self.encoder_norm(x)
        length = target.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=target.device).tril()
        y = self._embed(target)
        for layer in self.decoder:
            y = layer.decode(y, causal[None, None], memory, source_mask)
        return functional.linear(self.decoder_norm(y), self.embedding.weight, self.bias)

    def _embed(self, tokens: Tensor) -> Tensor:
        scale = self.embedding.embedding_dim**0.5
        return self.embedding(tokens) * scale + self.positions[: tokens.shape[1]]


def _positions(width: int) -> Tensor:
    """Sines in the even and cosines in the odd columns ("Attention is all you need", 3.5)."""
    position = torch.arange(_LONGEST_TOKENS).float()[:, None]
    frequency = torch.exp(torch.arange(0, width, 2).float() * -(math.log(10_000) / width))
    table = torch.zeros(_LONGEST_TOKENS, width)
    table[:, 0::2] = torch.sin(position * frequency)
    table[:, 1::2] = torch.cos(position * frequency)
    return table
