"""How long a translation may be so that there is time to read it."""

from collections.abc import Sequence
from functools import partial

from polycue.cues.measure import reading_chars
from polycue.cues.presets import Rules
from polycue.domain.request import TranslationOptions
from polycue.domain.transcript import Sentence
from polycue.pipeline.attempts import Wishes
from polycue.translation.terms import Glossary


def wishes_for(sentences: Sequence[Sentence], rules: Rules, options: TranslationOptions) -> Wishes:
    """What is wished of the translations of sentences that follow each other.

    Text may stand from when its sentence begins until the next one does, and linger a little where
    none follows soon.
    """
    starts = [*(sentence.start_ms for sentence in sentences[1:]), None]
    rooms = []
    for sentence, following_ms in zip(sentences, starts, strict=False):  # no sentences, no starts
        end_ms = sentence.end_ms + rules.linger_ms
        if following_ms is not None:
            end_ms = max(min(end_ms, following_ms), sentence.end_ms)
        stay_ms = max(end_ms - sentence.start_ms, rules.min_cue_ms)
        rooms.append(rules.max_chars_per_second * stay_ms / 1000)
    length = partial(reading_chars, language=rules.language)
    return Wishes(Glossary.of(options.glossary), tuple(rooms), length, options.beam_size)
