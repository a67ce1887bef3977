"""Chunks of one film to words, through models that all callers share."""

import threading
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from pathlib import Path

from polycue.domain import language as languages
from polycue.domain.caller import NOBODY, Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Belief, Chunk, ModelFacts, Recognised
from polycue.domain.errors import Draining, InvalidRequest, LanguageNotSupported
from polycue.domain.request import MAX_BEAM_SIZE, SpeechOptions
from polycue.engine.backends.backend import Backend
from polycue.engine.backends.threads import ThreadBackend
from polycue.engine.batcher import Batcher
from polycue.engine.devices import Device
from polycue.engine.flow import Flow
from polycue.engine.hearing import Hearing
from polycue.speech.languages import candidates
from polycue.speech.passage import DecodeSettings, Passage


class Recogniser:
    """Loads each model at its first use and keeps it. Safe to use from any thread.

    ``models`` gives the folder of a model by name, ``default_model`` the name where a caller gives
    none; both may raise ModelMissing. ``close`` must be called.
    """

    def __init__(
        self,
        models: Callable[[str], Path],
        *,
        default_model: Callable[[], str],
        device: Device,
        open_backend: Callable[[Path, str, Device], Backend] = ThreadBackend.open,
    ) -> None:
        self._models = models
        self._default_model = default_model
        self._device = device
        self._open_backend = open_backend
        self._loading = threading.Lock()
        self._batchers: dict[str, Batcher] = {}
        self._closed = False

    def __repr__(self) -> str:
        return f"Recogniser({self._device.kind}: {', '.join(map(repr, self._batchers.values()))})"

    @property
    def loaded(self) -> tuple[str, ...]:
        """Names of the models in memory, as callers gave them."""
        return tuple(self._batchers)

    def facts(self, model: str = "") -> ModelFacts:
        """What the model can do; "" is the default one. Loads it if need be, which takes seconds.

        Raises:
            ModelMissing, ModelDamaged, DeviceUnavailable: it cannot be loaded.
        """
        batcher = self._batcher(model)
        # How many chunks are decided together depends on the size of a batch.
        weights = f"{batcher.facts.fingerprint}, batches of {batcher.max_rows}"
        return replace(batcher.facts, fingerprint=weights)

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
        where it is said to have one, that is detected on the first half minute of speech. Chunks
        whose words are in doubt are heard again; see ``speech.hallucination``. Closing the
        generator takes back what is still queued.

        Raises:
            ModelMissing, ModelDamaged, DeviceUnavailable: the model cannot be loaded.
            LanguageNotSupported, InvalidRequest: the model cannot do what is asked.
            RecognitionFailed: the engine failed on a chunk; those before it have been yielded.
            Draining: the recogniser was closed.
            Cancelled: the token was set.
        """
        batcher = self._batcher(options.model)
        settings, belief = _settings(options, batcher.facts)

        def hear(passage: Passage) -> Hearing:
            return Hearing(batcher, passage, options.defence, cancel)

        flow = Flow(hear, batcher.max_rows, cancel)
        if settings.language:
            return flow.fixed(iter(chunks), settings)
        if belief is None:
            return flow.detected(iter(chunks), settings, after)
        return flow.followed(iter(chunks), settings, belief, after)

    def close(self) -> None:
        """Fail what waits, let running batches end, and free the models."""
        with self._loading:
            self._closed = True
            batchers, self._batchers = list(self._batchers.values()), {}
        for batcher in batchers:
            batcher.close()

    def _batcher(self, model: str) -> Batcher:
        name = model or self._default_model()
        if loaded := self._batchers.get(name):  # not behind another model's loading
            return loaded
        with self._loading:
            if self._closed:
                raise Draining
            if name not in self._batchers:
                backend = self._open_backend(self._models(name), name, self._device)
                self._batchers[name] = Batcher(backend)
            return self._batchers[name]


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
