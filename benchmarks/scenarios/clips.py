"""Sixty clips of 5 s from sixteen callers, beside faster-whisper called for each request."""

import tempfile
from pathlib import Path

from scenarios.peer import Way, faster_whisper
from scenarios.place import CLIP, Workshop
from scenarios.rounds import Outcome, Pace, Row, facts_of, interleaved, ratios
from scenarios.served import serving

CLIPS, LENGTH_S, CALLERS = 60, 5.0, 16
WAYS = tuple(
    Way(how, tuned) for how in ("sequential without VAD", "batched") for tuned in (False, True)
)


def measure(
    workshop: Workshop, pace: Pace, geometry: str = "tiny", *, judged: bool = True
) -> Outcome:
    model = workshop.model(geometry, CLIP)
    clips = workshop.clips(pace.pick(4, CLIPS, CLIPS), LENGTH_S)
    ours = "polycue, Transcribe calls"
    with tempfile.TemporaryDirectory() as folder, faster_whisper(workshop.place) as peer:
        data = Path(folder) / "data"
        with serving(workshop.place, model, workshop.sounds, data) as server:
            sides = {ours: lambda: server.clips(clips, CALLERS)} | {
                way.name: lambda way=way: peer.hear(way, model, clips, callers=CALLERS)
                for way in WAYS
            }
            found = interleaved(sides, pace)
    name = f"{len(clips)} clips of {LENGTH_S:g} s from {CALLERS} callers, {geometry}"
    rows = [
        Row(
            f"{name}: over {way.name}",
            ratios(found[way.name], found[ours]),
            5.0 if workshop.place.device == "cuda" else 1.5,
            at_least=True,
            note="a call for each clip on both sides",
            judged=judged and way == WAYS[0],
        )
        for way in WAYS
    ]
    return Outcome(rows, facts_of(found) | {"model": model.name})
