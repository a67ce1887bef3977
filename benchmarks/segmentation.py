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
import re
import statistics
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from function_words import function_words, is_function_word
from peers import (
    LINE_CHARS,
    LINES,
    Breaks,
    Sentence,
    breaks_of,
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

REPOSITORY = Path(__file__).resolve().parents[1]
REFERENCE = REPOSITORY.parent / "shared" / "data" / "segmentation" / "amara.en"
TUNED_ON = "amara.en"  # the first half of it
TEXT_ONLY = replace(CUES, speed=0, stay=0)  # there are no times to pay for
CHARS_PER_SECOND = 15  # of the speech that is made up to measure the speed of layout
ROUNDS = 5
KINDS = {"any_break_f1": "any break", "cue_break_f1": "cue break", "typed_f1": "typed break"}
FAULTS = {"after_function_word": "breaks after a function word", "lines_too_long": "lines too long"}
BLUES, ORANGES = ("#1b4965", "#5fa8d3", "#cae9ff"), ("#9d4b00", "#f2b880")
HATCHES = ("", "//", "..")

System = Callable[[list[Sentence]], list[Breaks]]


@dataclass(frozen=True)
class Scores:
    """F1 and shares in percent; ``after_function_word`` None where no list of them is at hand."""

    any_break_f1: float
    cue_break_f1: float
    typed_f1: float
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
    too_long = sum(len(unicodedata.normalize("NFC", line)) > LINE_CHARS for line in lines)
    return Scores(
        any_break_f1=f1([(wanted != "", given != "", True) for _, wanted, given in inner]),
        cue_break_f1=f1([(wanted == "cue", given == "cue", True) for _, wanted, given in inner]),
        typed_f1=f1([(wanted != "", given != "", wanted == given) for _, wanted, given in inner]),
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
    known = function_words(language)
    if known is None or not words:
        return None
    return round(100 * sum(is_function_word(word, known) for word in words) / len(words), 2)


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
) -> float | None:
    """Of the cues that people set on two lines, percent that ``split`` breaks at their place.

    None where they set none so.
    """
    right = total = 0
    for sentence, breaks in zip(sentences, people, strict=True):
        ends = [index + 1 for index, given in enumerate(breaks) if given == "cue"]
        for first, after in pairwise([0, *ends]):
            lines = split(" ".join(sentence[first:after]))
            cue = breaks_of([[line.split() for line in lines]])
            if breaks[first:after].count("line") == 1:
                total += 1
                right += cue == breaks[first:after]
    return round(100 * right / total, 2) if total else None


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


def plot(report: dict[str, Any], target: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    rows = {name: scores for name, scores in report["systems"].items() if name != "people"}
    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(10, 5.5), layout="constrained", sharey=True, width_ratios=(3, 2)
    )
    # Of what the weights were chosen on, only the other half says how good they are.
    unseen = [scores.get("second_half", scores) for scores in rows.values()]
    draw_bars(left, unseen, KINDS, BLUES)
    left.set_yticks(range(len(rows)), list(rows))
    left.set_xlim(0, 100)
    left.set_xlabel("F1 against the breaks people made, %")
    half = "second half of " if "second_half" in report["systems"]["polycue"] else ""
    left.set_title(f"{half}{report['reference']}, text alone", fontsize=10)
    left.legend(loc="lower right")
    draw_bars(right, list(rows.values()), FAULTS, ORANGES)
    right.set_xlim(0, 80)
    right.set_xlabel("share, %")
    right.set_title(f"all of {report['reference']}", fontsize=10)
    right.legend(loc="upper right")
    figure.suptitle("Breaks of cues and lines")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, dpi=110)
    pyplot.close(figure)


def draw_bars(
    axes: Any, rows: list[dict[str, Any]], kinds: dict[str, str], colours: Sequence[str]
) -> None:
    height = 0.78 / len(kinds)
    for offset, (kind, label) in enumerate(kinds.items()):
        places = [row + ((len(kinds) - 1) / 2 - offset) * height for row in range(len(rows))]
        values = [row[kind] for row in rows]
        bars = axes.barh(
            places,
            [value or 0.0 for value in values],
            height,
            label=label,
            color=colours[offset],
            hatch=HATCHES[offset],
        )
        texts = ["no list" if value is None else f"{value:.1f}" for value in values]
        axes.bar_label(bars, texts, padding=3, fontsize=8)


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
