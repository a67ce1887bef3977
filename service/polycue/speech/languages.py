"""Which language each chunk of a film is in: what is heard of each, smoothed over the film.

A language costs nothing to stay in and ``_SWITCH`` to change, and each chunk speaks for a language
by the logarithm of its probability. The cheapest path (Viterbi's) follows the film: one odd window
does not turn it, since it would have to turn twice; a clear one does, and so do two in a row that
are less clear.
"""

import math
from collections.abc import Mapping, Sequence

from polycue.domain import language as languages
from polycue.domain.chunk import Belief

# Natural logarithms. One chunk between others turns the language only if it holds another one for
# e^4 = 55 times as likely, two in a row if each holds it for 7 times as likely.
_SWITCH = 2.0
_FLOOR = 0.01  # a probability below says no more than that it is none
_FULL_WEIGHT_MS = 4_000  # of speech; a shorter chunk tells less, a longer one no more


def follow(
    belief: Belief, heard: Sequence[tuple[Mapping[str, float], int]]
) -> tuple[list[str], Belief]:
    """The language of each of the next chunks, and what is believed after them.

    ``heard`` holds, of each chunk in order, the probabilities of all languages that come into
    question (the same for each) and the milliseconds of speech. Chunks that are asked about
    together are decided together; what was decided before is never changed.
    """
    scores = {tag: belief.scores.get(tag, -_SWITCH) for tag in heard[0][0]}
    if not belief.scores:
        scores = dict.fromkeys(scores, 0.0)
    origins: list[dict[str, str]] = []
    for shares, speech_ms in heard:
        best = max(scores, key=lambda tag: scores[tag])
        origins.append({tag: _origin(scores, tag, best) for tag in scores})
        weight = min(1.0, speech_ms / _FULL_WEIGHT_MS)
        scores = {
            tag: max(scores[tag], scores[best] - _SWITCH) + weight * math.log(max(share, _FLOOR))
            for tag, share in shares.items()
        }
    path = [_last(scores, belief.current)]
    for came_from in reversed(origins[1:]):
        path.append(came_from[path[-1]])
    path.reverse()
    return path, _after(scores, path[-1])


def likeliest(heard: Sequence[tuple[Mapping[str, float], int]]) -> tuple[str, float]:
    """The language with the highest mean share, each chunk counted by its speech, and the mean."""
    total = sum(speech_ms + 1 for _, speech_ms in heard)
    mean = {
        tag: sum((speech_ms + 1) * shares[tag] for shares, speech_ms in heard) / total
        for tag in heard[0][0]
    }
    best = max(mean, key=lambda tag: mean[tag])
    return best, mean[best]


def candidates(known: Sequence[str], allowed: Sequence[str], named: str) -> tuple[str, ...]:
    """Of the languages a model knows those that come into question, spelled as the caller does.

    ``allowed`` are all where it is empty; ``named`` is what the media begin with, "" where unknown.
    Those that the model does not know are left out.
    """
    codes = {languages.whisper_code(tag): tag for tag in known}
    wanted = {languages.whisper_code(tag): tag for tag in reversed(allowed)} or dict(codes)
    if named:
        wanted[languages.whisper_code(named)] = named
    return tuple(wanted[code] for code in codes if code in wanted)


def _origin(scores: Mapping[str, float], tag: str, best: str) -> str:
    """From which language ``tag`` is reached best."""
    return tag if scores[tag] >= scores[best] - _SWITCH else best


def _last(scores: Mapping[str, float], current: str) -> str:
    """Where the path ends. It may turn back after it, so having turned is charged twice."""
    return max(
        scores, key=lambda tag: scores[tag] - (_SWITCH if current and tag != current else 0.0)
    )


def _after(scores: Mapping[str, float], current: str) -> Belief:
    """Only languages that are not further behind than a change costs are worth remembering."""
    best = max(scores.values())
    kept = {tag: score - best for tag, score in scores.items() if score - best > -_SWITCH}
    return Belief(current, kept)
