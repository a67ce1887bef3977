"""Does the time grow as the work does? The same film once, and 2, 4, 8 and 16 times over."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scenarios import sound
from scenarios.place import Workshop
from scenarios.rounds import Outcome, Pace, Row
from scenarios.served import serving

TIMES = (1, 2, 4, 8, 16)


def measure(workshop: Workshop, pace: Pace, geometry: str = "tiny") -> Iterator[Outcome]:
    unit = pace.pick(1, 2, 12)
    once = sound.film_of([sound.block(700_000 + n) for n in range(unit)])
    films = {
        times: sound.written(workshop.sounds / f"grown-{unit}-{times}.mka", once, times=times)
        for times in TIMES
    }
    model, another = workshop.model(geometry), pace.started()
    seconds: dict[int, list[float]] = {times: [] for times in TIMES}
    chance = random.Random(unit)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with serving(workshop.place, model, workshop.sounds, data) as server:
            server.films([films[1]])
            while another(len(seconds[1])):
                for times in chance.sample(TIMES, len(TIMES)):
                    heard = server.films([films[times]])
                    if heard.windows != unit * times:
                        raise SystemExit(f"{films[times].name}: {heard.windows} windows")
                    seconds[times].append(heard.seconds)
                    print(f"  {times:>2} times: {heard.seconds:.2f} s", flush=True)
                facts = {"seconds": {str(times): each for times, each in seconds.items()}}
                rows = _rows(f"{unit} windows, {geometry}", seconds)
                yield Outcome(rows, facts | {"model": model.name})


def _rows(film: str, seconds: dict[int, list[float]]) -> list[Row]:
    """The second leaves out what every film costs, however short it is."""
    note = "job over gRPC, file to SRT"
    by_round = list(zip(seconds[1], seconds[8], seconds[16], strict=True))
    return [
        Row(
            f"16 times a film of {film}: over the time of one",
            [last / first for first, _, last in by_round],
            16.5,
            at_least=False,
            note=note,
        ),
        Row(
            "the second eight of those: over 8 times the time of one",
            [(last - middle) / (8 * first) for first, middle, last in by_round],
            16.5 / 16,
            at_least=False,
            note=note,
            judged=False,
        ),
    ]
