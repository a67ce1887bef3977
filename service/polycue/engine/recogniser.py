"""Chunks of one film to words, through models that all callers share."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace

from polycue.domain import language as languages
from polycue.domain.caller import NOBODY, Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Belief, Chunk, ModelFacts, Recognised
from polycue.domain.errors import InvalidRequest, LanguageNotSupported
from polycue.domain.request import MAX_BEAM_SIZE, SpeechOptions
from polycue.engine.asking import Asking, FeaturePool
from polycue.engine.deciding import Deciding, Detected, Followed, Named
from polycue.engine.devices import usable_cores
from polycue.engine.flow import Flow
from polycue.engine.recognisers import Recognisers
from polycue.speech.features import Features
from polycue.speech.languages import candidates
from polycue.speech.passage import DecodeSettings


class Recogniser:
    """All recognisers, each pinned while a film is heard. Safe to use from any thread.

    ``close`` must be called.
    """

    def __init__(self, models: Recognisers) -> None:
        self._models = models
        self._pool = FeaturePool(usable_cores())

    def __repr__(self) -> str:
        return f"Recogniser({self._models})"

    def facts(self, model: str = "") -> ModelFacts:
        """What the model can do; "" is the default one. Loads it if need be, which takes seconds.

        Raises:
            ModelMissing, ModelDamaged, DeviceUnavailable: it cannot be loaded.
        """
        with self._models.use(model) as batcher:
            return batcher.facts

    def transcribe(
        self,
        chunks: Iterable[Chunk],
        options: SpeechOptions,
        *,
        cancel: CancelToken,
        after: Recognised | None = None,
        caller: Caller = NOBODY,
    ) -> Generator[Recognised, None, None]:
        """Yield what is said in each chunk, in order; ``chunks`` are pulled a little ahead.

        ``after`` is what was said in the chunk before these, where they do not begin the film; it
        has a belief, and what follows is as if the recogniser had never stopped there.

        Where no language is named, or the film is said to have several, each chunk has its own;
        where it is said to have one, that is detected on the first 20 s of speech. Chunks whose
        words are in doubt are heard again; see ``speech.hallucination``. Closing the generator
        takes back what is still queued.

        Raises:
            ModelMissing, ModelDamaged, DeviceUnavailable: the model cannot be loaded.
            LanguageNotSupported, InvalidRequest: the model cannot do what is asked.
            RecognitionFailed: the engine failed on a chunk; those before it have been yielded.
            Draining: the recogniser was closed.
            Cancelled: the token was set.
        """
        options = replace(options, model=self._models.named(options.model))  # to its end
        with self._models.use(options.model) as batcher:
            settings, belief = _settings(options, batcher.facts)
        deciding = _deciding(settings, belief, after)
        return self._heard(iter(chunks), options, settings, deciding, cancel, caller)

    def _heard(
        self,
        chunks: Iterator[Chunk],
        options: SpeechOptions,
        settings: DecodeSettings,
        deciding: Deciding,
        cancel: CancelToken,
        caller: Caller,
    ) -> Generator[Recognised, None, None]:
        with self._models.use(options.model) as batcher:
            asking = Asking(
                batcher=batcher,
                pool=self._pool,
                features=Features(batcher.facts),
                settings=settings,
                defence=options.defence,
                caller=caller,
                cancel=cancel,
            )
            flow = Flow(asking.hear, deciding, capacity=batcher.capacity, cancel=cancel)
            yield from flow.run(chunks)

    def close(self) -> None:
        """Fail what waits, let running batches end, and free the models."""
        self._models.close()
        self._pool.close()


def _deciding(
    settings: DecodeSettings, belief: Belief | None, after: Recognised | None
) -> Deciding:
    if settings.language:
        return Named(settings.language)
    return Detected(after) if belief is None else Followed(belief, after)


def _settings(options: SpeechOptions, facts: ModelFacts) -> tuple[DecodeSettings, Belief | None]:
    """How to decode, and what is believed of the language before it is followed, if it is."""
    if not 1 <= options.beam_size <= MAX_BEAM_SIZE:
        raise InvalidRequest("speech.beam_size", f"is within 1..{MAX_BEAM_SIZE}")
    if options.translates and not facts.translates:
        raise InvalidRequest("speech.task", f"model {facts.name!r} cannot translate by itself")
    named = options.language
    known = {languages.whisper_code(tag) for tag in facts.languages}
    if named and languages.whisper_code(named) not in known:
        raise LanguageNotSupported(facts.name, named)
    possible = candidates(facts.languages, options.allowed_languages, named)
    if not possible:
        raise LanguageNotSupported(facts.name, options.allowed_languages[0])
    settings = DecodeSettings(
        language=named,
        task=options.task,
        beam_size=options.beam_size,
        initial_prompt=options.initial_prompt,
        hotwords=options.hotwords,
        candidates=possible,
    )
    if len(possible) == 1:
        return replace(settings, language=possible[0]), None
    if not options.follows_language:
        return settings, None
    belief = Belief(named, {named: 0.0}) if named else Belief()
    return replace(settings, language=""), belief
