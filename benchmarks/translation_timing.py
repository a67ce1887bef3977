"""How near translated cues come to the time at which their meaning is spoken.

Prints a table and writes translation_timing.json and .png to benchmarks/results. Run it from
anywhere::

    .venv/bin/python benchmarks/translation_timing.py

Sentences of the demo film's world (``aligned.py``), of which it is known by construction which word
means which, are spoken by eSpeak NG, which says when each word begins; so it is known when each
word of the translation is spoken. A cue is right if it comes within 250 ms of the first moment at
which any of its words is meant. Cues are laid out by polycue's own rules in every case.

* *line by line*: each source cue is translated alone and stands in its place, as
  argos-translate-files does it.
* *proportional*: the whole sentence, its time shared by characters.
* *anchored*: what polycue does: brought together at marks, numbers, names and the speaker's pauses.
* *fragment anchors*: besides, each part of the sentence is translated alone, and the translation is
  cut where its pieces look most like those (twice the translating).
* *attention*: besides, what each word of the translation looked at most while it was written.

With *true* translations fragments are perfect too: for each part, the words that mean it. With the
demo models they are what the models make of them, which know whole sentences only. A word that is
not in the true translation means nothing that was said; a cue of which most words are such is
wrong, whenever it comes.
"""

import argparse
import json
import platform
import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from importlib.metadata import version
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))  # demo is no package of the distribution

from demo.train import espeak  # noqa: E402

import aligned  # noqa: E402
from aligned import Language  # noqa: E402
from polycue.cues.layout import layout  # noqa: E402
from polycue.cues.presets import Rules, rules_for  # noqa: E402
from polycue.domain.cue import Cue  # noqa: E402
from polycue.domain.request import LayoutOptions  # noqa: E402
from polycue.domain.transcript import Sentence, Word, text_of  # noqa: E402
from polycue.models.imports import import_models  # noqa: E402
from polycue.models.store import ModelStore  # noqa: E402
from polycue.translation.packages import Packages  # noqa: E402
from translated_times import (  # noqa: E402
    Model,
    parts_of,
    perfect,
    proportional,
    texts_of,
    whole,
)

SEED = 20261126
VOICES = (
    espeak.Voice("en-gb-x-rp+m7", words_per_minute=150, pitch=45),  # the film's two narrators
    espeak.Voice("en-us+f2", words_per_minute=155, pitch=50),
)
RIGHT_MS = 250
SYSTEMS = ("line by line", "proportional", "anchored", "fragment anchors", "attention")


@dataclass(frozen=True)
class Setting:
    """What is translated, and into what cues."""

    name: str
    clauses: int
    sentences: int
    line_chars: int
    by_model: bool


SETTINGS = (
    Setting("true translations, 3 clauses, lines of 42", 3, 120, 42, by_model=False),
    Setting("true translations, 3 clauses, lines of 25", 3, 120, 25, by_model=False),
    Setting("demo models, 1 clause, lines of 25", 1, 240, 25, by_model=True),
)


@dataclass(frozen=True)
class Row:
    """In percent; ``median_ms`` is how far a word is from where it is spoken."""

    setting: str
    pair: str
    system: str
    cues: int
    cues_right: float
    words_right: float
    words_said: float
    median_ms: float


@dataclass
class Tally:
    """Distances in ms, None for what means nothing that was said."""

    cues: list[int | None]
    words: list[int | None]

    def row(self, setting: str, pair: str, system: str) -> Row:
        known = [ms for ms in self.words if ms is not None]
        return Row(
            setting,
            pair,
            system,
            len(self.cues),
            _percent(ms is not None and ms <= RIGHT_MS for ms in self.cues),
            _percent(ms is not None and ms <= RIGHT_MS for ms in self.words),
            _percent(ms is not None for ms in self.words),
            round(statistics.median(known)) if known else 0,
        )


def _percent(found: Any) -> float:
    values = list(found)
    return round(100 * sum(values) / len(values), 1)


def spoken(text: str, rng: random.Random) -> Sentence:
    said = espeak.speak(text, rng.choice(VOICES))
    return Sentence(tuple(Word(word.text, word.start_ms, word.end_ms) for word in said.words))


def moments(shown: Sequence[str], there: Sequence[str], starts: Sequence[int]) -> list[int | None]:
    """When each word shown is spoken, as the true translation ``there`` says; None where never."""
    bare = [[word.strip(",.¿?").casefold() for word in words] for words in (shown, there)]
    found: list[int | None] = [None] * len(shown)
    for block in SequenceMatcher(None, *bare, autojunk=False).get_matching_blocks():
        for k in range(block.size):
            found[block.a + k] = starts[block.b + k]
    return found


def count(tally: Tally, cues: Sequence[Cue], times: Sequence[int | None]) -> None:
    """Hold cues against the times at which their words, in order, are spoken."""
    at = 0
    for cue in cues:
        meant = [time_ms for time_ms in times[at : at + len(cue.words)] if time_ms is not None]
        at += len(cue.words)
        sure = 2 * len(meant) >= len(cue.words)
        tally.cues.append(abs(cue.start_ms - min(meant)) if meant and sure else None)


