"""How near disturbed subtitles come to their place again, and whether wrong ones are refused.

Prints a table and writes it to benchmarks/results/sync.json. Run it from anywhere::

    .venv/bin/python benchmarks/sync.py [--ffsubsync PROGRAM]

Each film's right subtitles are disturbed in five ways: all later by 3.2 s, at 25 frames a second
instead of 23.976, with a break of 90 s (of 60 s in the demo film) before their middle, without a
scene of six cues and its time, and all of the first three. *text* goes by the words that are said,
*speech* by where somebody speaks. An error is how far a cue's start then lies from where it was.
Wrong subtitles are those of another film, and the right ones with stays and gaps shuffled; refusing
those is right, refusing disturbed ones is not.

The demo film has real sound, Silero's detector and the demo model's words; its cues are the
script's sentences. The made-up films (``polycue.testing.made_up``) have a careless detector, cues
that come on early, linger and are left out, and every third word heard wrong.

``--ffsubsync`` also runs that program (0.5.1 is in the committed result), which knows one offset
and one ratio for a file: on the demo film's own sound, and on the made-up films' speech as its
reference; with ten minutes of room, and its ``--skip-sync-on-low-quality`` to let it refuse.
"""

import argparse
import json
import platform
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from polycue import telemetry
from polycue.domain.audio import Span, joined
from polycue.domain.cancel import CancelToken
from polycue.domain.cue import Cue
from polycue.domain.media import AudioChoice
from polycue.domain.request import DetectionOptions, SpeechOptions
from polycue.domain.track import Track
from polycue.domain.transcript import Word
from polycue.engine.devices import choose
from polycue.media.decode import decode
from polycue.media.probe import probe
from polycue.media.streams import choose_audio
from polycue.speech.cut import cut
from polycue.sync import speech_fit, text_fit
from polycue.sync.fit import Fit
from polycue.testing.engines import recogniser_in_threads
from polycue.testing.made_up import Film, film, scaled, shifted, with_break
from polycue.tracks import srt

REPOSITORY = Path(__file__).resolve().parents[1]
RESULT = REPOSITORY / "benchmarks" / "results" / "sync.json"
TOUR = REPOSITORY / "demo" / "tour.mp4"
PAL = 25 / (24_000 / 1001)
CLOSE_MS = 300
LOST = (-3_600_000, -3_600_000)
WORD_ERRORS = 0.33
MADE_UP = (1, 2, 3)  # seeds
MINUTES = 25

Cues = list[Cue]
Times = list[tuple[int, int]] | None  # start and end of each cue of the file; None: refused
System = Callable[["Case", Cues], Times]


@dataclass(frozen=True, slots=True)
class Case:
    """A film and where its true cues are; ``reference`` is what ffsubsync is given of it."""

    name: str
    film: Film
    break_ms: int
    reference: Path | None = None


