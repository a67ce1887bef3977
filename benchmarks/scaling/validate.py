"""The model beside the real system, under the same arrivals, at one and two workers."""

import random
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from polycue.engine.backends.backend import Backend
from polycue.engine.backends.threads import ThreadBackend
from polycue.engine.devices import Device as Place
from scaling import real
from scaling.cluster import Cluster
from scaling.costs import Costs, Design, Device
from scaling.film import speech_of
from scaling.load import CHUNK_MS, FilmAsked, Load
from scaling.readings import Figures
from scaling.served import served
from scenarios.place import Workshop

CREDITS = 256 << 20
WITHIN = 0.15
JUDGED = ("makespan_s", "busy_share", "wait_p50_s")
SOUND_S = 0.05  # a chunk of each film comes at most every so much: five hundred times real time
NOTHING = Costs(
    sound_core_s=SOUND_S * 1000 / CHUNK_MS,
    features_core_s=0.0,
    film_start_s=0.0,
    row_python_s=0.0,
    chunk_python_s=0.0,
    layout_python_s=0.0,
    hand_over_s=0.0,
    commit_s=0.0,
    commits_at_once=1,
    claim_s=0.0,
    row_bytes=0,
    link_bytes_a_second=1.0,
    doubtful_share=0.0,
    token_spread=0.0,
)
INSTANT = Device("instant", 4, 0.0, 0.0, 0.0, "by construction")
# Slow enough that the two cores have little to do beside it: what is compared is the scheduler.
PACED = Device("paced", 4, 0.12, 0.06, 0.006, "by construction")
SLOW = Device("slow", 4, 0.4, 0.1, 0.0, "by construction")
LENGTHS = (6, 10, 16)  # blocks of the films on disk; each is a chunk
JOBS = 2  # at work at once, as is the default


@dataclass(frozen=True)
class Pair:
    """One run of each."""

    simulated: Figures
    real: Figures

    @property
    def ratios(self) -> Mapping[str, float]:
        """Simulated over real."""
        really = asdict(self.real)
        return {name: value / really[name] for name, value in asdict(self.simulated).items()}


Trial = Callable[[], Pair]


def trials(workshop: Workshop, seconds: float) -> dict[str, Trial]:
    """By name; each takes about so many seconds and a little more."""
    found: dict[str, Trial] = {}
    for workers in (1, 2):
        plural = "s" * (workers > 1)
        found[f"engine, fixed service time, {workers} worker{plural}"] = Paced(workers, seconds)
        found[f"engine, tiny Whisper, {workers} worker{plural}"] = Tiny(workers, seconds, workshop)
        found[f"whole server, fixed service time, {workers} worker{plural}"] = Whole(
            workers, seconds, workshop
        )
    return found


@dataclass(frozen=True)
class Paced:
    """The engine, with devices whose batches take what they are said to."""

    workers: int
    seconds: float

    def __call__(self) -> Pair:
        films = arrivals(PACED, self.workers, self.seconds)
        noted = heard(films, lambda: paced(PACED, self.workers), self.workers)
        return Pair(simulated(films, PACED, NOTHING, workers=self.workers), noted.figures)


@dataclass(frozen=True)
class Tiny:
    """The engine with a Whisper of true geometry and random weights, a core for each worker.

    The model is fed with the batch times of that very run, mean by number of rows: on a machine
    that others use, those of a minute ago are of another machine.
    """

    workers: int
    seconds: float
    workshop: Workshop

    def __call__(self) -> Pair:
        model = self.workshop.model("tiny")
        place = Place("cpu", 0, "int8", threads=1, workers=self.workers, rows=2)
        guess = Device("tiny", 2, 0.0, 0.3 * self.workers**0.5, 0.0, "a first guess, for arrivals")
        films = arrivals(guess, self.workers, self.seconds)
        noted = heard(films, lambda: [ThreadBackend.open(model, "tiny", place)], self.workers)
        device = fitted(noted.took_s)
        return Pair(simulated(films, device, NOTHING, workers=self.workers), noted.figures)


