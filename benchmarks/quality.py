"""How good the demo film's subtitles are, by measures that others use too.

Prints a table and writes benchmarks/results/quality.json and .png. Run it from anywhere::

    .venv/bin/python benchmarks/quality.py [--json]

The film goes through the ``polycue`` command, and its tracks are held against the script it was
narrated from: SubER (words, cue breaks and times at once; less is better), word and character
errors of the English, BLEU, chrF and t-BLEU of the translations. The reference has a cue for each
sentence of the script, from when it begins to when it ends, and no line breaks; those of the tracks
are joined too, since where lines break is judged by ``segmentation.py``.

Beside it stands what argos-translate-files does with an SRT: every cue is translated alone by the
same Argos package, and keeps its time.

The scorers pin older packages than ours, so they run in ``.venv-quality``, which is made from
``quality.lock`` when it is not there. A measure that does not apply is null.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from polycue.domain.cue import Cue
from polycue.domain.track import Track, TrackFormat
from polycue.domain.translation import Search
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from polycue.tracks.files import parse, render
from polycue.translation.argos import ArgosModel
from polycue.translation.packages import Packages

REPOSITORY = Path(__file__).resolve().parents[1]
BENCHMARKS = REPOSITORY / "benchmarks"
FILM, SCRIPT = REPOSITORY / "demo" / "tour.mp4", REPOSITORY / "demo" / "script.json"
MODELS = REPOSITORY / "demo" / "models"
SPOKEN, TARGETS = "en", ("es", "de")
OURS, ALONE = "polycue", "each cue alone"
MEASURES = {"suber": "SubER", "wer": "WER", "cer": "CER", "bleu": "BLEU", "chrf": "chrF++"}
MEASURES |= {"t_bleu": "t-BLEU"}


@dataclass(frozen=True, slots=True)
class Case:
    """A track to be scored."""

    system: str
    language: str
    cues: Sequence[Cue]


def subtitled(folder: Path) -> dict[str, Sequence[Cue]]:
    """The film's tracks by language, made by the command as anybody would use it."""
    import_models(MODELS, ModelStore(folder / "models"))
    out = folder / "out"
    command = [sys.executable, "-m", "polycue_client", "subtitle", str(FILM), "-o", str(out)]
    options = ["--models-dir", str(folder / "models"), "--translate-to", ",".join(TARGETS)]
    # No setting of the reader's own is to change the figures.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("POLYCUE_")}
    subprocess.run([*command, *options], env=plain, check=True, stdout=subprocess.DEVNULL)
    return {language: read(out / f"{FILM.stem}.{language}.srt") for language in (SPOKEN, *TARGETS)}


def read(path: Path) -> Sequence[Cue]:
    return parse(path.read_text(encoding="utf-8"), TrackFormat.SRT).cues


def each_alone(cues: Sequence[Cue], target: str, models: Path) -> list[Cue]:
    """The cues with each one's text translated by itself."""
    package = Packages(ModelStore(models).argos_root).find(SPOKEN, target)
    model = ArgosModel.load(package, threads=2)
    texts = [model.translate([" ".join(cue.lines)], Search())[0][0].text for cue in cues]
    return [Cue(cue.start_ms, cue.end_ms, (text,)) for cue, text in zip(cues, texts, strict=True)]


def reference(language: str) -> list[Cue]:
    sentences = json.loads(SCRIPT.read_text(encoding="utf-8"))["sentences"]
    return [Cue(s["start_ms"], s["end_ms"], (s[language],)) for s in sentences]


def srt(cues: Sequence[Cue]) -> str:
    joined = tuple(Cue(cue.start_ms, cue.end_ms, (" ".join(cue.lines),)) for cue in cues)
    return render(Track("und", joined), TrackFormat.SRT)


