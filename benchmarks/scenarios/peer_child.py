"""A peer in a process of its own: orders as lines of JSON on stdin, answers on stdout.

Knows nothing of polycue and imports nothing of it: any Python with faster-whisper can run it.
Every file is worked on as that package's own README says, but pinned to the same work: no fallback,
no rule that skips or conditions, the language named, times for words.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any

PINNED: dict[str, Any] = {
    "language": "en",
    "temperature": 0,
    "without_timestamps": True,
    "condition_on_previous_text": False,
    "log_prob_threshold": None,
    "compression_ratio_threshold": None,
    "no_speech_threshold": None,
}


class Peer:
    """Models by their settings, loaded at the first use."""

    def __init__(self, place: dict[str, Any]) -> None:
        self._place = place
        self._models: dict[str, Any] = {}

    def model(self, folder: str, threads: dict[str, int]) -> Any:
        from faster_whisper import WhisperModel

        key = json.dumps([folder, threads])
        if key not in self._models:
            place = {**self._place, **threads}
            self._models[key] = WhisperModel(folder, local_files_only=True, **place)
        return self._models[key]

    def transcriber(self, order: dict[str, Any]) -> Callable[[str], list[int]]:
        """What hears a file and gives the tokens of each window; for use by one thread."""
        from faster_whisper import BatchedInferencePipeline

        model = self.model(order["model"], order.get("threads", {}))
        options = PINNED | {"beam_size": order["beam_size"], "word_timestamps": order["words"]}
        if order["how"] == "batched":
            batched = BatchedInferencePipeline(model)
            options["batch_size"] = order["batch_size"]
            return lambda path: _tokens(batched.transcribe(path, **options))
        options["vad_filter"] = order["how"] != "sequential without VAD"
        return lambda path: _tokens(model.transcribe(path, **options))

    def run(self, order: dict[str, Any]) -> dict[str, Any]:
        """Hear all files from so many threads, each taking the next file that nobody has.

        With ``at_s`` a file comes so many seconds after the start, and is timed from then on.
        """
        at_s = order.get("at_s", [])
        waiting: SimpleQueue[tuple[int, str]] = SimpleQueue()
        for entry in enumerate(order["files"]):
            waiting.put(entry)
        tokens: dict[int, list[int]] = {}
        took_s: dict[int, float] = {}
        failures: list[BaseException] = []

        def work() -> None:
            try:
                hear = self.transcriber(order)
                while True:
                    number, path = waiting.get_nowait()
                    arrives = began + at_s[number] if at_s else time.perf_counter()
                    time.sleep(max(0.0, arrives - time.perf_counter()))
                    tokens[number] = hear(path)
                    took_s[number] = time.perf_counter() - arrives
            except Empty:
                pass
            except BaseException as error:
                failures.append(error)

        self.transcriber(order)  # loads the model before the clock runs
        threads = [threading.Thread(target=work) for _ in range(order["callers"])]
        before, began = os.times(), time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wall_s = time.perf_counter() - began
        if failures:
            raise failures[0]
        after = os.times()
        return {
            "seconds": wall_s,
            "core_seconds": after.user + after.system - before.user - before.system,
            "tokens": [tokens[n] for n in sorted(tokens)],
            "took_s": [took_s[n] for n in sorted(took_s)],
        }


class Bare:
    """The model calls for the windows of a file and nothing else: their features are ready."""

    def __init__(self, place: dict[str, Any], order: dict[str, Any]) -> None:
        import ctranslate2
        from faster_whisper.feature_extractor import FeatureExtractor

        from polycue.engine import heap

        heap.keep()  # as our server does: what is bare here is the work, not the memory
        self._order = order
        self._model = ctranslate2.models.Whisper(
            order["model"],
            inter_threads=order["workers"],
            intra_threads=order["threads"],
            **place,
        )
        self._view = ctranslate2.StorageView.from_array
        self._extractor = FeatureExtractor(self._model.n_mels)
        self._windows: dict[str, list[Any]] = {}

    def _features(self, chunk: Any) -> Any:
        from faster_whisper.audio import pad_or_trim

        return pad_or_trim(self._extractor(chunk)[..., :-1]), len(chunk) // 160

    def windows(self, file: str) -> list[Any]:
        if file not in self._windows:
            self._windows[file] = [self._features(chunk) for chunk in _chunks(file)]
        return self._windows[file]

    def run(self, file: str) -> dict[str, Any]:
        rows, windows = self._order["rows"], self.windows(file)
        batches: SimpleQueue[list[Any]] = SimpleQueue()
        for first in range(0, len(windows), rows):
            batches.put(windows[first : first + rows])
        tokens: list[int] = []

        def work() -> None:
            try:
                while True:
                    tokens.extend(self._call(batches.get_nowait()))
            except Empty:
                pass

        threads = [threading.Thread(target=work) for _ in range(self._order["workers"])]
        before, began = os.times(), time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wall_s, after = time.perf_counter() - began, os.times()
        core_s = after.user + after.system - before.user - before.system
        return {"seconds": wall_s, "core_seconds": core_s, "tokens": [tokens], "took_s": []}

    def _call(self, batch: list[Any]) -> list[int]:
        import numpy as np

        encoded = self._model.encode(self._view(np.stack([window for window, _ in batch])))
        start = [50258, 50259, 50359 + self._order["languages"] - 99]
        prompt = [*start, start[-1] + 4]
        beam = self._order["beam_size"]
        found = self._model.generate(
            encoded,
            [prompt] * len(batch),
            beam_size=beam,
            max_length=448,
            return_scores=True,
            return_no_speech_prob=True,
        )
        ids = [each.sequences_ids[0] for each in found]
        self._model.align(encoded, start, ids, [frames for _, frames in batch])
        return [len(each) for each in ids]


def _chunks(path: str) -> list[Any]:
    from faster_whisper.audio import decode_audio
    from faster_whisper.vad import VadOptions, collect_chunks, get_speech_timestamps

    sound = decode_audio(path)
    options = VadOptions(max_speech_duration_s=30, min_silence_duration_ms=160)
    return collect_chunks(sound, get_speech_timestamps(sound, options), max_duration=30)[0]


def _tokens(found: tuple[Any, Any]) -> list[int]:
    return [len(segment.tokens) for segment in found[0]]


def versions(names: Sequence[str]) -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in names}


def main() -> None:
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what packages print is no answer
    place = json.loads(sys.stdin.readline())
    print(json.dumps(versions(("faster-whisper", "ctranslate2"))), file=out, flush=True)
    peer, bare = Peer(place), {}
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "bare":
            if order["model"] not in bare:
                bare[order["model"]] = Bare(place, order)
            answer = bare[order["model"]].run(order["file"])
        else:
            answer = peer.run(order)
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()