@dataclass(slots=True)
class Disturbed:
    """``true_ms`` has the place of each cue of the file."""

    kind: str
    cues: Cues
    true_ms: list[int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ffsubsync", metavar="PROGRAM", help="also run this ffsubsync")
    arguments = parser.parse_args()
    telemetry.configure(level="warning", log_format="console")  # what is printed is the result
    cases = [tour(), *(made_up(seed) for seed in MADE_UP)]
    systems: dict[str, System] = {"text": by_text, "speech": by_speech}
    if arguments.ffsubsync:
        systems["ffsubsync"] = lambda case, cues: by_ffsubsync(arguments.ffsubsync, case, cues)
    report: dict[str, Any] = {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "close_ms": CLOSE_MS,
        "films": {case.name: len(case.film.cues) for case in cases},
        "systems": {"ffsubsync": None},
    }
    for name, system in systems.items():
        report["systems"][name] = measured(system, cases)
        show(name, report["systems"][name])
    RESULT.write_text(json.dumps(report, indent=2) + "\n")


def measured(system: System, cases: Sequence[Case]) -> dict[str, Any]:
    rows: dict[str, dict[str, Any]] = {}
    for group, of_group in (("demo film", cases[:1]), ("made-up films", cases[1:])):
        for number, kind in enumerate(KINDS):
            errors: list[int] = []
            refused, seconds = 0, []
            for case in of_group:
                old = disturbances(case)[number]
                begin_s = time.perf_counter()
                times = system(case, old.cues)
                seconds.append(time.perf_counter() - begin_s)
                refused += times is None
                starts = zip(times or (), old.true_ms, strict=times is not None)
                errors += [abs(start - true) for (start, _), true in starts]
            rows[f"{group}, {kind}"] = row(errors, refused, len(of_group), seconds)
    wrong = [(case, cues) for case in cases for cues in wrong_ones(case, cases)]
    refusals = sum(system(case, cues) is None for case, cues in wrong)
    return {"disturbed": rows, "wrong_refused": refusals, "wrong": len(wrong)}


def row(errors: list[int], refused: int, films: int, seconds: list[float]) -> dict[str, Any]:
    errors.sort()
    return {
        "films": films,
        "refused": refused,
        "median_ms": errors[len(errors) // 2] if errors else None,
        "p90_ms": errors[len(errors) * 9 // 10] if errors else None,
        "close_share": sum(e <= CLOSE_MS for e in errors) / len(errors) if errors else None,
        "median_seconds": round(statistics.median(seconds), 2),
    }


def show(name: str, found: dict[str, Any]) -> None:
    print(f"\n{name}: refused {found['wrong_refused']} of {found['wrong']} wrong files")
    for title, line in found["disturbed"].items():
        if line["median_ms"] is None:
            print(f"  {title:36} refused")
            continue
        print(
            f"  {title:36} median {line['median_ms']:6} ms, p90 {line['p90_ms']:6} ms,"
            f" {line['close_share']:4.0%} within {CLOSE_MS} ms,"
            f" refused {line['refused']} of {line['films']}, {line['median_seconds']} s"
        )


# --- what is done to subtitles --------------------------------------------------------------------

KINDS = ("late", "other frame rate", "break", "scene cut out", "late, rate and break")


def disturbances(case: Case) -> list[Disturbed]:
    cues = list(case.film.cues)
    half, third = len(cues) // 2, len(cues) // 3
    starts = [cue.start_ms for cue in cues]
    gone_ms = cues[third + 6].start_ms - cues[third].start_ms
    lacking = [*cues[:third], *shifted(cues[third + 6 :], -gone_ms)]
    broken = with_break(cues, half, case.break_ms)
    return [
        Disturbed(KINDS[0], shifted(cues, 3200), starts),
        Disturbed(KINDS[1], scaled(cues, PAL), starts),
        Disturbed(KINDS[2], broken, starts),
        Disturbed(KINDS[3], lacking, starts[:third] + starts[third + 6 :]),
        Disturbed(KINDS[4], shifted(scaled(broken, PAL), 3200), starts),
    ]


def wrong_ones(case: Case, cases: Sequence[Case]) -> Iterator[Cues]:
    """Another film's cues, and the film's own with stays, gaps and texts in another order."""
    other = cases[(cases.index(case) + 1) % len(cases)]
    yield list(other.film.cues)
    chance = random.Random(case.name)
    cues = list(case.film.cues)
    gaps = [*(b.start_ms - a.end_ms for a, b in pairwise(cues)), 0]
    chance.shuffle(cues)
    chance.shuffle(gaps)
    at_ms, mixed = 2000, []
    for cue, gap_ms in zip(cues, gaps, strict=True):
        mixed.append(replace(cue, start_ms=at_ms, end_ms=at_ms + cue.duration_ms))
        at_ms += cue.duration_ms + gap_ms
    yield mixed


# --- films ----------------------------------------------------------------------------------------


def tour() -> Case:
    """The demo film as polycue hears it, and its sentences as cues."""
    models = REPOSITORY / "demo" / "models" / "whisper"
    recogniser = recogniser_in_threads(models.joinpath, choose("cpu"))
    media = probe(TOUR, cancel=CancelToken())
    speech: list[Span] = []
    try:
        with decode(media, choose_audio(media, AudioChoice()), cancel=CancelToken()) as decoding:
            chunks = list(
                cut(decoding, DetectionOptions(), max_chunk_ms=recogniser.facts().max_chunk_ms)
            )
            for chunk in chunks:
                speech += chunk.speech
            heard = recogniser.transcribe(chunks, SpeechOptions(), cancel=CancelToken())
            words = tuple(word for result in heard for word in result.words)
            duration_ms = decoding.decoded_ms
    finally:
        recogniser.close()
    sentences = json.loads((REPOSITORY / "demo" / "script.json").read_text())["sentences"]
    cues = tuple(Cue(s["start_ms"], s["end_ms"] + 300, (s["en"],)) for s in sentences)
    return Case("demo film", Film(duration_ms, cues, joined(speech), words), 60_000, TOUR)


def made_up(seed: int) -> Case:
    made = film(seed, minutes=MINUTES)
    chance = random.Random(seed)
    words = []
    for word in made.words:
        kind = chance.random() / WORD_ERRORS
        if kind < 0.3:
            continue
        text = chance.choice(made.words).text if kind < 1 else word.text
        start_ms = max(word.start_ms + chance.randint(-60, 60), 0)
        words.append(Word(text, start_ms, max(word.end_ms, start_ms)))
    return Case(f"made-up film {seed}", replace(made, words=tuple(words)), 90_000)


# --- systems --------------------------------------------------------------------------------------


def by_text(case: Case, cues: Cues) -> Times:
    return moved(text_fit.fit_to_words(cues, case.film.words), cues, text_fit.GOOD_ENOUGH)


def by_speech(case: Case, cues: Cues) -> Times:
    fit = speech_fit.fit_to_speech(cues, case.film.speech, case.film.duration_ms)
    return moved(fit, cues, speech_fit.GOOD_ENOUGH)


def moved(fit: Fit, cues: Cues, needed: float) -> Times:
    if fit.score < needed:
        return None
    return [
        (piece.time_ms(cue.start_ms), piece.time_ms(cue.end_ms))
        for piece in fit.pieces
        for cue in cues[piece.first : piece.last]
    ]


def by_ffsubsync(program: str, case: Case, cues: Cues) -> Times:
    with tempfile.TemporaryDirectory() as folder:
        reference, old, new = (Path(folder) / n for n in ("reference.srt", "old.srt", "new.srt"))
        old.write_text(srt.write(Track("en", tuple(cues))))
        if case.reference is None:
            spoken = tuple(Cue(s.start_ms, s.end_ms, ("x",)) for s in case.film.speech)
            reference.write_text(srt.write(Track("en", spoken)))
        command = [program, str(case.reference or reference), "-i", str(old), "-o", str(new)]
        command += ["--max-offset-seconds", "600", "--skip-sync-on-low-quality"]
        command += ["--quality-max-offset-seconds", "600"]
        subprocess.run(command, capture_output=True, check=False, timeout=300)
        if not new.exists():
            return None
        found = srt.read(new.read_text()).cues
    if [cue.start_ms for cue in found] == [cue.start_ms for cue in cues]:
        return None  # it leaves the file as it was
    # What came to lie before the film's start it drops; that counts as an hour off.
    place = {cue.lines: (cue.start_ms, cue.end_ms) for cue in found}
    return [place.get(cue.lines, LOST) for cue in cues]


if __name__ == "__main__":
    main()
