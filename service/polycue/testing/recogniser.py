"""A recogniser that hears what it was told to hear."""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace

from polycue.domain import language as languages
from polycue.domain.caller import NOBODY, Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Belief, Chunk, ModelFacts, Recognised
from polycue.domain.errors import LanguageNotSupported, ModelMissing, RecognitionFailed
from polycue.domain.request import SpeechOptions
from polycue.domain.transcript import ChunkFacts, Word

_FACTS = ModelFacts(
    name="scripted",
    languages=("en", "es", "de"),
    max_chunk_ms=30_000,
    translates=True,
    demo=False,
)


class ScriptedRecogniser:
    """Gives each chunk the words of a script that begin within it, wherever speech was detected.

    ``language`` is what it takes the speech for when a caller names none; a chunk whose first word
    has a language of its own is in that, where the language may change. At the chunk that holds
    ``fails_at_ms`` it raises RecognitionFailed, as a model that falls over would.
    """

    def __init__(
        self,
        script: Sequence[Word] = (),
        *,
        language: str = "en",
        language_probability: float = 0.97,
        facts: ModelFacts = _FACTS,
        fails_at_ms: int | None = None,
    ) -> None:
        self._script = tuple(script)
        self._language = language
        self._language_probability = language_probability
        self._facts = facts
        self._fails_at_ms = fails_at_ms
        self.callers: list[Caller] = []

    def facts(self, model: str = "") -> ModelFacts:
        if model not in {"", self._facts.name}:
            raise ModelMissing(model, f"polycue models pull {model}")
        return self._facts

    def transcribe(
        self,
        chunks: Iterable[Chunk],
        options: SpeechOptions,
        *,
        cancel: CancelToken,
        after: Recognised | None = None,
        caller: Caller = NOBODY,
    ) -> Generator[Recognised, None, None]:
        self.callers.append(caller)
        facts = self.facts(options.model)
        known = {languages.whisper_code(tag) for tag in facts.languages}
        if options.language and languages.whisper_code(options.language) not in known:
            raise LanguageNotSupported(facts.name, options.language)
        return self._recognised(chunks, options, cancel)

    def _recognised(
        self, chunks: Iterable[Chunk], options: SpeechOptions, cancel: CancelToken
    ) -> Generator[Recognised, None, None]:
        for chunk in chunks:
            cancel.check()
            start_ms, end_ms = chunk.audio.start_ms, chunk.audio.end_ms
            if self._fails_at_ms is not None and start_ms <= self._fails_at_ms < end_ms:
                raise RecognitionFailed(start_ms, "the script says so")
            said = [word for word in self._script if start_ms <= word.start_ms < end_ms]
            words = tuple(
                replace(word, end_ms=min(word.end_ms, end_ms), language="") for word in said
            )
            language = options.language or self._language
            if options.follows_language and said and said[0].language:
                language = said[0].language
            yield Recognised(
                words=words,
                facts=ChunkFacts(
                    start_ms=start_ms,
                    end_ms=end_ms,
                    language=language,
                    avg_logprob=-0.2 if words else 0.0,
                    no_speech_prob=0.01 if words else 0.9,
                    compression_ratio=1.2 if words else 0.0,
                    word_count=len(words),
                    speech_ms=chunk.speech_ms,
                ),
                language_probability=1.0 if options.language else self._language_probability,
                belief=Belief(language, {language: 0.0}),
            )