def measure(setting: Setting, target: Language, model: Model | None) -> list[Row]:
    rng = random.Random(SEED)
    options = LayoutOptions(max_line_chars=setting.line_chars)
    rules, own = rules_for(options, target, None), rules_for(options, "en", None)
    tallies = {system: Tally([], []) for system in SYSTEMS}
    material = [aligned.sentence(rng, clauses=setting.clauses) for _ in range(setting.sentences)]
    for each in material:
        sentence = spoken(each.texts["en"], rng)
        meanings = each.meanings("en", target)
        starts = [min(sentence.words[k].start_ms for k in meant) for meant in meanings]
        there = each.words(target)
        parts = texts_of(sentence, parts_of(sentence))
        if model:
            (text,) = model.translate([sentence.text])
            timed = whole(
                sentence, text, target, model.translate(parts), model.hints(sentence.text)
            )
            line_by_line(tallies["line by line"], sentence, there, starts, model, own)
        else:
            guesses = perfect(there, meanings, parts_of(sentence))
            timed = whole(sentence, each.texts[target], target, guesses, None)
        for system, words in timed.items():
            times = moments([word.text for word in words], there, starts)
            count(tallies[system], layout(words, rules), times)
            tallies[system].words += [
                None if time_ms is None else abs(word.start_ms - time_ms)
                for word, time_ms in zip(words, times, strict=True)
            ]
    pair = f"en>{target}"
    return [
        tally.row(setting.name, pair, system) for system, tally in tallies.items() if tally.cues
    ]


def line_by_line(
    tally: Tally,
    sentence: Sentence,
    there: Sequence[str],
    starts: Sequence[int],
    model: Model,
    rules: Rules,
) -> None:
    """Each cue of the source translated alone; its words share the cue's time."""
    cues = layout(sentence.words, rules)
    for cue, text in zip(cues, model.translate([text_of(cue.words) for cue in cues]), strict=True):
        words = proportional(Sentence(cue.words), text or "-", "es")
        times = moments([word.text for word in words], there, starts)
        shown = Cue(cue.start_ms, cue.end_ms, cue.lines, tuple(words))
        count(tally, [shown], times)
        tally.words += [
            None if time_ms is None else abs(word.start_ms - time_ms)
            for word, time_ms in zip(words, times, strict=True)
        ]


def cost(model: Model, target: Language) -> float:
    """How many times longer it takes to translate the parts as well as the wholes."""
    rng = random.Random(SEED + 1)
    sentences = [spoken(aligned.sentence(rng).texts["en"], rng) for _ in range(200)]
    model.seconds = 0.0
    model.translate([sentence.text for sentence in sentences])
    alone = model.seconds
    model.translate([part for s in sentences for part in texts_of(s, parts_of(s))])
    return round(model.seconds / alone, 2)


def show(rows: Sequence[Row]) -> None:
    for row in rows:
        print(
            f"{row.setting:<42} {row.pair}  {row.system:<17}"
            f" {row.cues:4} cues {row.cues_right:5.1f} %"
            f"   words {row.words_right:5.1f} % of {row.words_said:5.1f} %,"
            f" median {row.median_ms:.0f} ms"
        )


def plot(rows: Sequence[Row], target: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    groups = list(dict.fromkeys((row.setting, row.pair) for row in rows))
    colours = ("#999999", "#cae9ff", "#1b4965", "#5fa8d3", "#f2a65a")
    figure, axes = pyplot.subplots(figsize=(9, 7), layout="constrained")
    height = 0.17
    for place, (system, colour) in enumerate(zip(SYSTEMS, colours, strict=True)):
        own = [row for row in rows if row.system == system]
        at = [groups.index((row.setting, row.pair)) + (place - 2) * height for row in own]
        bars = axes.barh(at, [row.cues_right for row in own], height, label=system, color=colour)
        axes.bar_label(
            bars, [f"{row.cues_right:.1f}  {system}" for row in own], padding=3, fontsize=8
        )
    axes.set_yticks(range(len(groups)), [f"{name}\n{pair}" for name, pair in groups])
    axes.invert_yaxis()
    axes.set_xlim(0, 130)  # room for the longest name
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel(f"cues within {RIGHT_MS} ms of where their meaning is spoken, %")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, dpi=120)
    pyplot.close(figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    arguments = parser.parse_args()
    try:
        espeak.speak("Listen.", VOICES[0])
    except espeak.EspeakMissing as error:
        print(f"skipped: {error}", file=sys.stderr)
        return 0
    rows: list[Row] = []
    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        store = ModelStore(Path(folder))
        import_models(REPOSITORY / "demo" / "models" / "argos", store)
        for target in ("es", "de"):
            model = Model(Packages(store.argos_root).find("en", target))
            for setting in SETTINGS:
                rows += measure(setting, target, model if setting.by_model else None)
            costs[f"en>{target}"] = cost(model, target)
    rows.sort(key=lambda row: [setting.name for setting in SETTINGS].index(row.setting))
    show(rows)
    print("translating the parts as well takes", costs, "times as long")
    report = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "ctranslate2": version("ctranslate2"),
        "seed": SEED,
        "right_ms": RIGHT_MS,
        "fragment_cost": costs,
        "rows": [asdict(row) for row in rows],
    }
    arguments.results.mkdir(parents=True, exist_ok=True)
    target_file = arguments.results / "translation_timing.json"
    target_file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    plot(rows, target_file.with_suffix(".png"))
    print(f"wrote {target_file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
