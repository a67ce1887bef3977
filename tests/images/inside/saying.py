"""How what is found inside an image is told, and what the programs there share."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

BROUGHT = Path("/home")  # what the test brings along, read-only
TMP = Path("/tmp")  # noqa: S108  # a file system of this container alone
ORDER: dict[str, Any] = json.loads((BROUGHT / "order.json").read_text())
_BLOCK = re.compile(r"\d+\n[^\n]* --> [^\n]*\n(.*?)(?:\n\n|\Z)", re.DOTALL)


def fine(found: str) -> None:
    print(f"  ok    {found}", flush=True)  # noqa: T201


def note(what: str) -> None:
    print(f"  NOTE  {what}", flush=True)  # noqa: T201


def expect(condition: object, problem: str) -> None:
    if not condition:
        raise SystemExit(f"  WRONG {problem}")


def run(*command: str | Path, wanted: int = 0, within_s: float = 300, **more: str) -> str:
    """What the command says, on both its ends; ``more`` is added to the environment."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        env=os.environ | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=within_s,
    )
    said = done.stdout.strip()
    expect(done.returncode == wanted, f"{' '.join(words)} ended with {done.returncode}:\n{said}")
    return said


def words_of(track: Path) -> list[str]:
    """The words of an SRT file."""
    texts = _BLOCK.findall(track.read_text(encoding="utf-8"))
    return [word for text in texts for word in text.split()]


def script(language: str) -> list[str]:
    """The words that the film's narrator reads, or their translation."""
    told = json.loads((BROUGHT / "script.json").read_text(encoding="utf-8"))
    return [word for sentence in told["sentences"] for word in sentence[language].split()]


def equals_the_script(folder: Path, languages: tuple[str, ...]) -> None:
    for language in languages:
        written = words_of(folder / f"tour.{language}.srt")
        expect(written == script(language), f"the {language} track is not the script: {written}")
