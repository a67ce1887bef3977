"""Devices whose models live in children that are watched."""

from collections.abc import Callable, Sequence

from polycue.engine.backends.backend import Host
from polycue.engine.backends.supervised.crew import Crew
from polycue.engine.backends.supervised.elastic import Elastic
from polycue.engine.backends.supervised.fleet import Fleet
from polycue.engine.backends.supervised.several_texts import SeveralTexts
from polycue.engine.backends.supervised.size import Size
from polycue.engine.backends.supervised.supervisor import Supervisor


def supervised_host(supervisors: Sequence[Supervisor], text_compute_type: str) -> Host:
    """All models in a child for each device; ``text_compute_type`` is translators'."""
    fleet, texts = Fleet(supervisors), SeveralTexts()
    crew = Crew(fleet, texts, text_compute_type)
    return _host("child", fleet, crew, texts, close=fleet.close)


def elastic_host(
    name: str,
    make: Callable[[int], Supervisor],
    text_compute_type: str,
    *,
    least: int,
    most: int,
    idle_s: float,
    close: Callable[[], None],
) -> Host:
    """As many devices as there is work for, each with its own copies of models.

    ``make`` makes the supervisor of one by its number; ``close`` ends them all, and the wait
    for one that is to come.
    """
    fleet = Fleet([make(number) for number in range(least)], own_models=True)
    texts = SeveralTexts()
    crew = Crew(fleet, texts, text_compute_type)
    elastic = Elastic(fleet, crew, texts, Size(least, most, idle_s=idle_s), make)
    elastic.start()

    def close_all() -> None:
        close()  # first: one that waits for its place holds up its supervisor's end
        elastic.close()
        fleet.close()

    return _host(name, fleet, crew, texts, close=close_all)


def _host(
    name: str, fleet: Fleet, crew: Crew, texts: SeveralTexts, *, close: Callable[[], None]
) -> Host:
    return Host(
        name=name,
        known_devices=lambda: tuple(supervisor.device for supervisor in fleet.supervisors),
        open_recogniser=crew.open,
        staffed=crew.staffed,
        texts=texts,
        up=lambda: fleet.up,
        restore=fleet.restore,
        abandon=close,
        close=close,
    )
