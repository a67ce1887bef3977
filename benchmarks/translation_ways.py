"""Ways of translating the same texts: argostranslate, its loop made anew, and polycue.

For translation.py, which runs them in turn.
"""

import argparse
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, cast

import ctranslate2

from polycue.domain.cancel import CancelToken
from polycue.domain.translation import MOST_HYPOTHESES, Search
from polycue.engine.backends.threads import ThreadTexts
from polycue.engine.devices import Device, usable_cores
from polycue.engine.texts.memory import TextMemory
from polycue.engine.texts.translator import Translator
from polycue.translation.argos import SentencePieces
from polycue.translation.packages import Packages

REPOSITORY = Path(__file__).resolve().parents[1]
ROUTE = ("en", "es")
CALLERS = 20
ARGOS, LOOP, OURS = "argostranslate", "the loop of argostranslate, made anew", "polycue"

Way = Callable[[], tuple[list[str], float, float]]
"""All texts translated, and the seconds and core seconds that took."""


def timed(work: Callable[[], list[str]]) -> Way:
    def way() -> tuple[list[str], float, float]:
        started, worked = time.perf_counter(), time.process_time()
        texts = work()
        return texts, time.perf_counter() - started, time.process_time() - worked

    return way


@contextmanager
def argostranslate(
    python: str, packages: Path, texts: Sequence[str], threads: int
) -> Iterator[Way]:
    """The package itself; its process waits while others are measured."""
    environment = os.environ | {
        "ARGOS_PACKAGES_DIR": str(packages),
        "ARGOS_DEVICE_TYPE": "cpu",
        "ARGOS_INTRA_THREADS": str(threads),
    }
    command = [python, str(REPOSITORY / "benchmarks" / "peers_translation.py")]
    asked = json.dumps({"source": ROUTE[0], "target": ROUTE[1], "texts": list(texts)})
    with (
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        ) as process,
        cast(IO[str], process.stdin) as questions,
        cast(IO[str], process.stdout) as answers,
    ):

        def way() -> tuple[list[str], float, float]:
            print(asked, file=questions, flush=True)
            told = json.loads(answers.readline())
            return told["texts"], told["seconds"], told["core_seconds"]

        yield way
        questions.close()  # which ends it


def loop(package: Path, texts: Sequence[str], threads: int) -> Way:
    """What argostranslate does with lines, after they were split into sentences."""
    translator = ctranslate2.Translator(
        str(package / "model"), compute_type="auto", intra_threads=threads
    )
    pieces = SentencePieces(package / "sentencepiece.model")

    def line(text: str) -> str:
        (result,) = translator.translate_batch(
            [pieces.encode(text)],
            replace_unknowns=True,
            max_batch_size=32,
            batch_type="tokens",
            beam_size=4,
            num_hypotheses=1,
            length_penalty=0.2,
            return_scores=True,
        )
        return pieces.decode(result.hypotheses[0]).removeprefix(" ")

    return timed(lambda: [line(text) for text in texts])


def ours(translator: Translator, texts: Sequence[str], search: Search) -> Way:
    def work() -> list[str]:
        found = translator.translate(texts, ROUTE, search, cancel=CancelToken())
        return [hypotheses[0].text for hypotheses in found]

    return timed(work)


def many_callers(translator: Translator, texts: Sequence[str], search: Search) -> Way:
    """As many requests at once, each with its part of the texts."""
    size = -(-len(texts) // CALLERS)
    parts = [texts[first : first + size] for first in range(0, len(texts), size)]

    def work() -> list[str]:
        with ThreadPoolExecutor(CALLERS) as pool:
            asked = [ours(translator, part, search) for part in parts]
            return [text for texts, *_ in pool.map(lambda way: way(), asked) for text in texts]

    return timed(work)


@contextmanager
def ways_of(
    packages: Path, texts: Sequence[str], device: Device, given: argparse.Namespace
) -> Iterator[dict[str, Way]]:
    with ExitStack() as stack:
        ways: dict[str, Way] = {}
        installed = Packages(packages)
        package = installed.find(*ROUTE).path
        cores = usable_cores()
        counts = {cores: "", 1: ", one thread"} if cores > 1 else {1: ""}
        for threads, told in counts.items():
            if given.peer:
                asked = argostranslate(given.peer, packages, texts, threads)
                ways[ARGOS + told] = stack.enter_context(asked)
            if not (given.peer and given.few_ways):
                ways[LOOP + told] = loop(package, texts, threads)
        translator = Translator(installed, ThreadTexts(device), TextMemory(0))
        stack.callback(translator.close)
        usual = Search(MOST_HYPOTHESES)
        ways[OURS] = ours(translator, texts, usual)
        if not given.few_ways:
            ways[f"polycue, {CALLERS} callers at once"] = many_callers(translator, texts, usual)
            for beam_size in (2, 1):
                search = Search(beam_size, beam_size=beam_size)
                ways[f"polycue, beam {beam_size}"] = ours(translator, texts, search)
        yield ways
