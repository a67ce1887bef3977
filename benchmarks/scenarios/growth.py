"""Does the time grow as the work does? The same film once, and 2, 4, 8 and 16 times over."""

import tempfile
from pathlib import Path

from scenarios import sound
from scenarios.place import Workshop
from scenarios.rounds import Outcome, Pace, Row
from scenarios.served import serving

TIMES = (1, 2, 4, 8, 16)


def measure(workshop: Workshop, pace: Pace, geometry: str = "tiny") -> Outcome:
    unit = pace.pick(1, 2, 6)
    once = sound.film_of([sound.block(700_000 + n) for n in range(unit)])
    films = {
        times: sound.written(workshop.sounds / f"grown-{unit}-{times}.mka", once, times=times)
        for times in TIMES
    }
    model, another = workshop.model(geometry), pace.started()
    seconds: dict[int, list[float]] = {times: [] for times in TIMES}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with serving(workshop.place, model, workshop.sounds, data) as server:
            server.films([films[1]])
            while another(len(seconds[1])):
                for times, film in films.items():
                    heard = server.films([film])
                    if heard.windows != unit * times:
                        raise SystemExit(f"{film.name}: {heard.windows} windows")
                    seconds[times].append(heard.seconds)
                    print(f"  {times:>2} times: {heard.seconds:.2f} s", flush=True)
    row = Row(
        f"16 times a film of {unit} windows, {geometry}: over the time of one",
        [a / b for a, b in zip(seconds[16], seconds[1], strict=True)],
        16.5,
        at_least=False,
        note="job over gRPC, file to SRT",
    )
    facts = {"seconds": {str(times): each for times, each in seconds.items()}, "model": model.name}
    return Outcome([row], facts)
