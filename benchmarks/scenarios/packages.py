"""One film through other packages as they are, in an environment of their own (``make peers``).

openai-whisper and transformers run on torch, in float32: they have no int8 on a CPU. They are given
the same windows as far as they cut for themselves, and loaded before the clock runs.
whisper-ctranslate2 is a command, timed with its start and loading, as people run it.
"""

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from models import GEOMETRIES
from scenarios.peer import Heard, Way, faster_whisper
from scenarios.place import CHUNK, REPOSITORY, Workshop
from scenarios.rounds import Outcome, Pace, Row, Side, facts_of, interleaved, ratios
from scenarios.served import serving
from scenarios.torch_weights import write_weights

PYTHON = REPOSITORY / ".venv-peers" / "bin" / "python"
CHILD = Path(__file__).with_name("packages_child.py")
ON_TORCH = ("openai-whisper", "transformers")
COMMAND = "whisper-ctranslate2 --batched"
FASTER_WHISPER = Way("batched")


def measure(workshop: Workshop, pace: Pace, geometry: str = "tiny") -> Iterator[Outcome]:
    if not PYTHON.exists():
        raise SystemExit("not measured: the packages are not there; run: make peers")
    model, (film,) = workshop.model(geometry), workshop.films(1, pace.pick(3, 4, 8))
    weights = workshop.models / "torch" / f"{geometry}-{CHUNK.tokens}.npz"
    if not weights.exists():
        write_weights(weights, GEOMETRIES[geometry], CHUNK)
    ours = "polycue"
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        peer = stack.enter_context(faster_whisper(workshop.place))
        data = Path(folder) / "data"
        server = stack.enter_context(serving(workshop.place, model, workshop.sounds, data))
        sides: dict[str, Side] = {
            ours: server.films,
            FASTER_WHISPER.name: lambda files: peer.hear(FASTER_WHISPER, model, files, callers=1),
            COMMAND: lambda files: _command(model, files[0], Path(folder)),
        }
        versions: dict[str, str] = {}
        for package in ON_TORCH:
            hear, told = stack.enter_context(_on_torch(package, weights))
            sides[f"{package}, float32"] = lambda files, hear=hear: hear(files[0])
            versions |= told
        for found in interleaved(sides, [film], pace, warm_up=workshop.films(1, 1)):
            rows = [
                Row(
                    f"one film, {geometry}: {name} over polycue",
                    ratios(heard, found[ours]),
                    1.0,
                    at_least=True,
                    judged=False,
                )
                for name, heard in found.items()
                if name != ours
            ]
            yield Outcome(rows, facts_of(found) | {"model": model.name, "packages": versions})


def _command(model: Path, film: Path, folder: Path) -> Heard:
    command = [str(PYTHON.with_name("whisper-ctranslate2")), str(film)]
    command += ["--model_directory", str(model), "--local_files_only", "True"]
    command += ["--device", "cpu", "--compute_type", "int8", "--batched", "True"]
    command += ["--language", "en", "--beam_size", "5", "--temperature", "0"]
    command += ["--temperature_increment_on_fallback", "None", "--word_timestamps", "True"]
    command += ["--output_dir", str(folder), "--output_format", "json", "--verbose", "False"]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    written = json.loads((folder / film.with_suffix(".json").name).read_text(encoding="utf-8"))
    return Heard(seconds, [[len(segment["tokens"]) for segment in written["segments"]]])


@contextlib.contextmanager
def _on_torch(
    package: str, weights: Path
) -> Iterator[tuple[Callable[[Path], Heard], dict[str, str]]]:
    process = subprocess.Popen(
        [str(PYTHON), str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    into, out = process.stdin, process.stdout
    if into is None or out is None:
        raise SystemExit(f"{package}: its process has no pipes")

    def ask(order: dict[str, Any]) -> dict[str, Any]:
        print(json.dumps(order), file=into, flush=True)
        if not (answer := out.readline()):
            raise SystemExit(f"{package}: its process died; what it said is above")
        found: dict[str, Any] = json.loads(answer)
        return found

    try:
        versions = ask({"package": package, "weights": str(weights), "beam_size": 5})
        yield lambda film: Heard(**ask({"file": str(film)})), versions
    finally:
        into.close()
        process.wait(60)
