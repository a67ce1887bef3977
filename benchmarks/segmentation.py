"""How near automatic breaks of cues and lines come to those people made, by F1.

Prints a table and writes benchmarks/results/segmentation.json and .png. Run it from anywhere::

    .venv/bin/python benchmarks/segmentation.py [--reference FILE.en] [--json]

The reference has a sentence a line, ``<eol>`` where a line ends and ``<eob>`` where a cue does (so
EvalSubtitle's data is laid out). Systems see words without times; the end of a sentence is not
scored. *any* counts a boundary as found whatever its kind, *cue* only those of cues, *typed* wants
the kind to be right. polycue's weights were chosen on the first half of amara.en, so its second
half is given apart; it was looked at only to settle between settings as good as each other.

Peers are re-implemented after what their sources do, at 42 characters and two lines: ``whisper`` is
the writer of openai/whisper's command line, which fills cues across the ends of sentences; ``wrap``
fills lines sentence by sentence, as textwrap does.
"""

import argparse
import hashlib
import json
import platform
import re
import statistics
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from polycue.cues.layout import break_lines, layout
from polycue.cues.presets import Rules, rules_for
from polycue.cues.punctuation import bare
from polycue.cues.segment import segment
from polycue.cues.vocabulary import vocabulary
from polycue.cues.weights import CUES
from polycue.domain.request import LayoutOptions
from polycue.domain.transcript import Word

REPOSITORY = Path(__file__).resolve().parents[1]
REFERENCE = REPOSITORY.parent / "shared" / "data" / "segmentation" / "amara.en"
LINE_CHARS, LINES = 42, 2
TEXT_ONLY = replace(CUES, speed=0, stay=0)  # there are no times to pay for
CHARS_PER_SECOND = 15  # of the speech that is made up to measure the speed of layout
ROUNDS = 5

Sentence = list[str]
Breaks = list[str]  # after each word "", "line" or "cue"
System = Callable[[list[Sentence]], list[Breaks]]


@dataclass(frozen=True)
class Scores:
    """F1 and shares in percent; ``after_function_word`` None where no list of them is at hand."""

    any_break_f1: float
    cue_break_f1: float
    typed_break_f1: float
    after_function_word: float | None
    lines_too_long: float
    cues: int


def read(path: Path) -> tuple[list[Sentence], list[Breaks]]:
    sentences, breaks = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        words: Sentence = []
        ends: Breaks = []
        for token in line.split():
            if token in ("<eol>", "<eob>"):
                ends[-1] = "cue" if token == "<eob>" else "line"  # noqa: S105
            else:
                words.append(token)
                ends.append("")
        if words:
            sentences.append(words)
            breaks.append(ends)
    return sentences, breaks


# --- systems ------------------------------------------------------------------------------------


def polycue(sentences: list[Sentence], rules: Rules) -> list[Breaks]:
    found = []
    for sentence in sentences:
        words = [Word(text, 0, 0) for text in sentence]
        cues = [piece.lines for piece in segment(words, rules, weights=TEXT_ONLY)]
        found.append(breaks_of(cues))
    return found


def whisper_writer(sentences: list[Sentence]) -> list[Breaks]:
    """Fills lines greedily and two of them a cue, wherever sentences end."""
    stream = [word for sentence in sentences for word in sentence]
    lines = textwrap.wrap(" ".join(stream), LINE_CHARS, break_on_hyphens=False)
    cues = [tuple(lines[first : first + LINES]) for first in range(0, len(lines), LINES)]
    breaks = iter(breaks_of(cues))
    return [[next(breaks) for _ in sentence] for sentence in sentences]


def wrap(sentences: list[Sentence]) -> list[Breaks]:
    return [whisper_writer([sentence])[0] for sentence in sentences]


def breaks_of(cues: Sequence[Sequence[str]]) -> Breaks:
    breaks: Breaks = []
    for lines in cues:
        for line in lines:
            breaks += [""] * (len(line.split()) - 1) + ["line"]
        breaks[-1] = "cue"
    return breaks


