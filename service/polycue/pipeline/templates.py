"""Translations in the cues of their source: the same times, other words."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, islice

from polycue.cues.presets import Rules
from polycue.cues.template import blocks, fill
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.transcript import Sentence, text_of
from polycue.pipeline.translating import Translated


def filled(
    cues: Sequence[Cue], sentences: Sequence[Sentence], translated: Translated, rules: Rules
) -> tuple[Cue, ...]:
    """The cues with the words of the translation, none empty; ``sentences`` are those of the cues.

    Block by block, so that a sentence that became shorter borrows no words from the next one.
    """
    parts = iter(translated.parts)
    return tuple(
        chain.from_iterable(
            fill(block.cues, tuple(chain(*islice(parts, len(block.sentences)))), rules)
            for block in blocks(cues, sentences)
        )
    )


def half(rules: Rules) -> Rules:
    """For one of two languages in a cue: half of its lines, at least one."""
    return replace(rules, max_line_count=max(1, rules.max_line_count // 2))


def paired(spoken: Sequence[Cue], translated: Sequence[Cue]) -> tuple[Cue, ...]:
    """Each spoken cue's lines above those of its translation; what stayed as it was comes once.

    Its words are those of the translation. How fast it is to be read is the translation's matter:
    nobody reads both.
    """
    return tuple(map(_paired, spoken, translated))


def _paired(above: Cue, below: Cue) -> Cue:
    flags = below.flags | (above.flags - {CueFlag.READING_SPEED})
    same = above.text == below.text
    return replace(below, lines=below.lines if same else above.lines + below.lines, flags=flags)


def translation_alone(cue: Cue) -> Cue:
    """A bilingual cue without its spoken lines: those of its words, which are the translation's."""
    own = "".join(text_of(cue.words).split())
    for first in range(len(cue.lines)):
        if "".join("".join(cue.lines[first:]).split()) == own:
            return replace(cue, lines=cue.lines[first:])
    return cue
