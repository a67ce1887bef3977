"""What can be read off a decoded text: its parts with their times, and how much to trust it."""

import zlib
from typing import Protocol

from polycue.speech.words import Piece

_STEP_MS = 20  # of the encoder: two frames of 10 ms


class Characters(Protocol):
    """The part of faster-whisper's tokenizer that is needed here."""

    def split_tokens_on_unicode(self, tokens: list[int]) -> tuple[list[str], list[list[int]]]:
        """Runs of tokens that are whole characters, as text and as tokens."""
        ...


class Alignment(Protocol):
    """CTranslate2's WhisperAlignmentResult: a path of (token, step of the encoder) from (0, 0)."""

    alignments: list[tuple[int, int]]
    text_token_probs: list[float]


def pieces_of(
    tokens: list[int], characters: Characters, alignment: Alignment, start_ms: int
) -> list[Piece]:
    """The text in its smallest parts, each with its time; the sound begins at ``start_ms``."""
    first_step = dict(reversed(alignment.alignments))
    begins = [0]
    for index in range(1, len(tokens) + 1):  # behind the last token stands the end of the text
        begins.append(first_step.get(index, begins[-1]))
    pieces = []
    at = 0
    for text, run in zip(*characters.split_tokens_on_unicode(tokens), strict=True):
        after = at + len(run)
        probability = sum(map(float, alignment.text_token_probs[at:after])) / len(run)
        start, end = (start_ms + begins[token] * _STEP_MS for token in (at, after))
        pieces.append(Piece(text, start, end, probability))
        at = after
    return pieces


def avg_logprob(score: float, tokens: int) -> float:
    """As openai/whisper counts it, the end token too; 0 for a text without tokens.

    CTranslate2's score is the mean over the text's tokens only, and of none it is -inf.
    """
    if not tokens:
        return 0.0
    return float(score) * tokens / (tokens + 1)


def compression_ratio(text: str) -> float:
    """Above 2.4 a sign of a loop (openai/whisper's threshold); 0 for an empty text."""
    data = text.encode()
    return len(data) / len(zlib.compress(data))