# --- measures -----------------------------------------------------------------------------------


def score(
    sentences: list[Sentence], people: list[Breaks], found: list[Breaks], language: str
) -> Scores:
    inner = [
        (word, wanted, given)
        for sentence, ours, theirs in zip(sentences, people, found, strict=True)
        for word, wanted, given in zip(sentence[:-1], ours, theirs, strict=False)
    ]
    lines = list(lines_of(sentences, found))
    too_long = sum(len(line) > LINE_CHARS for line in lines)
    return Scores(
        any_break_f1=f1([(wanted != "", given != "", True) for _, wanted, given in inner]),
        cue_break_f1=f1([(wanted == "cue", given == "cue", True) for _, wanted, given in inner]),
        typed_break_f1=f1(
            [(wanted != "", given != "", wanted == given) for _, wanted, given in inner]
        ),
        after_function_word=share_after_function_words(
            [word for word, _, given in inner if given], language
        ),
        lines_too_long=round(100 * too_long / len(lines), 2),
        cues=sum(breaks.count("cue") for breaks in found),
    )


def f1(boundaries: list[tuple[bool, bool, bool]]) -> float:
    """Of (people break, the system breaks, and both mean the same)."""
    wanted = sum(wanted for wanted, _, _ in boundaries)
    given = sum(given for _, given, _ in boundaries)
    right = sum(wanted and given and same for wanted, given, same in boundaries)
    return round(200 * right / (wanted + given), 2) if wanted + given else 0.0


def share_after_function_words(words: list[str], language: str) -> float | None:
    function_words = vocabulary(language).function_words
    if not function_words or not words:
        return None
    ending = sum(word[-1].isalnum() and bare(word) in function_words for word in words)
    return round(100 * ending / len(words), 2)


def lines_of(sentences: list[Sentence], found: list[Breaks]) -> list[str]:
    """The lines as they would be shown; one may go on across sentences."""
    marked = " ".join(
        word + ("\n" if given else "")
        for sentence, breaks in zip(sentences, found, strict=True)
        for word, given in zip(sentence, breaks, strict=True)
    )
    return [line.strip() for line in marked.split("\n") if line.strip()]


def line_breaks_found(
    sentences: list[Sentence], people: list[Breaks], split: Callable[[str], Sequence[str]]
) -> float:
    """Of the cues that people set on two lines, percent that ``split`` breaks at their place."""
    right = total = 0
    for sentence, breaks in zip(sentences, people, strict=True):
        ends = [index + 1 for index, given in enumerate(breaks) if given == "cue"]
        for first, after in pairwise([0, *ends]):
            cue = breaks_of([split(" ".join(sentence[first:after]))])
            if breaks[first:after].count("line") == 1:
                total += 1
                right += cue == breaks[first:after]
    return round(100 * right / total, 2)


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


# --- report -------------------------------------------------------------------------------------


def measure(path: Path, language: str) -> dict[str, Any]:
    sentences, people = read(path)
    rules = rules_for(
        LayoutOptions(max_line_chars=LINE_CHARS, max_line_count=LINES), language, None
    )
    unlisted = replace(rules, language="und")
    systems: dict[str, System] = {
        "people": lambda _: people,
        "whisper": whisper_writer,
        "wrap": wrap,
        "polycue, no word lists": lambda texts: polycue(texts, unlisted),
        "polycue": lambda texts: polycue(texts, rules),
    }
    half = len(sentences) // 2
    scores = {}
    for name, system in systems.items():
        found = system(sentences)
        whole = score(sentences, people, found, language)
        second = score(sentences[half:], people[half:], found[half:], language)
        scores[name] = {**asdict(whole), "second_half": asdict(second)}
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "reference": path.name,
        "reference_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "sentences": len(sentences),
        "systems": scores,
        "line_break_exact": {
            "fill the first line": line_breaks_found(
                sentences, people, lambda text: textwrap.wrap(text, LINE_CHARS)
            ),
            "even lines": line_breaks_found(sentences, people, even_lines),
            "polycue": line_breaks_found(sentences, people, lambda text: break_lines(text, rules)),
        },
        "layout_ms_per_1000_cues": milliseconds_per_1000_cues(sentences, rules),
    }


