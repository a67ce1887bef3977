"""What a reviewer should look at in a cue that is laid out and timed."""

import math

from polycue.cues.measure import reading_chars, width
from polycue.cues.presets import Rules
from polycue.domain.cue import Cue, CueFlag

# Whisper decodes again where a token's mean log probability is below this (openai/whisper).
_DOUBTFUL_LOGPROB = -1.0
_LEAST_PROBABILITY = 0.01  # so that a single word does not decide for all


def flags_of(cue: Cue, rules: Rules) -> frozenset[CueFlag]:
    """The limits of ``rules`` that the cue exceeds, and whether its words are doubtful."""
    widest = max(width(line, rules.language) for line in cue.lines)
    wide = _over(widest, rules.limit("max_line_chars"))
    found = {
        CueFlag.TOO_WIDE: wide or _over(len(cue.lines), rules.limit("max_line_count")),
        CueFlag.TOO_SHORT: cue.duration_ms < (rules.limit("min_cue_ms") or 0),
        CueFlag.READING_SPEED: _is_fast(cue, rules),
        CueFlag.LOW_CONFIDENCE: _is_doubtful(cue),
        CueFlag.SUSPECT: any(word.suspect for word in cue.words),
    }
    return frozenset(flag for flag, applies in found.items() if applies)


def _over(value: float, limit: float | None) -> bool:
    return limit is not None and value > limit


def _is_fast(cue: Cue, rules: Rules) -> bool:
    """Whether there is more to read than the rules allow, by characters or by words."""
    chars = 1000 * reading_chars(cue.text, rules.language)
    words = 60_000 * len(cue.text.split())
    by_chars, by_words = rules.limit("max_chars_per_second"), rules.max_words_per_minute
    return (by_chars is not None and chars > by_chars * cue.duration_ms) or (
        by_words is not None and words > by_words * cue.duration_ms
    )


def _is_doubtful(cue: Cue) -> bool:
    known = [word.probability for word in cue.words if word.probability is not None]
    if not known:
        return False
    logprobs = [math.log(max(probability, _LEAST_PROBABILITY)) for probability in known]
    return math.fsum(logprobs) / len(logprobs) < _DOUBTFUL_LOGPROB
