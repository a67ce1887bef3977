"""Sentence pairs of the grammar, cut into pieces by a SentencePiece model for both languages."""

import random
from dataclasses import dataclass
from pathlib import Path

import sentencepiece
import torch
from demo.train import grammar
from demo.train.translation.model import BEGIN, BLANK, END, UNKNOWN
from torch import Tensor

NAMES = {"en": "English", "es": "Spanish", "de": "German"}

_PIECES_LEARNT_FROM = 20_000  # pairs
_MOST_PIECES = 1500
_SHARE_OF_DOUBLES = 0.25  # what is translated is not always a single sentence


@dataclass(frozen=True, slots=True)
class Pair:
    source: str
    target: str

    def __str__(self) -> str:
        return f"{self.source}_{self.target}"

    def draw(self, rng: random.Random) -> tuple[str, str]:
        sentence = grammar.training_sentence(rng)
        return sentence.text(self.source), sentence.text(self.target)


class Pieces:
    """Text to token ids. Ids are those of CTranslate2's shared vocabulary, not SentencePiece's."""

    def __init__(self, model: Path) -> None:
        self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(model))
        names = [self._pieces.id_to_piece(i) for i in range(1, self._pieces.get_piece_size())]
        self.vocabulary = ["<blank>", "<unk>", "<s>", "</s>", *names]

    def encode(self, text: str) -> list[int]:
        # SentencePiece has one special piece, <unk> at 0; the shared vocabulary has four.
        return [piece + 3 if piece else UNKNOWN for piece in self._pieces.encode(text)]


def learn_pieces(pair: Pair, model: Path) -> None:
    """Write a SentencePiece model for both languages of a pair, unless it is there."""
    if model.exists():
        return
    rng = random.Random(f"pieces {pair}")
    texts = [text for _ in range(_PIECES_LEARNT_FROM) for text in pair.draw(rng)]
    model.parent.mkdir(parents=True, exist_ok=True)
    partial = model.with_name("partial")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_prefix=str(partial),
        vocab_size=_MOST_PIECES,
        hard_vocab_limit=False,
        model_type="unigram",
        character_coverage=1.0,
        bos_id=-1,
        eos_id=-1,
        unk_id=0,
        minloglevel=2,
    )
    partial.with_suffix(".vocab").unlink()
    partial.with_suffix(".model").replace(model)


def batch(
    pair: Pair, pieces: Pieces, size: int, rng: random.Random
) -> tuple[Tensor, Tensor, Tensor]:
    """Source, target behind BEGIN, and target before END: [size, tokens] each, padded."""
    pairs = [pair.draw(rng) for _ in range(size)]
    if rng.random() < _SHARE_OF_DOUBLES:
        pairs = [
            (f"{source} {more_source}", f"{target} {more_target}")
            for source, target in pairs
            for more_source, more_target in [pair.draw(rng)]
        ]
    sources = [pieces.encode(source) for source, _ in pairs]
    targets = [pieces.encode(target) for _, target in pairs]
    return (
        _padded(sources),
        _padded([[BEGIN, *target] for target in targets]),
        _padded([[*target, END] for target in targets]),
    )


def _padded(rows: list[list[int]]) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [BLANK] * (longest - len(row)) for row in rows])