def even_lines(text: str) -> Sequence[str]:
    if len(text) <= LINE_CHARS:
        return [text]
    space = min(
        (match.start() for match in re.finditer(" ", text)),
        key=lambda place: abs(2 * place - len(text)),
    )
    return text[:space], text[space + 1 :]


def print_table(report: dict[str, Any]) -> None:
    print(f"{report['reference']}: {report['sentences']} sentences, F1 in percent (second half)\n")
    print(
        f"{'':24}{'any':>16}{'cue':>16}{'typed':>16}  {'function':>9} {'too long':>9} {'cues':>6}"
    )
    for name, scores in report["systems"].items():
        second = scores["second_half"]
        cells = [
            f"{scores[kind]:7.1f} ({second[kind]:5.1f})"
            for kind in ("any_break_f1", "cue_break_f1", "typed_break_f1")
        ]
        ending = scores["after_function_word"]
        share = "-" if ending is None else f"{ending:.1f} %"
        print(
            f"{name:24}{cells[0]:>16}{cells[1]:>16}{cells[2]:>16}  {share:>9} "
            f"{scores['lines_too_long']:7.1f} % {scores['cues']:6}"
        )
    lines = ", ".join(f"{name} {share:.1f} %" for name, share in report["line_break_exact"].items())
    print(f"\nline break of two-line cues at people's place: {lines}")
    print(f"layout of 1000 cues: {report['layout_ms_per_1000_cues']:.0f} ms of one core")


def plot(report: dict[str, Any], target: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    systems = {name: row for name, row in report["systems"].items() if name != "people"}
    kinds = {
        "any_break_f1": "any break",
        "cue_break_f1": "cue break",
        "typed_break_f1": "typed break",
    }
    figure, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
    height = 0.26
    for offset, (kind, label) in enumerate(kinds.items()):
        places = [index + (1 - offset) * height for index in range(len(systems))]
        values = [row["second_half"][kind] for row in systems.values()]
        bars = axes.barh(
            places, values, height, label=label, color=("#1b4965", "#5fa8d3", "#cae9ff")[offset]
        )
        axes.bar_label(bars, fmt="%.1f", padding=3, fontsize=9)
    axes.set_yticks(range(len(systems)), list(systems))
    axes.set_xlim(0, 100)
    axes.set_xlabel("F1 against the breaks people made, %")
    axes.set_title(f"Breaks of cues and lines: second half of {report['reference']}, text alone")
    axes.legend(loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, dpi=120)
    pyplot.close(figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--reference", type=Path, default=REFERENCE)
    parser.add_argument("--language", help="BCP-47; by default the reference's suffix")
    parser.add_argument("--json", action="store_true", help="print the report, not a table")
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    arguments = parser.parse_args()
    if not arguments.reference.is_file():
        print(
            f"skipped: {arguments.reference.name} is not here. It is data/amara.en of EvalSubtitle "
            "(github.com/fyvo/EvalSubtitle, CC BY-NC-SA: to measure with, not to pass on); "
            "get it and say --reference FILE",
            file=sys.stderr,
        )
        return 0
    language = arguments.language or arguments.reference.suffix.removeprefix(".") or "und"
    report = measure(arguments.reference, language)
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        print_table(report)
    arguments.results.mkdir(parents=True, exist_ok=True)
    target = arguments.results / "segmentation.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    plot(report, target.with_suffix(".png"))
    print(f"wrote {target.name} and {target.with_suffix('.png').name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
