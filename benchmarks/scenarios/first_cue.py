"""The first cue of a one-hour film, beside the time that 45 s of sound take from file to SRT."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from polycue_client.client import Polycue
from scenarios import sound
from scenarios.place import Workshop
from scenarios.rounds import Outcome, Pace, Row
from scenarios.served import Server, serving
from scenarios.short_job import taken_back

SHORT_S = 45.0


def measure(workshop: Workshop, pace: Pace, geometry: str = "base") -> Iterator[Outcome]:
    model, film = workshop.model(geometry), workshop.long_film(1.0)
    blocks = [sound.block(500_000 + n) for n in range(2)]  # as the film begins
    samples = sound.film_of(blocks)[: round(SHORT_S * sound.RATE)]
    short = sound.written(workshop.sounds / f"short-{SHORT_S:g}.mka", samples)
    another = pace.started()
    whole, first, first_open = list[float](), list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with (
            serving(workshop.place, model, workshop.sounds, data) as server,
            server.client() as client,
        ):
            server.films([short])
            while another(len(first)):
                whole.append(server.films([short]).seconds)
                first.append(first_cue_s(server, client, film))
                first_open.append(first_cue_s(server, client, film, language=""))
                facts = {"first_cue_s": first, "first_cue_open_s": first_open}
                facts["short_film_s"] = whole
                rows = [
                    _row(f"first cue of a 1 h film, {geometry}", first, whole, judged=True),
                    _row("the same, its language not named", first_open, whole, judged=False),
                ]
                yield Outcome(rows, facts | {"model": model.name})


def _row(name: str, first: list[float], whole: list[float], *, judged: bool) -> Row:
    return Row(
        f"{name}: over {SHORT_S:g} s of sound to the end",
        [a / b for a, b in zip(first, whole, strict=True)],
        1.0,
        at_least=False,
        note="job over gRPC, its cues watched",
        judged=judged,
    )


def first_cue_s(server: Server, client: Polycue, film: Path, language: str = "en") -> float:
    began = time.perf_counter()
    job = server.start(client, film, language)
    try:
        for event in client.watch(job, include_cues=True):
            if event.HasField("cues"):
                return time.perf_counter() - began
    finally:
        taken_back(client, job)
    raise SystemExit("the film ended without a cue")
