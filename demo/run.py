"""The demo: the film goes in, and what comes out is held against the script it was narrated from.

``make demo`` runs it. All it does goes through the ``polycue`` command, as anybody would use it.
"""

import itertools
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = Path("demo")
MODELS = Path(".polycue/models")
OUT = DEMO / "out"
LANGUAGES = ("en", "es", "de")
EXPECTED = (
    *(f"tour.{language}.{suffix}" for language in LANGUAGES for suffix in ("srt", "vtt")),
    "tour.subtitled.mkv",
    "tour.subtitled.mp4",
)

_BLOCK = re.compile(r"\d+\n(\d+):(\d+):(\d+),(\d+) --> [^\n]*\n(.*?)(?:\n\n|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a narrator says, from when on, and how it reads in each language."""

    start_ms: int
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Cue:
    start_ms: int
    text: str


def main() -> int:
    say("polycue demo: a narrated film becomes subtitles in English, Spanish and German, offline.")
    say("\n1. Install the demo models: a Whisper and three Argos packages of a small world.\n")
    if polycue("models", "import", "--models-dir", MODELS, "--replace", DEMO / "models"):
        return 1
    say(
        "\n2. Subtitle the film: a gRPC server is started for this command, and stopped after it.\n"
    )
    began = time.monotonic()
    code = polycue(
        *("subtitle", DEMO / "tour.mp4", "--models-dir", MODELS, "-o", OUT, "-y", "--print"),
        *("--translate-to", "es,de", "-f", "srt,vtt", "--mux", "mkv,mp4"),
    )
    took_s = time.monotonic() - began
    missing = [name for name in EXPECTED if not (ROOT / OUT / name).is_file()]
    if code or missing:
        say(f"\nThe demo failed; not made: {', '.join(missing) or 'nothing'}.")
        return 1
    say(f"\n3. Hold the captions against the script. (The film took {took_s:.1f} s.)\n")
    report(read_script(), {language: read_srt(language) for language in LANGUAGES})
    say(f"\nOpen {OUT / 'tour.subtitled.mkv'} in a player and choose a subtitle track.")
    return 0


def say(text: str) -> None:
    print(text, flush=True)  # what the command prints must not overtake it


def polycue(*args: str | Path) -> int:
    """Show the command and run it."""
    words = [str(arg) for arg in args]
    say(f"$ polycue {shlex.join(words)}")
    # No setting of the reader's own, such as POLYCUE_SERVER, is to change the demo.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("POLYCUE_")}
    argv = [sys.executable, "-m", "polycue_client", *words]
    return subprocess.run(argv, cwd=ROOT, env=plain, check=False).returncode


def read_script() -> list[Sentence]:
    script = json.loads((ROOT / DEMO / "script.json").read_text(encoding="utf-8"))
    return [
        Sentence(sentence["start_ms"], {language: sentence[language] for language in LANGUAGES})
        for sentence in script["sentences"]
    ]


def read_srt(language: str) -> list[Cue]:
    text = (ROOT / OUT / f"tour.{language}.srt").read_text(encoding="utf-8")
    cues = []
    for hours, minutes, seconds, ms, lines in _BLOCK.findall(text):
        start_ms = ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(ms)
        cues.append(Cue(start_ms, " ".join(lines.split())))
    return cues


def report(script: Sequence[Sentence], tracks: dict[str, list[Cue]]) -> None:
    spoken = [word for sentence in script for word in sentence.texts["en"].split()]
    written = [word for cue in tracks["en"] for word in cue.text.split()]
    verdict = "equal the script word for word" if written == spoken else "DIFFER from the script"
    say(f"English: {len(written)} words of {len(spoken)}, which {verdict}.")
    for language, name in (("es", "Spanish"), ("de", "German")):
        equal = equal_sentences([sentence.texts[language] for sentence in script], tracks[language])
        say(f"{name}: {equal} of {len(script)} sentences equal the reference translation.")
    if written == spoken:
        say(f"Cue starts: at most {largest_lag_ms(script, tracks['en'])} ms from the narrator.")


def equal_sentences(references: Sequence[str], cues: Sequence[Cue]) -> int:
    """How many of the references are in the text, each after the one before."""
    text = " ".join(cue.text for cue in cues)
    found, position = 0, 0
    for reference in references:
        start = text.find(reference, position)
        if start >= 0:
            found, position = found + 1, start + len(reference)
    return found


def largest_lag_ms(script: Sequence[Sentence], cues: Sequence[Cue]) -> int:
    """Over the sentences that begin a cue; both have the same words."""
    lengths = [len(sentence.texts["en"].split()) for sentence in script]
    begins = dict(zip(itertools.accumulate(lengths, initial=0), script, strict=False))
    words_before = itertools.accumulate((len(cue.text.split()) for cue in cues), initial=0)
    return max(
        abs(cue.start_ms - begins[index].start_ms)
        for cue, index in zip(cues, words_before, strict=False)
        if index in begins
    )


if __name__ == "__main__":
    sys.exit(main())
