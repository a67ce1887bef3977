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
    chars = reading_chars(cue.text, rules.language)
    widest = max(width(line, rules.language) for line in cue.lines)
    found = {
        CueFlag.TOO_WIDE: widest > rules.max_line_chars or len(cue.lines) > rules.max_line_count,
        CueFlag.TOO_SHORT: cue.duration_ms < rules.min_cue_ms,
        CueFlag.READING_SPEED: 1000 * chars > rules.max_chars_per_second * cue.duration_ms,
        CueFlag.LOW_CONFIDENCE: _is_doubtful(cue),
        CueFlag.SUSPECT: any(word.suspect for word in cue.words),
    }
    return frozenset(flag for flag, applies in found.items() if applies)


def _is_doubtful(cue: Cue) -> bool:
    known = [word.probability for word in cue.words if word.probability is not None]
    if not known:
        return False
    logprobs = [math.log(max(probability, _LEAST_PROBABILITY)) for probability in known]
    return math.fsum(logprobs) / len(logprobs) < _DOUBTFUL_LOGPROB
