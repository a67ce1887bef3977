"""Signs that words were never spoken, and which of them do not depend on each other.

``speech`` is where somebody is heard in the chunk that the words are from.
"""

import math
from collections.abc import Collection, Sequence
from itertools import combinations, pairwise

from polycue.domain.audio import Span
from polycue.domain.chunk import Recognised
from polycue.domain.defence import Signal
from polycue.domain.request import DefenceOptions
from polycue.domain.transcript import Word, text_of
from polycue.speech.boilerplate import is_boilerplate
from polycue.speech.loops import find_loops

# Two that tell of the same thing: a loop deflates well and is too much text for its time, a word
# squeezed into no time is both too short and too fast, and both doubts are the decoder's own.
_DEPENDENT = frozenset(
    frozenset(pair)
    for pair in (
        (Signal.LOOP, Signal.COMPRESSION),
        (Signal.LOOP, Signal.SPEECH_RATE),
        (Signal.COMPRESSION, Signal.SPEECH_RATE),
        (Signal.SPEECH_RATE, Signal.WORD_ANOMALY),
        (Signal.LOGPROB, Signal.WORD_ANOMALY),
    )
)

# faster-whisper's score of a word, and how many of a segment's words it looks at.
_UNLIKELY, _SHORTEST_S, _LONGEST_S = 0.15, 0.133, 2.0
_SHORTNESS = 15.0
_WORDS_SCORED, _ANOMALOUS = 8, 3.0
_LEAST_PROBABILITY = 1e-4

_EDGE_MS = 200  # speech detection is that exact: so much more time every text is granted
_FEWEST_CHARS = 10  # for a rate to mean anything
_SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！", "।", "؟")
_CLOSING_MARKS = "\"'”’»)]」』"
_PAUSE_MS = 800  # what is said after one this long is judged by itself


def independent(signals: Collection[Signal]) -> bool:
    """Whether two of the signals tell of different things."""
    pairs = combinations(dict.fromkeys(signals), 2)
    return any(frozenset(pair) not in _DEPENDENT for pair in pairs)


def of_chunk(
    found: Recognised, speech: Sequence[Span], options: DefenceOptions
) -> tuple[Signal, ...]:
    """What speaks against a chunk's words as a whole; nothing where there are none."""
    if not found.words:
        return ()
    text = text_of(found.words)
    speech_s = (sum(span.duration_ms for span in speech) + _EDGE_MS) / 1000
    signs = {
        Signal.LOOP: bool(find_loops([word.text for word in found.words])),
        Signal.COMPRESSION: found.facts.compression_ratio > options.max_compression_ratio,
        Signal.LOGPROB: found.facts.avg_logprob < options.min_avg_logprob,
        Signal.NO_SPEECH: found.facts.no_speech_prob > options.max_no_speech_prob,
        Signal.OUTSIDE_SPEECH: _is_outside(found.aligned, speech, options),
        Signal.WORD_ANOMALY: _is_anomalous(found.words, found.aligned),
        Signal.SPEECH_RATE: _is_too_fast(text, speech_s, options),
    }
    return tuple(signal for signal, given in signs.items() if given)


def of_segment(
    words: Sequence[Word],
    aligned: Sequence[Span],
    found: Recognised,
    speech: Sequence[Span],
    options: DefenceOptions,
) -> tuple[Signal, ...]:
    """What speaks against some words of a chunk, loops apart."""
    text = text_of(words)
    span_s = (words[-1].end_ms - words[0].start_ms + _EDGE_MS) / 1000
    signs = {
        Signal.LOGPROB: _mean_logprob(words, found.facts.avg_logprob) < options.min_avg_logprob,
        Signal.NO_SPEECH: found.facts.no_speech_prob > options.max_no_speech_prob,
        Signal.OUTSIDE_SPEECH: _is_outside(aligned, speech, options),
        Signal.WORD_ANOMALY: _is_anomalous(words, aligned),
        Signal.SPEECH_RATE: _is_too_fast(text, span_s, options),
        Signal.PHRASE: is_boilerplate(text, found.facts.language),
    }
    return tuple(signal for signal, given in signs.items() if given)


def segments(words: Sequence[Word]) -> list[range]:
    """The words in runs that end with a sentence or at a pause; none is empty."""
    if not words:
        return []
    ends = [n for n, pair in enumerate(pairwise(words), start=1) if _parts(*pair)]
    return [range(*bounds) for bounds in pairwise([0, *ends, len(words)])]


def _parts(word: Word, following: Word) -> bool:
    ended = word.text.rstrip(_CLOSING_MARKS).endswith(_SENTENCE_ENDS)
    return ended or following.start_ms - word.end_ms >= _PAUSE_MS


def _is_outside(aligned: Sequence[Span], speech: Sequence[Span], options: DefenceOptions) -> bool:
    """Whether attention puts half of the words, or more, where nobody is heard."""
    astray = sum(_distance_ms(span, speech) > options.silence_ms for span in aligned)
    return bool(aligned) and 2 * astray >= len(aligned)


def _distance_ms(span: Span, speech: Sequence[Span]) -> int:
    middle_ms = (span.start_ms + span.end_ms) // 2
    return min(
        (max(heard.start_ms - middle_ms, middle_ms - heard.end_ms, 0) for heard in speech),
        default=0,
    )


def _is_anomalous(words: Sequence[Word], aligned: Sequence[Span]) -> bool:
    """faster-whisper's rule (openai/whisper#1838).

    A word is as odd as the kinder of two times says, the one that attention gave it and the one on
    the speech: either is too short now and then for a word that was spoken.
    """
    spans = aligned or [Span(word.start_ms, word.end_ms) for word in words]
    scored = list(zip(words, spans, strict=True))[:_WORDS_SCORED]
    score = sum(_oddness(word, span.duration_ms) for word, span in scored)
    return score >= _ANOMALOUS or score + 0.01 >= len(scored)


def _oddness(word: Word, aligned_ms: int) -> float:
    times_s = [aligned_ms / 1000, (word.end_ms - word.start_ms) / 1000]
    unlikely = word.probability is not None and word.probability < _UNLIKELY
    return (
        unlikely
        + max(0.0, _SHORTEST_S - max(times_s)) * _SHORTNESS
        + max(0.0, min(times_s) - _LONGEST_S)
    )


def _is_too_fast(text: str, seconds: float, options: DefenceOptions) -> bool:
    return len(text) >= _FEWEST_CHARS and len(text) > options.max_chars_per_second * seconds


def _mean_logprob(words: Sequence[Word], otherwise: float) -> float:
    known = [word.probability for word in words if word.probability is not None]
    if not known:
        return otherwise
    return math.fsum(math.log(max(p, _LEAST_PROBABILITY)) for p in known) / len(known)
