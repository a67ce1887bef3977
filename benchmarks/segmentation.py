"""How near automatic breaks of cues and lines come to those people made, by F1.

Prints a table, or with ``--json`` the report, and writes it with a plot to benchmarks/results/.
Run it from anywhere::

    .venv/bin/python benchmarks/segmentation.py [--reference FILE.en] [--json] [--lines]

The reference has a sentence a line, ``<eol>`` where a line ends and ``<eob>`` where a cue does (so
EvalSubtitle's data is laid out); its suffix is its language. Systems see words without times; the
end of a sentence is not scored. *any* counts a boundary as found whatever its kind, *cue* only
those of cues, *typed* wants the kind to be right. polycue's weights were chosen on the first half
of amara.en, so its second half is given apart; it was looked at only to settle between settings as
good as each other. ``--lines`` asks for one thing only: cues stand as people made them, and those
on two lines are to be broken at the very word where people broke them.

Breaks after function words are counted by the lists in ``function_words.py``, which are not those
that polycue uses. The other systems are in ``peers.py``, at 42 characters and two lines where they
take such numbers; ``--peers PYTHON`` runs their own packages too (``peers_packages.py`` says how to
get them) and says whether they give the same cues.
"""

import argparse
import hashlib
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from peers import (
    LINE_CHARS,
    LINES,
    Breaks,
    Sentence,
    breaks_of,
    even_lines,
    fill_first_line,
    stable_ts,
    stable_ts_subgen,
    whisper_writer,
    whisperx,
    wrap,
)
from polycue.cues.layout import break_lines, layout
from polycue.cues.presets import Rules, rules_for
from polycue.cues.segment import segment
from polycue.cues.vocabulary import vocabulary
from polycue.cues.weights import CUES
from polycue.domain.request import LayoutOptions
from polycue.domain.transcript import Word
from segmentation_plot import KINDS, plot
from segmentation_scores import line_breaks_found, read, score

REPOSITORY = Path(__file__).resolve().parents[1]
REFERENCE = REPOSITORY.parent / "shared" / "data" / "segmentation" / "amara.en"
TUNED_ON = "amara.en"  # the first half of it
TEXT_ONLY = replace(CUES, speed=0, stay=0)  # there are no times to pay for
CHARS_PER_SECOND = 15  # of the speech that is made up to measure the speed of layout
ROUNDS = 5

System = Callable[[list[Sentence]], list[Breaks]]


def polycue(sentences: list[Sentence], rules: Rules) -> list[Breaks]:
    found = []
    for sentence in sentences:
        words = [Word(text, 0, 0) for text in sentence]
        cues = [piece.lines for piece in segment(words, rules, weights=TEXT_ONLY)]
        found.append(breaks_of([[line.split() for line in lines] for lines in cues]))
    return found


def peers(language: str) -> dict[str, System]:
    """WhisperX cuts before a list of conjunctions of its own; here they are those we know."""
    conjunctions = vocabulary(language).clause_openers
    return {
        "whisper": whisper_writer,
        "wrap": wrap,
        "stable-ts": lambda texts: [stable_ts(text) for text in texts],
        "stable-ts (subgen)": lambda texts: [stable_ts_subgen(text) for text in texts],
        "whisperX": lambda texts: [whisperx(text, conjunctions) for text in texts],
    }


def of_packages(
    sentences: list[Sentence], language: str, python: Path
) -> tuple[dict[str, str], dict[str, list[Breaks]]]:
    """The breaks that the packages in another environment make, and their versions."""
    answer = subprocess.run(
        [python, Path(__file__).with_name("peers_packages.py")],
        input=json.dumps({"sentences": sentences, "language": language}),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    said = json.loads(answer.stdout)
    found = {}
    for name, cues in said["cues"].items():
        lines = [[line.split() for line in cue.split("\n")] for cue in cues]
        breaks = iter(breaks_of(lines))
        found[name] = [[next(breaks) for _ in sentence] for sentence in sentences]
    return said["versions"], found


def measure(path: Path, language: str, packages: Path | None) -> dict[str, Any]:
    sentences, people = read(path)
    rules = rules_for(
        LayoutOptions(max_line_chars=LINE_CHARS, max_line_count=LINES), language, None
    )
    unlisted = replace(rules, language="und")
    systems: dict[str, System] = {
        "people": lambda _: people,
        **peers(language),
        "polycue, no word lists": lambda texts: polycue(texts, unlisted),
        "polycue": lambda texts: polycue(texts, rules),
    }
    breaks = {name: system(sentences) for name, system in systems.items()}
    checked: dict[str, Any] | None = None  # not run
    if packages is not None:
        versions, theirs = of_packages(sentences, language, packages)
        same = {name: breaks[name] == found for name, found in theirs.items()}
        checked = {"versions": versions, "same_cues": same}
        breaks |= theirs
    half = len(sentences) // 2
    scores = {}
    for name, found in breaks.items():
        scores[name] = asdict(score(sentences, people, found, language))
        if path.name == TUNED_ON:
            second = score(sentences[half:], people[half:], found[half:], language)
            scores[name]["second_half"] = asdict(second)
    lines = measure_lines(sentences, people, rules)
    scores["polycue"]["line_break_exact"] = lines["polycue"]
    return {
        **provenance(path, sentences),
        "systems": scores,
        "packages": checked,
        "line_break_exact": lines,
        "layout_ms_per_1000_cues": milliseconds_per_1000_cues(sentences, rules),
    }


def measure_lines(
    sentences: list[Sentence], people: list[Breaks], rules: Rules
) -> dict[str, float | None]:
    ways: dict[str, Callable[[str], Sequence[str]]] = {
        "fill the first line": fill_first_line,
        "even lines": even_lines,
        "polycue": lambda text: break_lines(text, rules),
    }
    return {name: line_breaks_found(sentences, people, split) for name, split in ways.items()}


def provenance(path: Path, sentences: list[Sentence]) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "reference": path.name,
        "reference_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "sentences": len(sentences),
    }


