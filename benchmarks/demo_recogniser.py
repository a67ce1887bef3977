"""The demo Whisper with nothing of polycue around it, for ``demo_models.py``."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper.audio import pad_or_trim
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.vad import VadOptions, get_speech_timestamps
from tokenizers import Tokenizer

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))  # demo/ is no installed package

from demo.train.speech import tokens  # noqa: E402
from demo.train.speech.corpus import SAMPLE_RATE_HZ  # noqa: E402
from demo.train.speech.heldout import Samples  # noqa: E402

THREADS = 2
# As the service cuts for a model that takes 10 s.
VAD = VadOptions(max_speech_duration_s=10, min_silence_duration_ms=300, speech_pad_ms=200)
PROMPT = [tokens.START, tokens.ENGLISH, tokens.TRANSCRIBE]
ENCODER_FRAME_S = 0.02


@dataclass(frozen=True, slots=True)
class HeardWord:
    text: str
    start_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    text: str
    words: tuple[HeardWord, ...]


class Recogniser:
    """The demo Whisper through CTranslate2, with faster-whisper's features and detector."""

    def __init__(self, folder: Path) -> None:
        self._model = ctranslate2.models.Whisper(
            str(folder), compute_type="int8", intra_threads=THREADS
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        settings = json.loads((folder / "preprocessor_config.json").read_text("utf-8"))
        self._features = FeatureExtractor(chunk_length=settings["chunk_length"])
        marker = folder / "polycue.json"
        facts = json.loads(marker.read_text("utf-8")) if marker.exists() else {}
        self._median_filter_width = facts.get("median_filter_width", 7)

    @property
    def longest_s(self) -> int:
        return int(self._features.chunk_length)

    def hear(self, samples: Samples, *, cut_by_vad: bool, beam: int) -> Heard:
        spans = [(0, len(samples))]
        if cut_by_vad:
            spans = [(s["start"], s["end"]) for s in get_speech_timestamps(samples, VAD)]
        chunks = [self._hear_chunk(samples[a:b], a / SAMPLE_RATE_HZ, beam) for a, b in spans]
        text = " ".join(chunk.text for chunk in chunks if chunk.text)
        return Heard(text, tuple(word for chunk in chunks for word in chunk.words))

    def _hear_chunk(self, samples: Samples, at_s: float, beam: int) -> Heard:
        features = self._features(samples)
        frames = min(features.shape[1], self._features.nb_max_frames)
        padded = pad_or_trim(features, self._features.nb_max_frames)[None]
        view = ctranslate2.StorageView.from_array(np.ascontiguousarray(padded, np.float32))
        encoded = self._model.encode(view)
        prompt = [[*PROMPT, tokens.NO_TIMESTAMPS]]
        result = self._model.generate(encoded, prompt, beam_size=beam, max_length=120)[0]
        said = [token for token in result.sequences_ids[0] if token < tokens.END]
        if not said:
            return Heard("", ())
        aligned = self._model.align(
            encoded, PROMPT, [said], [frames], median_filter_width=self._median_filter_width
        )[0]
        return Heard(
            self._tokenizer.decode(said).strip(),
            tuple(self._words(said, aligned.alignments, at_s)),
        )

    def _words(
        self, said: Sequence[int], alignments: Sequence[tuple[int, int]], at_s: float
    ) -> Iterable[HeardWord]:
        """Words begin at tokens with a space; a token begins at the first frame on its path."""
        starts_s: dict[int, float] = {}
        for token, frame in alignments:
            starts_s.setdefault(token, at_s + frame * ENCODER_FRAME_S)
        begins = [
            index
            for index, token in enumerate(said)
            if index == 0 or (self._tokenizer.id_to_token(token) or "").startswith("Ġ")
        ]
        for first, last in zip(begins, [*begins[1:], len(said)], strict=True):
            yield HeardWord(self._tokenizer.decode(said[first:last]).strip(), starts_s[first])
