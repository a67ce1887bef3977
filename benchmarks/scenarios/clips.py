"""Sixty clips of 5 s from sixteen callers, beside faster-whisper called for each request."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from scenarios.peer import Way, faster_whisper
from scenarios.place import CLIP, Workshop
from scenarios.rounds import Found, Outcome, Pace, Row, Side, facts_of, interleaved, ratios
from scenarios.served import serving

CLIPS, LENGTH_S, CALLERS = 60, 5.0, 16
ALONE = "sequential without VAD"
DEFAULTS, TUNED = Way(ALONE), Way(ALONE, tuned=True)
OURS = "polycue, Transcribe calls"


def measure(
    workshop: Workshop, pace: Pace, geometry: str = "tiny", *, judged: bool = True
) -> Iterator[Outcome]:
    model = workshop.model(geometry, CLIP)
    clips = workshop.clips(pace.pick(4, CLIPS, CLIPS), LENGTH_S)
    ways = [DEFAULTS, TUNED]
    if pace.size == "full":
        ways += [Way("batched"), Way("batched", tuned=True)]
    with tempfile.TemporaryDirectory() as folder, faster_whisper(workshop.place) as peer:
        data = Path(folder) / "data"
        with serving(workshop.place, model, workshop.sounds, data) as server:
            sides: dict[str, Side] = {OURS: lambda files: server.clips(files, CALLERS)}
            for way in ways:
                sides[way.name] = lambda files, way=way: peer.hear(
                    way, model, files, callers=CALLERS
                )
            name = f"{len(clips)} clips of {LENGTH_S:g} s from {CALLERS} callers, {geometry}"
            goal = 5.0 if workshop.place.device == "cuda" else 1.5
            for found in interleaved(sides, clips, pace, warm_up=clips[:2]):
                rows = _rows(name, ways, found, goal, judged=judged)
                yield Outcome(rows, facts_of(found) | {"model": model.name})


def _rows(name: str, ways: list[Way], found: Found, goal: float, *, judged: bool) -> list[Row]:
    return [
        Row(
            f"{name}: over {way.name}",
            ratios(found[way.name], found[OURS]),
            goal,
            at_least=True,
            note="a call for each clip on both sides",
            judged=judged and way == DEFAULTS,
        )
        for way in ways
    ]