def milliseconds_per_1000_cues(sentences: list[Sentence], rules: Rules) -> float:
    """Processor time of ``layout``, segmentation and timing, for speech with times made up."""
    texts = [word for sentence in sentences for word in sentence]
    times = [
        1000 * chars // CHARS_PER_SECOND
        for chars in accumulate((len(text) + 1 for text in texts), initial=0)
    ]
    words = [
        Word(text, start, end) for text, (start, end) in zip(texts, pairwise(times), strict=True)
    ]
    spent = []
    for _ in range(ROUNDS):
        started = time.process_time()
        cues = layout(words, rules)
        spent.append(1_000_000 * (time.process_time() - started) / len(cues))
    return round(statistics.median(spent), 1)


def print_table(report: dict[str, Any]) -> None:
    print(f"{report['reference']}: {report['sentences']} sentences, F1 in percent (second half)\n")
    print(
        f"{'':24}{'any':>16}{'cue':>16}{'typed':>16}  {'function':>9} {'too long':>9} {'cues':>6}"
    )
    for name, scores in report["systems"].items():
        cells = [f"{f1_of(scores, kind):>16}" for kind in KINDS]
        ending = scores["after_function_word"]
        share = "-" if ending is None else f"{ending:.2f} %"
        print(
            f"{name:24}{''.join(cells)}  {share:>9} "
            f"{scores['lines_too_long']:7.1f} % {scores['cues']:6}"
        )
    print_lines(report)
    print(f"layout of 1000 cues: {report['layout_ms_per_1000_cues']:.0f} ms of one core")
    if report["packages"]:
        same = ", ".join(f"{n}: {s}" for n, s in report["packages"]["same_cues"].items())
        print(f"the packages give the same cues as peers.py ({same})")


def f1_of(scores: dict[str, Any], kind: str) -> str:
    second = f" ({scores['second_half'][kind]:5.1f})" if "second_half" in scores else ""
    return f"{scores[kind]:.1f}{second}"


def print_lines(report: dict[str, Any]) -> None:
    shares = report["line_break_exact"].items()
    lines = ", ".join(f"{n} {'-' if share is None else f'{share:.1f} %'}" for n, share in shares)
    print(f"\nline break of two-line cues at people's place: {lines}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--reference", type=Path, default=REFERENCE)
    parser.add_argument("--language", help="BCP-47; by default the reference's suffix")
    parser.add_argument("--json", action="store_true", help="print the report, not a table")
    parser.add_argument(
        "--lines", action="store_true", help="only line breaks of people's own cues; writes nothing"
    )
    parser.add_argument(
        "--peers", type=Path, metavar="PYTHON", help="of an environment with the peers' packages"
    )
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    if not given.reference.is_file():
        print(
            f"skipped: {given.reference.name} is not here. It is data/amara.en of EvalSubtitle "
            "(github.com/fyvo/EvalSubtitle, CC BY-NC-SA: to measure with, not to pass on); "
            "get it and say --reference FILE",
            file=sys.stderr,
        )
        return 0
    language = given.language or given.reference.suffix.removeprefix(".") or "und"
    if given.lines:
        sentences, people = read(given.reference)
        rules = rules_for(LayoutOptions(max_line_chars=LINE_CHARS), language, None)
        lines = measure_lines(sentences, people, rules)
        report = {**provenance(given.reference, sentences), "line_break_exact": lines}
    else:
        report = measure(given.reference, language, given.peers)
    if given.json:
        print(json.dumps(report, indent=2))
    else:
        (print_lines if given.lines else print_table)(report)
    if not given.lines:
        write(report, given.results, given.reference.name)
    return 0


def write(report: dict[str, Any], folder: Path, reference: str) -> None:
    """The report and its plot, in files of their own for another reference."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "segmentation" if reference == TUNED_ON else f"segmentation-{reference}"
    target = folder / f"{name}.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    try:
        plot(report, folder / f"{name}.png")
    except ModuleNotFoundError as error:
        print(f"no plot: {error}", file=sys.stderr)
    print(f"wrote {name}.json and {name}.png", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
