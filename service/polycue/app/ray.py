"""A host on a Ray cluster, by the settings."""

import importlib.util
import logging
import math
import os

from polycue.config import Settings
from polycue.domain.errors import DeviceUnavailable
from polycue.engine.backends.backend import Host
from polycue.engine.backends.ray.asked import Hello, Needs
from polycue.engine.backends.ray.begin import Actors
from polycue.engine.backends.ray.node_models import ChooseOnNode
from polycue.engine.backends.supervised.host import elastic_host
from polycue.engine.backends.supervised.pace import Pace
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import Choose
from polycue.engine.devices import Device, Kind, compute_type_of, split


def open_ray(settings: Settings, pace: Pace) -> Host:
    """All models in actors of the cluster, which is joined when the first of them is needed.

    Raises:
        DeviceUnavailable: Ray is not installed here.
    """
    if importlib.util.find_spec("ray") is None:
        raise DeviceUnavailable(
            "ray", "Ray is not installed; get it with: pip install 'polycue[ray]'"
        )
    actors = Actors(
        settings.ray_address,
        needs(settings),
        Hello(
            settings.models_dir.absolute(),
            settings.recorded_models_only,
            logging.getLogger().getEffectiveLevel(),
        ),
        place_s=settings.ray_place_s,
        environment=environment(),
    )

    def make(number: int) -> Supervisor:
        device = _device(settings, number)
        return Supervisor(_wish(settings), pace, begin=actors.begin, device=device)

    return elastic_host(
        "ray",
        make,
        settings.compute_type,
        least=settings.ray_actors_min,
        most=max(settings.ray_actors_min, settings.ray_actors_max),
        idle_s=settings.ray_idle_s,
        close=actors.close,
    )


def needs(settings: Settings) -> Needs:
    gpus = 0 if settings.device == "cpu" else settings.ray_gpus
    return Needs(gpus=gpus, cpus=settings.ray_cpus)


def environment() -> dict[str, str]:
    """What Ray reads of the server's environment, its token among it; it phones nobody."""
    told = {name: value for name, value in os.environ.items() if name.startswith("RAY_")}
    return {**told, "RAY_USAGE_STATS_ENABLED": "0"}


def _kind(settings: Settings) -> Kind:
    return "cuda" if needs(settings).gpus else "cpu"


def _device(settings: Settings, number: int) -> Device:
    """What an actor is expected to find, which its settings say but for the memory."""
    kind = _kind(settings)
    threads, workers = split(
        max(1, math.floor(settings.ray_cpus)), kind, settings.threads, settings.workers
    )
    return Device(
        kind,
        0,
        compute_type_of(kind, settings.compute_type),
        threads,
        workers,
        rows=settings.batch_rows,
        place=f"ray:{number}",
    )


def _wish(settings: Settings) -> ChooseOnNode:
    expected = _device(settings, 0)
    return ChooseOnNode(
        Choose(
            expected.kind,
            settings.compute_type,
            0,
            expected.threads,
            expected.workers,
            expected.rows,
        )
    )
