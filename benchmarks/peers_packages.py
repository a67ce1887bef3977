"""Runs the packages that ``peers.py`` re-implements: words from stdin, their breaks to stdout.

Not for polycue's own environment: these packages want torch. In one of their own::

    python -m venv peers
    peers/bin/pip install torch openai-whisper stable-ts
    peers/bin/pip install --no-deps whisperx
    .venv/bin/python benchmarks/segmentation.py --peers peers/bin/python
"""

import importlib.util
import json
import sys
import types
from importlib.metadata import version
from typing import Any

LINE_CHARS, LINES = 42, 2


def _without_sound() -> None:
    """stable-ts imports torchaudio, whose wheel may want CUDA; nothing here has sound."""
    sys.modules["torchaudio"] = types.ModuleType("torchaudio")


def _submodule(package: str, name: str) -> Any:
    """A module of a package without the package's own imports."""
    home = importlib.util.find_spec(package)
    folder = home.submodule_search_locations[0] if home and home.submodule_search_locations else ""
    spec = importlib.util.spec_from_file_location(f"{package}.{name}", f"{folder}/{name}.py")
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"{package}.{name}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _segments(sentences: list[list[str]]) -> list[dict[str, Any]]:
    """Words with times that say nothing: none is long, and no pause lies between them."""
    segments: list[dict[str, Any]] = []
    clock = 0
    for sentence in sentences:
        words = []
        for text in sentence:
            words.append({"word": f" {text}", "start": clock / 1000, "end": clock / 1000 + 0.2})
            clock += 200
        segments.append(
            {
                "start": words[0]["start"],
                "end": words[-1]["end"],
                "text": "".join(word["word"] for word in words),
                "words": words,
            }
        )
    return segments


def whisper(sentences: list[list[str]], _: str) -> list[str]:
    writer = _submodule("whisper", "utils").WriteSRT("")
    result = {"segments": _segments(sentences)}
    cues = writer.iterate_result(result, {}, max_line_width=LINE_CHARS, max_line_count=LINES)
    return [text for _, _, text in cues]


def stable_ts(sentences: list[list[str]], algorithm: str | bool) -> list[str]:
    import stable_whisper

    result = stable_whisper.WhisperResult({"segments": _segments(sentences)})
    result.regroup(algorithm)
    return ["".join(word.word for word in segment.words) for segment in result.segments]


def whisperx(sentences: list[list[str]], language: str) -> list[str]:
    _submodule("whisperx", "conjunctions")
    processor = _submodule("whisperx", "SubtitlesProcessor").SubtitlesProcessor(
        [
            segment
            | {"words": [word | {"word": word["word"].strip()} for word in segment["words"]]}
            for segment in _segments(sentences)
        ],
        language,
        max_line_length=LINE_CHARS,
        min_char_length_splitter=LINE_CHARS // 2,
    )
    return [cue["text"] for cue in processor.process_segments()]


def main() -> None:
    _without_sound()
    asked = json.load(sys.stdin)
    sentences, language = asked["sentences"], asked["language"]
    json.dump(
        {
            "versions": {
                name: version(name) for name in ("openai-whisper", "stable-ts", "whisperx")
            },
            "cues": {
                "whisper": whisper(sentences, language),
                "stable-ts": stable_ts(sentences, True),
                "stable-ts (subgen)": stable_ts(sentences, "cm_sl=84_sl=42++++++1"),
                "whisperX": whisperx(sentences, language),
            },
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
