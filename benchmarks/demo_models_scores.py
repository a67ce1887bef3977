"""What the demo models make of material whose right answer is known, for ``demo_models.py``."""

import difflib
import random
import re
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import jiwer
import numpy as np
import sacrebleu
import sentencepiece

from demo_recogniser import THREADS, Heard, Recogniser

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))  # demo/ is no installed package

from demo.train import grammar  # noqa: E402
from demo.train.speech.heldout import Clip  # noqa: E402

SENTENCES = 500


@dataclass(frozen=True, slots=True)
class Recognition:
    """Errors are of words, without case and punctuation; ``exact`` clips have those right too."""

    material: str
    cut: str
    beam: int
    clips: int
    words: int
    wrong_words: int
    word_error_rate: float
    exact_clips: int
    real_time_factor: float
    start_errors_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Translation:
    pair: str
    sentences: int
    exact_share: float
    chrf2: float
    bleu: float
    chrf_signature: str
    bleu_signature: str
    ms_per_sentence: float


def measure_recognition(
    recogniser: Recogniser, material: str, clips: Sequence[Clip], *, cut_by_vad: bool, beam: int
) -> tuple[Recognition, list[float]]:
    """The figures, and the error in s of every word start that can be judged."""
    if not cut_by_vad:
        clips = [clip for clip in clips if clip.length_s <= recogniser.longest_s]
    began_s = time.perf_counter()
    heard = [recogniser.hear(clip.samples, cut_by_vad=cut_by_vad, beam=beam) for clip in clips]
    took_s = time.perf_counter() - began_s
    counts = jiwer.process_words(
        [_plain(clip.text) for clip in clips], [_plain(said.text) for said in heard]
    )
    wrong = counts.substitutions + counts.deletions + counts.insertions
    words = counts.hits + counts.substitutions + counts.deletions
    errors_s = [e for c, h in zip(clips, heard, strict=True) for e in _start_errors_s(c, h)]
    recognition = Recognition(
        material=material,
        cut="by VAD" if cut_by_vad else "one chunk",
        beam=beam,
        clips=len(clips),
        words=words,
        wrong_words=wrong,
        word_error_rate=counts.wer,
        exact_clips=sum(c.text == h.text for c, h in zip(clips, heard, strict=True)),
        real_time_factor=took_s / sum(clip.length_s for clip in clips),
        start_errors_ms=_spread_ms(errors_s),
    )
    return recognition, errors_s


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w ]", " ", text.lower()).split())


def _start_errors_s(clip: Clip, heard: Heard) -> Iterable[float]:
    """For words heard right whose true start is known by itself: heard minus true."""
    spoken = [_plain(word.text) for word in clip.words]
    said = [_plain(word.text) for word in heard.words]
    matcher = difflib.SequenceMatcher(None, spoken, said, autojunk=False)
    for block in matcher.get_matching_blocks():
        for offset in range(block.size):
            word = clip.words[block.a + offset]
            if word.exact:
                yield heard.words[block.b + offset].start_s - word.start_s


def _spread_ms(errors_s: Sequence[float]) -> dict[str, float]:
    absolute = np.abs(errors_s) * 1000
    return {
        "words": len(errors_s),
        "median": float(np.median(absolute)),
        "p90": float(np.percentile(absolute, 90)),
        "p99": float(np.percentile(absolute, 99)),
        "bias": statistics.fmean(errors_s) * 1000,
    }


def measure_translation(package: Path, pair: str) -> Translation:
    source, target = pair.split("_")
    rng = random.Random(f"translation {pair}")
    sentences = [grammar.held_out_sentence(rng) for _ in range(SENTENCES)]
    references = [sentence.text(target) for sentence in sentences]
    translated, took_s = _translated(package, [sentence.text(source) for sentence in sentences])
    chrf, bleu = sacrebleu.CHRF(), sacrebleu.BLEU()
    chrf2 = chrf.corpus_score(translated, [references]).score
    bleu_score = bleu.corpus_score(translated, [references]).score
    right = sum(a == b for a, b in zip(translated, references, strict=True))
    return Translation(
        pair=pair,
        sentences=SENTENCES,
        exact_share=right / SENTENCES,
        chrf2=chrf2,
        bleu=bleu_score,
        chrf_signature=str(chrf.get_signature()),
        bleu_signature=str(bleu.get_signature()),
        ms_per_sentence=took_s * 1000 / SENTENCES,
    )


def _translated(package: Path, texts: Sequence[str]) -> tuple[list[str], float]:
    """And the seconds that the model took."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(package) as archive:
            archive.extractall(folder)
        root = next(Path(folder).iterdir())
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(root / "sentencepiece.model"))
        translator = ctranslate2.Translator(
            str(root / "model"), compute_type="int8", intra_threads=THREADS
        )
        cut = [pieces.encode(text, out_type=str) for text in texts]
        began_s = time.perf_counter()
        # Argos' own beam; one large batch instead of its one line at a time.
        results = translator.translate_batch(
            cut, beam_size=4, max_batch_size=2048, batch_type="tokens", replace_unknowns=True
        )
        took_s = time.perf_counter() - began_s
    return [pieces.decode(result.hypotheses[0]) for result in results], took_s