@dataclass(frozen=True)
class Whole:
    """A whole server with films on its disk; its front end is measured before and after."""

    workers: int
    seconds: float
    workshop: Workshop

    def __call__(self) -> Pair:
        paths = {n: self.workshop.films(1, n)[0] for n in (1, *LENGTHS)}
        films = self._films()
        before = self._front_end(paths)
        noted = self._served(SLOW, films, paths)
        costs = mean(before, self._front_end(paths))
        model = simulated(films, SLOW, costs, workers=self.workers, jobs=JOBS)
        return Pair(model, noted.figures)

    def _films(self) -> list[FilmAsked]:
        films = arrivals(SLOW, self.workers, self.seconds)
        chance = random.Random(3)
        return [replace(film, chunks=chance.choice(LENGTHS)) for film in films]

    def _front_end(self, paths: Mapping[int, Path]) -> Costs:
        """From a short and a long film, each alone with a device that answers at once."""
        short, long = (
            self._served(INSTANT, [FilmAsked(0, 0.0, "", n)], paths).figures.makespan_s
            for n in (1, LENGTHS[-1])
        )
        chunk_s = max(0.0, (long - short) / (LENGTHS[-1] - 1))
        start_s = max(0.0, short - chunk_s)
        return replace(NOTHING, film_start_s=start_s, sound_core_s=chunk_s * 1000 / CHUNK_MS)

    def _served(
        self, device: Device, films: Sequence[FilmAsked], paths: Mapping[int, Path]
    ) -> real.Noted:
        with (
            tempfile.TemporaryDirectory() as folder,
            served(
                Path(folder),
                self.workshop.sounds,
                paced(device, self.workers),
                jobs=JOBS,
                credits_bytes=CREDITS,
            ) as server,
        ):
            return server.hear(films, lambda film: paths[film.chunks])


def mean(one: Costs, other: Costs) -> Costs:
    return replace(
        one,
        film_start_s=(one.film_start_s + other.film_start_s) / 2,
        sound_core_s=(one.sound_core_s + other.sound_core_s) / 2,
    )


def paced(device: Device, workers: int) -> Sequence[Backend]:
    return [real.Paced(device, number) for number in range(workers)]


def heard(
    films: Sequence[FilmAsked], opened: Callable[[], Sequence[Backend]], workers: int
) -> real.Noted:
    return real.heard(
        films, speech, opened, workers=workers, sound_s=SOUND_S, credits_bytes=CREDITS
    )


def simulated(
    films: Sequence[FilmAsked], device: Device, costs: Costs, *, workers: int, jobs: int = 64
) -> Figures:
    design = Design("real", 1, workers, cores=64, jobs=jobs, credits_bytes=CREDITS)
    cluster = Cluster(design, device, costs)
    cluster.run(films, until_s=3600.0)
    return Figures.of(cluster.readings, cluster.readings.last_s)


def speech(asked: FilmAsked) -> Iterator[int]:
    """As ``Cluster`` has it."""
    return speech_of(asked, random.Random(f"0 {asked.number}"))


def fitted(took_s: Mapping[int, Sequence[float]]) -> Device:
    """A device of two rows whose batches took so long, by their rows."""
    two = statistics.mean(took_s[2]) if took_s[2] else 2 * statistics.mean(took_s[1])
    one = statistics.mean(took_s[1]) if took_s[1] else two / 2
    return Device("tiny, int8", 2, 2 * one - two, two - one, 0.0, "measured in the run")


def arrivals(device: Device, workers: int, seconds: float) -> list[FilmAsked]:
    """Films of some minutes at two thirds of what the workers do, and a crowd in the middle."""
    load = Load("validation", hours=0.08, tenants=2)
    sound_s = device.rows * CHUNK_MS / 1000
    rate = 0.66 * workers * sound_s / device.batch_s([86] * device.rows)
    crowd = replace(load, together_s=seconds / 3)
    films = list(load.films(1, sound_s_a_second=rate, until_s=seconds))
    for film in crowd.films(2, sound_s_a_second=rate, until_s=seconds / 4):
        films.append(replace(film, number=len(films), at_s=seconds / 2))
    return films
