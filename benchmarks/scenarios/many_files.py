"""Eight files at once: jobs of our server, beside faster-whisper from as many threads."""

import tempfile
from pathlib import Path

from scenarios.peer import Way, faster_whisper
from scenarios.place import Workshop
from scenarios.rounds import Outcome, Pace, Row, facts_of, interleaved, ratios
from scenarios.served import serving

FILES = 8
WAYS = tuple(Way(how, tuned) for how in ("batched", "sequential") for tuned in (False, True))


def measure(
    workshop: Workshop,
    pace: Pace,
    geometry: str = "tiny",
    count: int = FILES,
    windows: tuple[int, int, int] = (1, 3, 6),  # of each film, by size
    *,
    judged: bool = True,
    uneven: bool = False,
) -> Outcome:
    """With ``uneven`` windows have 40, 70 or 100 tokens, by their loudness.

    The sequential pipeline, whose windows reach over pauses, then hears others and stands aside.
    """
    model = workshop.clock(geometry) if uneven else workshop.model(geometry)
    make = workshop.uneven_films if uneven else workshop.films
    films = make(pace.pick(2, count, count), pace.pick(*windows))
    ways = [way for way in WAYS if way.how == "batched" or not uneven]
    ours = f"polycue, {len(films)} jobs"
    with tempfile.TemporaryDirectory() as folder, faster_whisper(workshop.place) as peer:
        data = Path(folder) / "data"
        with serving(workshop.place, model, workshop.sounds, data) as server:
            sides = {ours: lambda: server.films(films)} | {
                way.name: lambda way=way: peer.hear(way, model, films, callers=len(films))
                for way in ways
            }
            found = interleaved(sides, pace)
    on_gpu = workshop.place.device == "cuda"
    goals = {"batched": 1.5 if on_gpu else 1.1, "sequential": 1.5}
    name = f"{len(films)} files at once, {geometry}{', uneven' if uneven else ''}"
    rows = [
        Row(
            f"{name}: over {way.name}",
            ratios(found[way.name], found[ours]),
            goals[way.how],
            at_least=True,
            note=f"from {len(films)} threads",
            judged=judged and not way.tuned,
        )
        for way in ways
    ]
    return Outcome(rows, facts_of(found) | {"model": model.name})
