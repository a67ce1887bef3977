"""How well the demo models do on what they were never trained on.

Prints a table and writes benchmarks/results/demo_models.json and demo_models.png. All material is
made on the fly, from fixed seeds: sentences that the grammar holds out, spoken by eSpeak NG in
voices the model knows and in five it does not. Run it from anywhere::

    .venv/bin/python benchmarks/demo_models.py

It needs eSpeak NG's library (Debian: apt-get install espeak-ng) and the service and bench extras.
"""

import argparse
import difflib
import hashlib
import json
import platform
import random
import re
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ctranslate2
import jiwer
import numpy as np
import sacrebleu
import sentencepiece
from faster_whisper.audio import pad_or_trim
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.vad import VadOptions, get_speech_timestamps
from tokenizers import Tokenizer

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))  # demo/ is no installed package

from demo.train import espeak, grammar  # noqa: E402
from demo.train.speech import corpus, heldout, tokens  # noqa: E402
from demo.train.speech.corpus import SAMPLE_RATE_HZ  # noqa: E402
from demo.train.speech.heldout import Clip, Samples  # noqa: E402

THREADS = 2
CLIPS, RECORDINGS, SENTENCES = 120, 8, 500
RECORDING_S = 40
# As the service cuts for a model that takes 10 s.
VAD = VadOptions(max_speech_duration_s=10, min_silence_duration_ms=300, speech_pad_ms=200)
PROMPT = [tokens.START, tokens.ENGLISH, tokens.TRANSCRIBE]
ENCODER_FRAME_S = 0.02
PAIRS = ("en_es", "en_de", "es_en")


@dataclass(frozen=True, slots=True)
class HeardWord:
    text: str
    start_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    text: str
    words: tuple[HeardWord, ...]


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


# -- measuring -----------------------------------------------------------------------------------


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
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(package) as archive:
            archive.extractall(folder)
        root = next(Path(folder).iterdir())
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(root / "sentencepiece.model"))
        translator = ctranslate2.Translator(
            str(root / "model"), compute_type="int8", intra_threads=THREADS
        )
        cut = [pieces.encode(sentence.text(source), out_type=str) for sentence in sentences]
        began_s = time.perf_counter()
        # Argos' own beam; one large batch instead of its one line at a time.
        results = translator.translate_batch(
            cut, beam_size=4, max_batch_size=2048, batch_type="tokens", replace_unknowns=True
        )
        took_s = time.perf_counter() - began_s
    translated = [pieces.decode(result.hypotheses[0]) for result in results]
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


# -- report --------------------------------------------------------------------------------------


def circumstances(models: Path) -> dict[str, Any]:
    libraries = ("ctranslate2", "faster-whisper", "jiwer", "numpy", "sacrebleu", "sentencepiece")
    files = [models / "whisper" / "demo-en" / "model.bin"]
    files += [_package(models, pair) for pair in PAIRS]
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "threads": THREADS,
        "libraries": {name: version(name) for name in libraries},
        "sha256": {
            str(path.relative_to(models)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        },
    }


def _package(models: Path, pair: str) -> Path:
    return models / "argos" / f"translate-{pair}-0_1.argosmodel"


def print_recognition(row: Recognition) -> None:
    spread = row.start_errors_ms
    print(
        f"{row.material:<22} {row.cut:<10} beam {row.beam}  {row.clips:>3} clips  "
        f"WER {row.word_error_rate:6.2%} ({row.wrong_words}/{row.words})  "
        f"exact {row.exact_clips:>3}  word starts: median {spread['median']:3.0f} ms, "
        f"p90 {spread['p90']:4.0f} ms  RTF {row.real_time_factor:.3f}",
        flush=True,
    )


def print_translation(row: Translation) -> None:
    print(
        f"{row.pair}  {row.sentences} sentences  exact {row.exact_share:.1%}  "
        f"chrF2 {row.chrf2:.2f}  BLEU {row.bleu:.2f}  {row.ms_per_sentence:.1f} ms a sentence",
        flush=True,
    )


def plot(recognitions: Sequence[Recognition], errors_s: dict[str, list[float]], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (bars, curves) = pyplot.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    labels = [f"{row.material}\n{row.cut}, beam {row.beam}" for row in recognitions]
    rates = [row.word_error_rate * 100 for row in recognitions]
    bars.barh(labels, rates, color="#4a7aa5")
    bars.bar_label(bars.containers[0], fmt="%.2f %%", padding=3)
    bars.invert_yaxis()
    bars.margins(x=0.2)
    bars.set_xlabel("word errors, %")
    bars.set_title("Held-out sentences")
    for label, errors in errors_s.items():
        ordered = np.sort(np.abs(errors)) * 1000
        curves.plot(ordered, np.linspace(0, 100, len(ordered)), label=label)
    curves.set_xlim(0, 400)
    curves.set_xlabel("error of a word's start, ms")
    curves.set_ylabel("words within, %")
    curves.set_title("Word times by align()")
    curves.legend()
    figure.savefig(path, dpi=120)


def measure_recognitions(
    recogniser: Recogniser, materials: dict[str, list[Clip]]
) -> tuple[list[Recognition], dict[str, list[float]]]:
    """Every material cut both ways, with both beams; word start errors of the greedy runs."""
    recognitions: list[Recognition] = []
    errors_s: dict[str, list[float]] = {}
    for material, clips in materials.items():
        fits = any(clip.length_s <= recogniser.longest_s for clip in clips)
        for cut_by_vad in (False, True) if fits else (True,):
            for beam in (1, 5):
                row, errors = measure_recognition(
                    recogniser, material, clips, cut_by_vad=cut_by_vad, beam=beam
                )
                print_recognition(row)
                recognitions.append(row)
                if beam == 1:
                    errors_s[f"{material}, {row.cut}"] = errors
    return recognitions, errors_s


def make_materials() -> dict[str, list[Clip]]:
    seen, unseen = corpus.TRAINED_VARIANTS, corpus.UNSEEN_VARIANTS
    return {
        "seen voices": heldout.make_clips("seen", seen, CLIPS, None),
        "unseen voices": heldout.make_clips("unseen", unseen, CLIPS, None),
        "seen voices, 40 s": heldout.make_clips("long", seen, RECORDINGS, RECORDING_S),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--models", type=Path, default=REPOSITORY / "demo" / "models")
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    arguments = parser.parse_args()
    try:
        materials = make_materials()
    except espeak.EspeakMissing as error:
        print(f"The benchmark speaks its own material, and cannot: {error}", file=sys.stderr)
        return 1
    recogniser = Recogniser(arguments.models / "whisper" / "demo-en")
    recognitions, errors_s = measure_recognitions(recogniser, materials)
    texts = {
        name: recogniser.hear(samples, cut_by_vad=False, beam=1).text
        for name, samples in heldout.sounds_without_speech().items()
    }
    print("without speech:", ", ".join(f"{name} {text!r}" for name, text in texts.items()))
    translations = [measure_translation(_package(arguments.models, pair), pair) for pair in PAIRS]
    for translation in translations:
        print_translation(translation)

    report = {
        **circumstances(arguments.models),
        "recognition": [asdict(row) for row in recognitions],
        "texts_without_speech": texts,
        "translation": [asdict(row) for row in translations],
    }
    arguments.results.mkdir(parents=True, exist_ok=True)
    target = arguments.results / "demo_models.json"
    target.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    plot(recognitions, errors_s, target.with_suffix(".png"))
    print(f"wrote {target} and {target.with_suffix('.png').name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