def scored(cases: Sequence[Case], python: Path) -> dict[str, Any]:
    wish = [
        {
            "hypothesis": srt(case.cues),
            "reference": srt(reference(case.language)),
            "measures": ["suber", "errors" if case.language == SPOKEN else "translation"],
        }
        for case in cases
    ]
    ran = subprocess.run(
        [python, BENCHMARKS / "quality_scores.py"],
        input=json.dumps(wish),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(f"the scorers failed:\n{ran.stderr}")
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def environment(folder: Path) -> Path:
    """The scorers' Python, in an environment made when it is missing or older than its lock."""
    python, lock = folder / "bin" / "python", BENCHMARKS / "quality.lock"
    mark = folder / "ready"
    if mark.exists() and mark.stat().st_mtime >= lock.stat().st_mtime:
        return python
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        raise RuntimeError("uv is not installed: pip install uv")
    print(f"Making {folder} ...", file=sys.stderr)
    make = [uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)]
    subprocess.run(make, check=True)
    install = [uv, "pip", "install", "-q", "--python", str(python), "--require-hashes"]
    subprocess.run([*install, "-r", str(lock)], check=True)
    mark.touch()
    return python


def circumstances() -> dict[str, Any]:
    files = (FILM, SCRIPT, *sorted(path for path in MODELS.rglob("*") if path.is_file()))
    libraries = ("ctranslate2", "faster-whisper", "polycue")
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "libraries": {name: version(name) for name in libraries},
        "preset": "netflix",
        "sha256": {
            str(path.relative_to(REPOSITORY)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        },
    }


def rows_of(cases: Sequence[Case], scores: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"system": case.system, "language": case.language, "cues": len(case.cues), **score}
        for case, score in zip(cases, scores, strict=True)
    ]


def show(rows: Sequence[dict[str, Any]]) -> None:
    print(f"{'':<16}{'':<4}{'cues':>5}" + "".join(f"{name:>9}" for name in MEASURES.values()))
    for row in rows:
        figures = "".join(f"{figure(row[key]):>9}" for key in MEASURES)
        print(f"{row['system']:<16}{row['language']:<4}{row['cues']:>5}{figures}")
    for key, name in MEASURES.items():
        signature = next(row[key]["signature"] for row in rows if row[key])
        print(f"{name}: {signature}")


def figure(score: dict[str, Any] | None) -> str:
    return "-" if score is None else f"{score['score']:.2f}"


def plot(rows: Sequence[dict[str, Any]], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    shown = {"suber": "SubER, less is better", "bleu": "BLEU, more is better"}
    figure_, axes = pyplot.subplots(1, len(shown), figsize=(9, 3.4), layout="constrained")
    looks = {OURS: ("#1f5f8b", None), ALONE: ("#e0a458", "//")}
    for axis, (key, title) in zip(axes, shown.items(), strict=True):
        for offset, (system, (colour, hatch)) in enumerate(looks.items()):
            values = [
                row[key]["score"] if row[key] else 0.0
                for language in TARGETS
                for row in rows
                if (row["system"], row["language"]) == (system, language)
            ]
            places = [place + 0.4 * offset for place in range(len(TARGETS))]
            bars = axis.bar(places, values, 0.36, color=colour, hatch=hatch, label=system)
            axis.bar_label(bars, fmt="%.1f", padding=2)
        axis.set_xticks([place + 0.2 for place in range(len(TARGETS))], TARGETS)
        axis.margins(y=0.15)
        axis.set_title(title)
    axes[0].legend()
    figure_.savefig(path, dpi=120)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true", help="write the report to stdout")
    parser.add_argument("--environment", type=Path, default=REPOSITORY / ".venv-quality")
    parser.add_argument("--results", type=Path, default=BENCHMARKS / "results")
    arguments = parser.parse_args()
    python = environment(arguments.environment)
    with tempfile.TemporaryDirectory() as folder:
        tracks = subtitled(Path(folder))
        cases = [Case(OURS, language, cues) for language, cues in tracks.items()]
        cases += [
            Case(ALONE, target, each_alone(tracks[SPOKEN], target, Path(folder) / "models"))
            for target in TARGETS
        ]
    found = scored(cases, python)
    rows = rows_of(cases, found["scores"])
    report = {**circumstances(), "scorers": found["versions"], "rows": rows}
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        show(rows)
    arguments.results.mkdir(parents=True, exist_ok=True)
    target = arguments.results / "quality.json"
    target.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    plot(rows, target.with_suffix(".png"))
    print(f"wrote {target} and {target.with_suffix('.png').name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
