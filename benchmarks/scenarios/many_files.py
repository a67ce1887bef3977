"""Eight files at once: jobs of our server, beside faster-whisper from as many threads."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from scenarios.peer import Way, faster_whisper
from scenarios.place import Workshop
from scenarios.rounds import Found, Outcome, Pace, Row, Side, facts_of, interleaved, ratios
from scenarios.served import serving

FILES = 8
WAYS = tuple(Way(how, tuned) for how in ("batched", "sequential") for tuned in (False, True))
OURS = "polycue"


def measure(
    workshop: Workshop,
    pace: Pace,
    geometry: str = "tiny",
    count: int = FILES,
    windows: tuple[int, int, int] = (1, 3, 6),  # of each film, by size
    *,
    judged: bool = True,
    uneven: bool = False,
) -> Iterator[Outcome]:
    """With ``uneven`` windows have 40, 70 or 100 tokens, by their loudness.

    The sequential pipeline, whose windows reach over pauses, then hears others and stands aside.
    """
    model = workshop.clock(geometry) if uneven else workshop.model(geometry)
    make = workshop.uneven_films if uneven else workshop.films
    films = make(pace.pick(2, count, count), pace.pick(*windows))
    ways = [way for way in WAYS if _wanted(way, pace, uneven=uneven)]
    name = f"{len(films)} files at once, {geometry}{', uneven' if uneven else ''}"
    on_gpu = workshop.place.device == "cuda"
    with tempfile.TemporaryDirectory() as folder, faster_whisper(workshop.place) as peer:
        data = Path(folder) / "data"
        with serving(workshop.place, model, workshop.sounds, data) as server:
            sides: dict[str, Side] = {OURS: server.films}
            for way in ways:
                sides[way.name] = lambda files, way=way: peer.hear(
                    way, model, files, callers=len(files)
                )
            for found in interleaved(sides, films, pace, warm_up=workshop.films(1, 1)):
                rows = _rows(name, ways, found, on_gpu=on_gpu, judged=judged)
                yield Outcome(rows, facts_of(found) | {"model": model.name})


def _wanted(way: Way, pace: Pace, *, uneven: bool) -> bool:
    if way.how == "sequential":
        return not uneven and (pace.size == "full" or not way.tuned)
    return True


def _rows(name: str, ways: list[Way], found: Found, *, on_gpu: bool, judged: bool) -> list[Row]:
    goals = {"batched": 1.5 if on_gpu else 1.1, "sequential": 1.5}
    return [
        Row(
            f"{name}: over {way.name}",
            ratios(found[way.name], found[OURS]),
            goals[way.how],
            at_least=True,
            note="from as many threads as files",
            judged=judged and not way.tuned,
        )
        for way in ways
    ]
