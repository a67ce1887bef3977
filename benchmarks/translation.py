"""Many sentences in one call against a call for each line, as argostranslate makes them.

Prints a table and writes benchmarks/results/translation.json. Run it from anywhere::

    .venv/bin/python benchmarks/translation.py

Two models: the demo package English > Spanish, through polycue's own code with all it does (four
hypotheses and, to see what they cost, one); and one
of the size of Argos's packages (6 + 6 layers of 512) with random weights and outputs of a fixed
length, since none can be had without a network. Both sides have the same weights, beam and options,
run on the same threads, in rounds of shuffled order; the ratio is taken within each round, and the
outputs must be equal. Argos's sentence splitter is left out, which is in its favour.
"""

import argparse
import json
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np

from polycue.domain.translation import MOST_HYPOTHESES, Search
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from polycue.translation.argos import ArgosModel, SentencePieces
from polycue.translation.packages import Package, Packages

REPOSITORY = Path(__file__).resolve().parents[1]
SEED = 20261122
LINES = 60
LINE_TOKENS = 11  # a subtitle line's
OUTPUT_TOKENS = 12
VOCABULARY = 32_000
LAYERS, WIDTH, HEADS, INNER = 6, 512, 8, 2048
ARGOS_BATCH, OUR_BATCH = 32, 2048  # tokens; argostranslate.settings.batch_size, and argos.py's
OPTIONS = {
    "batch_type": "tokens",
    "beam_size": 4,
    "length_penalty": 0.2,
    "replace_unknowns": True,
    "return_scores": True,
}

Way = Callable[[], list[str]]


@dataclass(frozen=True)
class Measurement:
    """Seconds of each round, and how many times faster than Argos's way within a round."""

    model: str
    way: str
    lines: int
    seconds: list[float]
    ratio_min: float
    ratio_median: float
    ratio_max: float
    identical: bool


def measure(model: str, argos: Way, others: dict[str, Way], rounds: int) -> list[Measurement]:
    """Run all ways in each round, in a new order every time."""
    ways = {"a call a line (Argos)": argos, **others}
    reference = {name: way() for name, way in ways.items()}  # also warms up
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name in random.sample(list(ways), len(ways)):
            started = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - started)
    first, *_ = ways
    measured = []
    for name in ways:
        ratios = [a / b for a, b in zip(seconds[first], seconds[name], strict=True)]
        measured.append(
            Measurement(
                model=model,
                way=name,
                lines=len(reference[name]),
                seconds=[round(s, 3) for s in seconds[name]],
                ratio_min=round(min(ratios), 2),
                ratio_median=round(statistics.median(ratios), 2),
                ratio_max=round(max(ratios), 2),
                identical=reference[name] == reference[first],
            )
        )
    return measured


def demo_ways(package: Package, texts: Sequence[str], threads: int) -> tuple[Way, dict[str, Way]]:
    """The loop of argostranslate over lines, and the one call of polycue."""
    model = ArgosModel.load(package, threads=threads)
    translator = ctranslate2.Translator(
        str(package.path / "model"), compute_type="auto", intra_threads=threads
    )
    pieces = SentencePieces(package.path / "sentencepiece.model")

    def line(text: str) -> str:
        result = translator.translate_batch(
            [pieces.encode(text)], max_batch_size=ARGOS_BATCH, **OPTIONS
        )[0]
        return pieces.decode(result.hypotheses[0]).strip()

    def several() -> list[str]:
        return [found[0].text for found in model.translate(texts, Search(MOST_HYPOTHESES))]

    def one() -> list[str]:
        return [found[0].text for found in model.translate(texts, Search())]

    return (
        lambda: [line(text) for text in texts],
        {"one call (polycue)": several, "one call, one hypothesis": one},
    )


