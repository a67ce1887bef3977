"""Whisper's tokens, and the few of them that the demo world uses.

The vocabulary is not trained but given: it is Whisper's own, from openai-whisper's
``multilingual.tiktoken`` (MIT). It is committed as ``tokenizer.json`` beside the model, in the
order faster-whisper and CTranslate2 expect, and only read here.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from demo.train import grammar
from numpy.typing import NDArray
from tokenizers import Tokenizer

TOKENIZER = Path(__file__).parents[2] / "models" / "whisper" / "demo-en" / "tokenizer.json"

END, START = 50257, 50258
ENGLISH, LAST_LANGUAGE = 50259, 50357
TRANSCRIBE = 50359
PREVIOUS, NO_SPEECH, NO_TIMESTAMPS, FIRST_TIME = 50361, 50362, 50363, 50364
TIMES = 1501  # <|0.00|> to <|30.00|>, 20 ms apart
VOCABULARY = FIRST_TIME + TIMES
BLANK = 220  # the token of a lone space

_SENTENCES_LOOKED_AT = 60_000


def load() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    for name, token in (
        ("<|endoftext|>", END),
        ("<|startoftranscript|>", START),
        ("<|en|>", ENGLISH),
        ("<|transcribe|>", TRANSCRIBE),
        ("<|notimestamps|>", NO_TIMESTAMPS),
        ("<|30.00|>", VOCABULARY - 1),
    ):
        if tokenizer.token_to_id(name) != token:
            raise ValueError(f"{TOKENIZER} is not Whisper's: {name} is not {token}")
    return tokenizer


def names(tokenizer: Tokenizer) -> list[str]:
    """All token names by id, as CTranslate2's ``vocabulary.json`` lists them."""
    return [tokenizer.id_to_token(token) or "" for token in range(VOCABULARY)]


def encode(tokenizer: Tokenizer, text: str) -> tuple[list[int], list[int]]:
    """Token ids of a sentence, and for each of its words the index of the word's first token.

    The second list has one entry more than there are words: the number of tokens.
    """
    encoding = tokenizer.encode(f" {text}", add_special_tokens=False)
    word_ends, position = [], 0
    for word in text.split(" "):
        position += 1 + len(word)
        word_ends.append(position)
    boundaries, token = [0], 0
    for word_end in word_ends:
        while token < len(encoding.offsets) and encoding.offsets[token][1] <= word_end:
            token += 1
        boundaries.append(token)
    boundaries[-1] = len(encoding.ids)
    return encoding.ids, boundaries


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of the embedding table that are trained, in the order text, special, time.

    All other tokens share one more row, the last: they never occur, so they would stay alike
    anyway, and one shared row makes the full table both exact and easy to compress.
    """

    tokens: NDArray[np.int64]  # [rows]: the token of each row but the shared one
    row_of: NDArray[np.int64]  # [VOCABULARY]: the row of each token
    text_rows: int  # rows 0 .. text_rows - 1 are text

    @property
    def first_time_row(self) -> int:
        return len(self.tokens) - TIMES


def rows(tokenizer: Tokenizer) -> Rows:
    rng = random.Random("tokens of the demo world")
    texts = {grammar.random_sentence(rng).en for _ in range(_SENTENCES_LOOKED_AT)}
    used = {token for text in texts for token in encode(tokenizer, text)[0]}
    tokens = np.array(sorted(used) + list(range(END, VOCABULARY)))
    row_of = np.full(VOCABULARY, len(tokens))
    row_of[tokens] = np.arange(len(tokens))
    return Rows(tokens, row_of, len(used))
