"""Text for Whisper as tokens: how it is to begin, and what it takes for the text before."""

from polycue.domain import language as languages
from polycue.domain.errors import InvalidRequest
from polycue.speech.passage import DecodeSettings
from polycue.whisperlib import Tokenizer, WhisperModel

MAX_LENGTH = 448  # of Whisper's text context; CTranslate2 lets half of it be new
_MAX_CONTEXT_TOKENS = MAX_LENGTH // 2 - 1  # as in openai/whisper


class Tokenizers:
    """One for each task and language, which keeps what it has looked up.

    Where settings leave the language open it is ``default``, in our own spelling.
    """

    def __init__(self, model: WhisperModel, default: str) -> None:
        self._vocabulary, self._default = model.hf_tokenizer, default
        self._multilingual: bool = model.model.is_multilingual
        self._made: dict[tuple[str, str], Tokenizer] = {}

    def __repr__(self) -> str:
        return f"Tokenizers({list(self._made)})"

    def of(self, settings: DecodeSettings) -> Tokenizer:
        code = languages.whisper_code(settings.language or self._default)
        asked = settings.task.value, code
        if asked not in self._made:
            self._made[asked] = Tokenizer(
                self._vocabulary,
                self._multilingual,
                task=settings.task.value,
                language=code,
            )
        return self._made[asked]

    def context(self, settings: DecodeSettings) -> list[int]:
        """What Whisper takes for the text before: hotwords, then the prompt.

        Raises:
            InvalidRequest: they are too long together.
        """
        parts = (", ".join(settings.hotwords).strip(), settings.initial_prompt.strip())
        tokenizer = self.of(settings)
        # Written-out special tokens would be taken for real ones, so none above the text is let in.
        tokens = [
            token
            for part in parts
            if part
            for token in tokenizer.encode(f" {part}")
            if token < tokenizer.eot
        ]
        if len(tokens) > _MAX_CONTEXT_TOKENS:
            raise InvalidRequest(
                "speech.initial_prompt",
                f"with the hotwords has {len(tokens)} tokens of at most {_MAX_CONTEXT_TOKENS}",
            )
        return [tokenizer.sot_prev, *tokens] if tokens else []
