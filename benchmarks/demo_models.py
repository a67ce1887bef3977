"""How well the demo models do on what they were never trained on.

Prints a table and writes benchmarks/results/demo_models.json and demo_models.png. All material is
made on the fly, from fixed seeds: sentences that the grammar holds out, spoken by eSpeak NG in
voices the model knows and in five it does not. Run it from anywhere::

    .venv/bin/python benchmarks/demo_models.py

It needs eSpeak NG's library (Debian: apt-get install espeak-ng) and the development environment.
"""

import argparse
import hashlib
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))  # demo/ is no installed package

from demo.train import espeak  # noqa: E402
from demo.train.speech import corpus, heldout  # noqa: E402
from demo.train.speech.heldout import Clip  # noqa: E402

from demo_models_scores import (  # noqa: E402
    Recognition,
    Translation,
    measure_recognition,
    measure_translation,
)
from demo_recogniser import THREADS, Recogniser  # noqa: E402

CLIPS, RECORDINGS = 120, 8
RECORDING_S = 40
PAIRS = ("en_es", "en_de", "es_en")


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