def sized_ways(
    folder: Path, lines: Sequence[list[str]], threads: int
) -> tuple[Way, dict[str, Way]]:
    translator = ctranslate2.Translator(
        str(folder), compute_type="int8", intra_threads=threads, max_queued_batches=-1
    )
    fixed = {"min_decoding_length": OUTPUT_TOKENS, "max_decoding_length": OUTPUT_TOKENS}

    def call(some: Sequence[list[str]], batch: int) -> list[str]:
        results = translator.translate_batch(
            list(some), max_batch_size=batch, **{**OPTIONS, **fixed}
        )
        return [" ".join(result.hypotheses[0]) for result in results]

    return (
        lambda: [text for line in lines for text in call([line], ARGOS_BATCH)],
        {
            "one call, Argos's batches": lambda: call(lines, ARGOS_BATCH),
            "one call (polycue)": lambda: call(lines, OUR_BATCH),
        },
    )


def write_sized_model(folder: Path) -> None:
    """A Transformer as OpenNMT trains them for Argos, with weights that mean nothing."""
    spec = ctranslate2.specs.TransformerSpec.from_config(
        (LAYERS, LAYERS), HEADS, pre_norm=True, activation=ctranslate2.specs.Activation.RELU
    )
    source = np.random.default_rng(SEED)

    def weight(*shape: int) -> np.ndarray:
        return source.normal(0, 0.02, shape).astype(np.float32)

    def linear(layer: Any, out_width: int, in_width: int) -> None:
        layer.weight, layer.bias = weight(out_width, in_width), np.zeros(out_width, np.float32)

    def norm(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def attention(block: Any, *widths: int) -> None:
        for layer, out_width in zip(block.linear, widths, strict=True):
            linear(layer, out_width, WIDTH)
        norm(block.layer_norm)

    spec.encoder.embeddings[0].weight = weight(VOCABULARY, WIDTH)
    spec.decoder.embeddings.weight = weight(VOCABULARY, WIDTH)
    for layer in (*spec.encoder.layer, *spec.decoder.layer):
        attention(layer.self_attention, 3 * WIDTH, WIDTH)
        linear(layer.ffn.linear_0, INNER, WIDTH)
        linear(layer.ffn.linear_1, WIDTH, INNER)
        norm(layer.ffn.layer_norm)
    for layer in spec.decoder.layer:
        attention(layer.attention, WIDTH, 2 * WIDTH, WIDTH)
    norm(spec.encoder.layer_norm)
    norm(spec.decoder.layer_norm)
    linear(spec.decoder.projection, VOCABULARY, WIDTH)
    vocabulary = ["<unk>", "<s>", "</s>", *(f"w{i}" for i in range(VOCABULARY - 3))]
    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary(vocabulary)
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir()
    spec.save(str(folder))


def show(measured: Measurement) -> None:
    print(
        f"{measured.model:<22} {measured.way:<26} "
        f"{measured.lines / statistics.median(measured.seconds):7.1f} lines/s   "
        f"{measured.ratio_median:5.2f}x ({measured.ratio_min:.2f}-{measured.ratio_max:.2f})   "
        f"{'same output' if measured.identical else 'OTHER OUTPUT'}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    arguments = parser.parse_args()
    random.seed(SEED)
    script = json.loads((REPOSITORY / "demo" / "script.json").read_text(encoding="utf-8"))
    texts = [sentence["en"] for sentence in script["sentences"]]
    lines = [
        [f"w{random.randrange(VOCABULARY - 3)}" for _ in range(LINE_TOKENS)] for _ in range(LINES)
    ]
    with tempfile.TemporaryDirectory() as folder:
        store = ModelStore(Path(folder) / "models")
        import_models(REPOSITORY / "demo" / "models" / "argos", store)
        package = Packages(store.argos_root).find("en", "es")
        write_sized_model(Path(folder) / "sized")
        measured = [
            *measure("demo en>es", *demo_ways(package, texts, arguments.threads), arguments.rounds),
            *measure(
                "6+6x512, random int8",
                *sized_ways(Path(folder) / "sized", lines, arguments.threads),
                arguments.rounds,
            ),
        ]
    for each in measured:
        show(each)
    report = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "ctranslate2": version("ctranslate2"),
        "threads": arguments.threads,
        "rounds": arguments.rounds,
        "seed": SEED,
        "measurements": [asdict(each) for each in measured],
    }
    arguments.results.mkdir(parents=True, exist_ok=True)
    target = arguments.results / "translation.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {target}")
    return 0 if all(each.identical for each in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
