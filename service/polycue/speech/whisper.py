"""Features of sound to timed words, through faster-whisper and CTranslate2's Whisper."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import ctranslate2
import numpy as np

from polycue.domain import language as languages
from polycue.domain.audio import Span
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.errors import OutOfMemory, RecognitionFailed
from polycue.domain.memory import lacks_memory
from polycue.domain.request import SpeechTask
from polycue.domain.transcript import ChunkFacts
from polycue.speech.hypothesis import avg_logprob, compression_ratio, pieces_of
from polycue.speech.note import ModelNote
from polycue.speech.opening import opened
from polycue.speech.passage import DecodeSettings, Passage
from polycue.speech.rows import Row, rows_of
from polycue.speech.scores import told
from polycue.speech.tokens import MAX_LENGTH, Tokenizers
from polycue.speech.words import places_of, words_of
from polycue.tracing.parts import part
from polycue.whisperlib import WhisperModel

_FRAME_MS = 10  # of the features
_SAMPLES = 5  # of which the likeliest is taken; openai/whisper's best_of


class Whisper:
    """A loaded model. May be called by several threads: by as many as it has workers.

    Further calls would wait in CTranslate2's queue, which knows no order.
    """

    def __init__(self, model: WhisperModel, facts: ModelFacts, note: ModelNote) -> None:
        self._whisper = model
        self._model: ctranslate2.models.Whisper = model.model
        self._note = note
        self.facts = facts
        self._tokenizers = Tokenizers(model, facts.languages[0])
        tokenizer = self._tokenizers.of(DecodeSettings())
        self._end_token, self._no_timestamps = tokenizer.eot, tokenizer.no_timestamps

    def __repr__(self) -> str:
        model = self._model
        return f"Whisper({self.facts.name} on {model.device}, {model.compute_type})"

    @classmethod
    def load(
        cls,
        path: Path,
        name: str,
        *,
        device: str,
        device_index: int,
        compute_type: str,
        threads: int,
        workers: int = 1,
    ) -> Self:
        """Load the converted model in the folder ``path``. Takes seconds; touches no network.

        So many ``workers`` run a batch each side by side, with so many ``threads`` each on a CPU;
        they share the weights.

        Raises:
            ModelDamaged: a file is missing or not what it should be.
            DeviceUnavailable: the device cannot hold it, or not with this compute type.
        """
        model, facts, note = opened(
            path,
            name,
            device=device,
            device_index=device_index,
            compute_type=compute_type,
            cpu_threads=threads,
            num_workers=workers,
        )
        return cls(model, facts, note)

    def recognise(self, batch: Sequence[Passage]) -> list[Recognised]:
        """What is said in each passage; one forward pass for all, which have one ``settings.key``.

        Where one leaves the language open, it is detected on what the encoder made of it.

        Raises:
            OutOfMemory: fewer passages at once may succeed; nothing of the batch is recognised.
            RecognitionFailed: the engine failed; nothing of the batch is recognised.
            InvalidRequest: the prompt and the hotwords together are too long.
        """
        context = self._tokenizers.context(batch[0].settings)
        with _recognising(batch[0]):
            with part("encode sound"):
                encoded = self._encode(batch)
            unknown = any(not passage.settings.language for passage in batch)
            shares = self._languages(encoded) if unknown else ()
            rows = rows_of(batch, shares, self.facts.languages)
            return self._decode(encoded, rows, context)

    def rehearse(self, rows: int, tokens: int) -> int:
        """Do what a batch of so many full windows takes whose texts have so many tokens each.

        Returns how many it wrote in all.

        Raises:
            OutOfMemory, RecognitionFailed: as ``recognise``.
        """
        frames = self._whisper.feature_extractor.nb_max_frames
        silence = np.zeros((self._model.n_mels, frames), np.float32)
        settings = DecodeSettings(language=self.facts.languages[0])
        end_ms = frames * _FRAME_MS
        batch = [Passage(0, end_ms, (Span(0, end_ms),), silence, settings)] * rows
        with _recognising(batch[0]):
            encoded = self._encode(batch)
            heard = rows_of(batch, (), self.facts.languages)
            # Half of a length may be new, and no more than what the prompt leaves of it.
            length = max(2 * tokens, tokens + len(self._tokenizers.of(settings).sot_sequence))
            outputs = self._generate(
                encoded, heard, (), max_length=length, suppress_tokens=[self._end_token]
            )
            texts = [output.sequences_ids[0] for output in outputs]
            self._align(encoded, heard, texts)
        return sum(map(len, texts))

    def close(self) -> None:
        """Free the memory. No call may be running, and none may follow."""
        self._model.unload_model()

    def _encode(self, batch: Sequence[Passage]) -> Any:
        """Each window is as long as the model's, with zeros behind the features of the sound."""
        window = (self._model.n_mels, self._whisper.feature_extractor.nb_max_frames)
        features = np.zeros((len(batch), *window), np.float32)
        for row, passage in zip(features, batch, strict=True):
            row[:, : passage.features.shape[1]] = passage.features
        return self._model.encode(ctranslate2.StorageView.from_array(features))

    def _languages(self, encoded: Any) -> list[dict[str, float]]:
        """For each row the probabilities of the model's languages, which add up to 1."""
        known = self.facts.languages
        if len(known) == 1:
            return [{known[0]: 1.0}] * encoded.shape[0]
        with part("detect language"):
            rows = self._model.detect_language(encoded)
        found = []
        for row in rows:
            shares = {languages.from_whisper(token[2:-2]): float(p) for token, p in row}
            total = sum(shares.get(tag, 0.0) for tag in known)
            found.append({tag: shares.get(tag, 0.0) / total for tag in known})
        return found

    def _decode(
        self, encoded: Any, rows: Sequence[Row], context: Sequence[int]
    ) -> list[Recognised]:
        with part("decode text"):
            outputs = self._generate(encoded, rows, context)
        tokens = [[t for t in o.sequences_ids[0] if t < self._end_token] for o in outputs]
        with part("align words"):
            alignments = self._align(encoded, rows, tokens)
        with part("place words"):
            return [
                self._recognised(row, output, ids, alignment)
                for row, output, ids, alignment in zip(
                    rows, outputs, tokens, alignments, strict=True
                )
            ]

    def _generate(
        self,
        encoded: Any,
        rows: Sequence[Row],
        context: Sequence[int],
        *,
        max_length: int = MAX_LENGTH,
        **options: Any,
    ) -> list[Any]:
        """The best hypothesis for each row, without timestamp tokens.

        A row may be as long as Whisper's own limit lets it be, whatever its neighbours: what is
        said in a chunk must not depend on which others were there. One that loops costs steps that
        are its own, since CTranslate2 takes rows out of the batch as they end.
        """
        starts = [self._tokenizers.of(row.passage.settings).sot_sequence for row in rows]
        outputs: list[Any] = self._model.generate(
            encoded,
            [[*context, *start, self._no_timestamps] for start in starts],
            max_length=max_length,
            return_scores=True,
            return_no_speech_prob=True,
            **_search_options(rows[0].passage.settings),
            **options,
        )
        return outputs

    def _align(
        self, encoded: Any, rows: Sequence[Row], tokens: Sequence[Sequence[int]]
    ) -> list[Any]:
        """Where each token lies in its row's sound.

        One call takes one start sequence for all rows, so there is a call for each language and
        task; rows that it is not for are given no text, which costs next to nothing.
        """
        starts = [tuple(self._tokenizers.of(row.passage.settings).sot_sequence) for row in rows]
        alignments: list[Any] = [None] * len(rows)
        for start in dict.fromkeys(starts):
            mine = [own == start for own in starts]
            aligned = self._model.align(
                encoded,
                list(start),
                [list(ids) if own else [] for ids, own in zip(tokens, mine, strict=True)],
                [row.passage.duration_ms // _FRAME_MS for row in rows],
                median_filter_width=self._note.median_filter_width,
            )
            for index, alignment in enumerate(aligned):
                if mine[index]:
                    alignments[index] = alignment
        return alignments

    def _recognised(self, row: Row, output: Any, tokens: list[int], alignment: Any) -> Recognised:
        passage, tokenizer = row.passage, self._tokenizers.of(row.passage.settings)
        translates = passage.settings.task is SpeechTask.TRANSLATE
        pieces = pieces_of(tokens, tokenizer, alignment, passage.start_ms)
        written = "en" if translates else tokenizer.language_code
        words = words_of(pieces, written, passage.speech)
        facts = ChunkFacts(
            start_ms=passage.start_ms,
            end_ms=passage.end_ms,
            language=passage.settings.language,
            avg_logprob=told(avg_logprob(output.scores[0], len(tokens))),
            no_speech_prob=told(float(output.no_speech_prob)),
            compression_ratio=compression_ratio(tokenizer.decode(tokens)),
            word_count=len(words),
            speech_ms=passage.speech_ms,
            temperature=passage.settings.temperature,
        )
        return Recognised(
            words,
            facts,
            row.language_probability,
            aligned=places_of(pieces, written),
            tokens=len(tokens),
            shares=row.shares,
        )


def _search_options(settings: DecodeSettings) -> dict[str, Any]:
    if not settings.temperature:
        return {"beam_size": settings.beam_size}
    # With sampling_topk at its default of 1 there is nothing to sample from, at any temperature.
    return {
        "beam_size": 1,
        "sampling_topk": 0,
        "sampling_temperature": settings.temperature,
        "num_hypotheses": _SAMPLES,
    }


@contextmanager
def _recognising(first: Passage) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # all that CTranslate2 raises at work
        failed = OutOfMemory if lacks_memory(error) else RecognitionFailed
        raise failed(first.start_ms, str(error) or type(error).__name__) from error
