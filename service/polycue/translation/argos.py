"""The translator itself: the only module here that opens CTranslate2 and SentencePiece."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import ctranslate2
import sentencepiece

from polycue.domain.errors import DeviceUnavailable, ModelDamaged, TranslationFailed
from polycue.domain.translation import Hypotheses, Hypothesis, Search
from polycue.tracing.parts import part
from polycue.translation.lengths import MOST_TOKENS, longest_answer, step_of
from polycue.translation.links import links
from polycue.translation.packages import Package, Tokenizer, bpe_tokenizer

_LENGTH_PENALTY = 0.2  # argostranslate's
_SPACE = "\u2581"  # SentencePiece's mark for a space


class SentencePieces:
    """The tokenizer of nearly all packages; may be shared between threads."""

    def __init__(self, model_file: Path) -> None:
        self._processor = sentencepiece.SentencePieceProcessor(model_file=str(model_file))

    def encode(self, sentence: str) -> list[str]:
        return list(self._processor.encode(sentence, out_type=str))

    def decode(self, tokens: list[str]) -> str:
        return str(self._processor.decode_pieces(tokens)).replace(_SPACE, " ")


class ArgosModel:
    """One loaded package. Threads may share it: CTranslate2 queues their calls."""

    def __init__(
        self, package: Package, translator: ctranslate2.Translator, tokenizer: Tokenizer
    ) -> None:
        self._package, self._translator, self._tokenizer = package, translator, tokenizer

    def __repr__(self) -> str:
        return f"ArgosModel({self._package.source} to {self._package.target})"

    @classmethod
    def load(
        cls,
        package: Package,
        *,
        device: str = "cpu",
        device_index: int = 0,
        compute_type: str = "auto",
        threads: int = 0,
        workers: int = 1,
    ) -> Self:
        """Load the weights; ``threads`` 0 lets CTranslate2 choose.

        A call is cut into batches, which the ``workers`` do side by side.

        Raises:
            ModelDamaged: a file is missing or not what it should be.
            DeviceUnavailable: the device cannot hold or run the model.
        """
        tokenizer = _tokenizer(package)
        try:
            translator = ctranslate2.Translator(
                str(package.path / "model"),
                device=device,
                device_index=device_index,
                compute_type=compute_type,
                intra_threads=threads,
                inter_threads=workers,
            )
        except (RuntimeError, ValueError) as error:
            if device == "cpu" and "compute type" not in str(error):
                raise ModelDamaged(package.path.name, str(error)) from error
            raise DeviceUnavailable(device, str(error)) from error
        return cls(package, translator, tokenizer)

    def measure(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text is to the model."""
        return [len(self._pieces(text)) for text in texts]

    def translate(self, texts: Sequence[str], search: Search) -> list[Hypotheses]:
        """Translate all texts; for each its translations, best first, none twice.

        Those of one step of length (``lengths``) are one batch, whatever its size. Text without a
        word has no translation, nor has text longer than any sentence is.

        Raises:
            TranslationFailed: CTranslate2 gave up; nothing is translated.
        """
        pieces = [self._pieces(text) for text in texts]
        steps: dict[int, list[int]] = defaultdict(list)
        for number, tokens in enumerate(pieces):
            if 0 < len(tokens) <= MOST_TOKENS:
                steps[step_of(len(tokens))].append(number)
        found: list[Hypotheses] = [()] * len(texts)
        for step, numbers in steps.items():
            with part("decode text", texts=len(numbers)):
                results = self._decode([pieces[n] for n in numbers], search, longest_answer(step))
            for n, result in zip(numbers, results, strict=True):
                found[n] = self._hypotheses(result, texts[n], pieces[n])
        return found

    def _pieces(self, text: str) -> list[str]:
        return self._tokenizer.encode(" ".join(text.split()))

    def _decode(
        self, pieces: list[list[str]], search: Search, most_tokens: int
    ) -> Sequence[ctranslate2.TranslationResult]:
        prefix = self._package.target_prefix
        # CTranslate2 4.8.5 mixes up whose attention is whose in a beam of several texts: all but
        # the first had another's, up to 0.98 off. The texts themselves are right.
        apart = search.with_links and search.beam_size > 1
        try:
            return self._translator.translate_batch(  # type: ignore[no-any-return]
                pieces,
                target_prefix=[[prefix]] * len(pieces) if prefix else None,
                max_batch_size=1 if apart else 0,  # 0: all at once
                beam_size=search.beam_size,
                num_hypotheses=search.hypotheses,
                return_scores=True,
                return_attention=search.with_links,
                length_penalty=_LENGTH_PENALTY,
                repetition_penalty=search.repetition_penalty,
                no_repeat_ngram_size=search.no_repeat_ngram,
                max_decoding_length=most_tokens,
                max_input_length=MOST_TOKENS,
                replace_unknowns=True,
            )
        except (RuntimeError, ValueError) as error:
            raise TranslationFailed(
                self._package.source, self._package.target, str(error)
            ) from error

    def _hypotheses(
        self, result: ctranslate2.TranslationResult, source: str, pieces: list[str]
    ) -> Hypotheses:
        best: dict[str, Hypothesis] = {}  # other pieces may make the same text
        attention = result.attention or [[]] * len(result.hypotheses)
        for tokens, score, rows in zip(result.hypotheses, result.scores, attention, strict=True):
            text = self._text(tokens, source)
            if text and text not in best:
                best[text] = Hypothesis(text, score, links(pieces, tokens, rows, text))
        return tuple(best.values())

    def _text(self, tokens: list[str], source: str) -> str:
        if tokens and tokens[0] == self._package.target_prefix:
            tokens = tokens[1:]
        text = self._tokenizer.decode(tokens)
        # Argos reads every underscore as a space, since some models write it so; a name in the
        # source that has one keeps it.
        return " ".join((text if "_" in source else text.replace("_", " ")).split())


def _tokenizer(package: Package) -> Tokenizer:
    model_file = package.path / "sentencepiece.model"
    if model_file.is_file():
        try:
            return SentencePieces(model_file)
        except (OSError, RuntimeError) as error:
            raise ModelDamaged(package.path.name, "sentencepiece.model cannot be read") from error
    if (package.path / "bpe.model").is_file():
        return bpe_tokenizer(package)
    raise ModelDamaged(package.path.name, "it has neither sentencepiece.model nor bpe.model")
