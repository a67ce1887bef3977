"""Chunks of one film to words, through models that all callers share."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from polycue.domain import language as languages
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, ModelFacts, Recognised
from polycue.domain.errors import Draining, InvalidRequest, LanguageNotSupported
from polycue.domain.request import MAX_BEAM_SIZE, SpeechOptions, SpeechTask
from polycue.engine.backends.backend import Backend
from polycue.engine.backends.threads import ThreadBackend
from polycue.engine.batcher import Batcher, Result
from polycue.engine.devices import Device
from polycue.speech.passage import DecodeSettings, Passage

_BATCHES_AHEAD = 2  # one at work and one waiting keep the device busy
_DETECTION_MS = 30_000  # of speech; what Whisper hears at once, and its own detection is made on


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
        return self._batcher(model).facts

    def transcribe(
        self, chunks: Iterable[Chunk], options: SpeechOptions, *, cancel: CancelToken
    ) -> Generator[Recognised, None, None]:
        """Yield what is said in each chunk, in order; ``chunks`` are pulled a little ahead.

        Without a language given, it is detected on the first half minute of speech and kept.
        Closing the generator takes back what is still queued.

        Raises:
            ModelMissing, ModelDamaged, DeviceUnavailable: the model cannot be loaded.
            LanguageNotSupported, InvalidRequest: the model cannot do what is asked.
            RecognitionFailed: the engine failed on a chunk; those before it have been yielded.
            Draining: the recogniser was closed.
            Cancelled: the token was set.
        """
        batcher = self._batcher(options.model)
        settings = _settings(options, batcher.facts)
        return _transcribe(batcher, iter(chunks), settings, cancel)

    def close(self) -> None:
        """Fail what waits, let running batches end, and free the models."""
        with self._loading:
            self._closed = True
            batchers, self._batchers = list(self._batchers.values()), {}
        for batcher in batchers:
            batcher.close()

    def _batcher(self, model: str) -> Batcher:
        name = model or self._default_model()
        if name in self._batchers:  # not behind another model's loading
            return self._batchers[name]
        with self._loading:
            if self._closed:
                raise Draining
            if name not in self._batchers:
                backend = self._open_backend(self._models(name), name, self._device)
                self._batchers[name] = Batcher(backend)
            return self._batchers[name]


def _settings(options: SpeechOptions, facts: ModelFacts) -> DecodeSettings:
    if not 1 <= options.beam_size <= MAX_BEAM_SIZE:
        raise InvalidRequest("speech.beam_size", f"is within 1..{MAX_BEAM_SIZE}")
    if options.task is SpeechTask.TRANSLATE and not facts.translates:
        raise InvalidRequest("speech.task", f"model {facts.name!r} cannot translate by itself")
    language = options.language
    if not language and len(facts.languages) == 1:
        language = facts.languages[0]
    known = {languages.whisper_code(tag) for tag in facts.languages}
    if language and languages.whisper_code(language) not in known:
        raise LanguageNotSupported(facts.name, language)
    return DecodeSettings(
        language=language,
        task=options.task,
        beam_size=options.beam_size,
        initial_prompt=options.initial_prompt,
        hotwords=options.hotwords,
    )


def _transcribe(
    batcher: Batcher, chunks: Iterator[Chunk], settings: DecodeSettings, cancel: CancelToken
) -> Generator[Recognised, None, None]:
    probability = 1.0
    if not settings.language:
        opening = _opening(chunks, max_count=batcher.max_rows, cancel=cancel)
        if not opening:
            return
        heard = _outcome(batcher.submit(Passage(opening, settings), cancel=cancel), cancel)
        yield from heard
        probability = heard[0].language_probability
        settings = replace(settings, language=heard[0].facts.language)
    for recognised in _ahead(batcher, chunks, settings, cancel):
        yield replace(recognised, language_probability=probability)


def _opening(chunks: Iterator[Chunk], *, max_count: int, cancel: CancelToken) -> tuple[Chunk, ...]:
    """The first chunks, with enough speech to know its language, or as many as a batch takes."""
    opening: list[Chunk] = []
    speech_ms = 0
    while speech_ms < _DETECTION_MS and len(opening) < max_count:
        cancel.check()
        chunk = next(chunks, None)
        if chunk is None:
            break
        opening.append(chunk)
        speech_ms += sum(span.duration_ms for span in chunk.speech)
    return tuple(opening)


def _ahead(
    batcher: Batcher, chunks: Iterator[Chunk], settings: DecodeSettings, cancel: CancelToken
) -> Iterator[Recognised]:
    """Results in order, with a bounded number of chunks under way."""
    under_way: deque[Result] = deque()
    exhausted = False
    try:
        while True:
            room = _BATCHES_AHEAD * batcher.max_rows
            # A finished result is handed on before more sound is read for the next.
            while (
                not exhausted and len(under_way) < room and not (under_way and under_way[0].done())
            ):
                cancel.check()
                chunk = next(chunks, None)
                exhausted = chunk is None
                if chunk is not None:
                    passage = Passage((chunk,), settings)
                    under_way.append(batcher.submit(passage, cancel=cancel))
            if not under_way:
                return
            yield from _outcome(under_way[0], cancel)
            under_way.popleft()
    finally:
        for result in under_way:
            result.cancel()


def _outcome(result: Result, cancel: CancelToken) -> tuple[Recognised, ...]:
    """Wait for ``result``; a caller who has enough of it takes it back and waits no longer."""
    settled = threading.Event()
    result.add_done_callback(lambda _: settled.set())
    forget = cancel.on_cancel(settled.set)
    try:
        settled.wait()
        cancel.check()
    finally:
        forget()
        result.cancel()  # does nothing to one that is done
    return result.result()
