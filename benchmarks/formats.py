"""What reading and writing each subtitle format costs, in ms of one core for a thousand cues.

Prints a table and writes benchmarks/results/formats.json. Run it from anywhere::

    .venv/bin/python benchmarks/formats.py

The cues are made up: one to two lines of ten words of the demo film's script. Time is the process's
own (``time.process_time``), so others on the machine count little; the least of the rounds stands.
Each file is read back and its cues compared, so no figure is of a reader that lost something.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from polycue.domain.cue import Cue
from polycue.domain.track import Track, TrackFormat
from polycue.tracks.files import decode_text, encode, parse

REPOSITORY = Path(__file__).resolve().parents[1]
CUES = 10_000
CUE_MS, GAP_MS = 2_500, 80  # whole hundredths, so that ASS keeps them too


def made_up_track(count: int) -> Track:
    script = json.loads((REPOSITORY / "demo" / "script.json").read_text(encoding="utf-8"))
    words = " ".join(sentence["en"] for sentence in script["sentences"]).split()
    cues = []
    for number in range(count):
        first = number * 7 % len(words)
        text = (words * 2)[first : first + 10]
        lines = (" ".join(text[:5]), " ".join(text[5:]))[: 1 + number % 2]
        start_ms = number * (CUE_MS + GAP_MS)
        cues.append(Cue(start_ms, start_ms + CUE_MS, lines))
    return Track("en", tuple(cues))


def cpu_ms(work: Callable[[], object], rounds: int) -> float:
    """The least milliseconds of a round, for a thousand cues."""
    least = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        work()
        least = min(least, time.process_time() - began)
    return round(least * 1000 / (CUES / 1000), 1)


def measure(track: Track, track_format: TrackFormat, rounds: int) -> dict[str, float | int | None]:
    data = encode(track, track_format)
    read_ms = None
    if track_format.is_readable:
        found = parse(decode_text(data), track_format).cues
        if [(c.start_ms, c.end_ms, c.lines) for c in found] != [
            (c.start_ms, c.end_ms, c.lines) for c in track.cues
        ]:
            sys.exit(f"{track_format} does not read back")
        read_ms = cpu_ms(lambda: parse(decode_text(data), track_format), rounds)
    return {
        "write_ms": cpu_ms(lambda: encode(track, track_format), rounds),
        "read_ms": read_ms,
        "bytes_per_cue": round(len(data) / CUES),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    arguments = parser.parse_args()
    track = made_up_track(CUES)
    formats = {f.value: measure(track, f, arguments.rounds) for f in TrackFormat}
    print(f"{'ms a 1000 cues':<16}{'write':>8}{'read':>8}{'bytes a cue':>14}")
    for name, found in formats.items():
        read = "-" if found["read_ms"] is None else found["read_ms"]
        print(f"{name:<16}{found['write_ms']:>8}{read:>8}{found['bytes_per_cue']:>14}")
    report = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": {name: version(name) for name in ("pysrt", "pysubs2", "ttconv")},
        "cues": CUES,
        "rounds": arguments.rounds,
        "formats": formats,
    }
    target = arguments.results / "formats.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
