"""Existing cues into another language, their times as they are."""

from collections.abc import Sequence

from polycue.cues.presets import rules_for
from polycue.cues.sentences import sentences
from polycue.cues.template import words_of
from polycue.domain.cancel import CancelToken
from polycue.domain.cue import Cue
from polycue.domain.request import LayoutOptions, TranslationOptions
from polycue.domain.track import Track
from polycue.pipeline.assembling import flag_kept
from polycue.pipeline.ports import Translator
from polycue.pipeline.reporting import reported
from polycue.pipeline.rooms import wishes_for
from polycue.pipeline.templates import filled
from polycue.pipeline.translating import notices_of, translate_sentences


def translate_cues(
    translator: Translator,
    cues: Sequence[Cue],
    source: str,
    wanted: TranslationOptions,
    options: LayoutOptions,
    *,
    cancel: CancelToken,
) -> Track:
    target = wanted.target
    route = translator.route(source, target)
    rules = rules_for(options, target, None, translated=True)
    spoken = sentences(words_of(cues), source)
    wishes = wishes_for(spoken, rules, wanted)
    translated = translate_sentences(translator, spoken, route, wishes, cancel=cancel)
    made = filled(cues, spoken, translated, rules)
    kept = translated.kept
    track = Track(
        target,
        tuple(flag_kept(cue, kept) for cue in made),
        kind=options.track_kind,
        route=route,
        notices=notices_of(translated.fallbacks, route),
        fallbacks=translated.fallbacks,
    )
    return reported(track, options, None)
