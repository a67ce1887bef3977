"""Where the models of this server live, by its settings."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from polycue import telemetry
from polycue.app.ray import open_ray
from polycue.config import Settings
from polycue.domain.errors import DeviceUnavailable
from polycue.engine.backends.backend import Host
from polycue.engine.backends.processes.process import beginning
from polycue.engine.backends.supervised.host import supervised_host
from polycue.engine.backends.supervised.pace import Pace
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import Choose, Count
from polycue.engine.backends.threads import thread_host
from polycue.engine.budget import budget
from polycue.engine.devices import Device, choose, has_cuda_driver
from polycue.engine.shelf import Shelf

_ALL = "all"

Check = Callable[[Path], None]
Start = Callable[[str, int], Supervisor]  # by kind and number

log = telemetry.logger(__name__)


def open_host(settings: Settings, *, check: Check = lambda folder: None) -> Host:
    """The place for models that the settings ask for.

    ``check`` raises where a model's folder is not what it should be. It is asked before a loading,
    but for a recogniser in this process, whose folder comes checked. Where models may live in
    children, the devices are looked for in them as well: this process opens no CUDA.

    Raises:
        DeviceUnavailable: a device asked for cannot be used.
    """
    if settings.engine == "ray":
        return open_ray(settings, pace_of(settings))
    if settings.engine == "threads" or (settings.engine == "auto" and _is_one_cpu(settings)):
        device = choose(*_wish(settings, settings.device, _indices(settings)[0]))
        return _threads(settings, device, check)
    return _children(settings, check)


def open_shelf(settings: Settings, host: Host) -> Shelf:
    """Room for the models of the host, the same on each of its devices."""
    return Shelf(
        lambda: budget(host.devices, settings.model_memory_bytes), idle_s=settings.unload_idle_s
    )


def _threads(settings: Settings, device: Device, check: Check) -> Host:
    # A translator is small: CTranslate2 knows best in what it computes on the device.
    return thread_host(device, replace(device, compute_type=settings.compute_type), check=check)


def _children(settings: Settings, check: Check) -> Host:
    """A child for each device; where one finds no GPU the engine may be one in this process."""
    indices = _indices(settings)

    def start(kind: str, index: int) -> Supervisor:
        sharing = len(indices) if settings.device == "cpu" else 1
        wish = Choose(*_wish(settings, kind, index), sharing=sharing)
        begin = beginning(environment=_environment(settings))
        return Supervisor(wish, pace_of(settings), begin=begin, check=check)

    first = _first(settings, indices[0], start, lambda: _count_gpus(settings))
    device = first.device
    if device.kind == "cpu" and settings.device != "cpu":
        if settings.engine == "auto":
            log.warning("there is a GPU's driver and no GPU to use; polycue doctor says why")
            first.close()
            return _threads(settings, device, check)
        return supervised_host([first], settings.compute_type)
    try:
        others = _others(settings, first, indices[1:], start)
    except BaseException:
        first.close()
        raise
    return supervised_host([first, *others], settings.compute_type)


def _wish(settings: Settings, kind: str, index: int) -> tuple[str, str, int, int, int, int]:
    return (
        kind,
        settings.compute_type,
        index,
        settings.threads,
        settings.workers,
        settings.batch_rows,
    )


def _indices(settings: Settings) -> list[int]:
    """As they were given, each once; of all devices the first, which knows the others."""
    if settings.device_index == _ALL:
        return [0]
    return list(dict.fromkeys(map(int, settings.device_index.split(","))))


def _is_one_cpu(settings: Settings) -> bool:
    """Whether it can be told without a look at CUDA."""
    if settings.device == "cpu":
        return len(_indices(settings)) == 1
    return not has_cuda_driver()


def _first(
    settings: Settings, index: int, start: Start, count_gpus: Callable[[], int]
) -> Supervisor:
    """The device that was named first; of all GPUs the first that works.

    Where none works it is the CPU, unless CUDA was asked for by name.
    """
    if settings.device_index != _ALL or settings.device == "cpu":
        return start(settings.device, index)
    try:
        first = start(settings.device, index)
    except DeviceUnavailable as error:
        found = _next_gpu(index, start, count_gpus())
        if found is None:
            raise
        log.warning("one of all devices cannot be used", problem=str(error))
        return found
    if first.device.kind == "cuda":
        return first
    found = _next_gpu(index, start, count_gpus())
    if found is None:
        return first
    first.close()
    return found


def _next_gpu(after: int, start: Start, count: int) -> Supervisor | None:
    for index in range(after + 1, count):
        try:
            return start("cuda", index)
        except DeviceUnavailable as error:
            log.warning("one of all devices cannot be used", problem=str(error))
    return None


def _count_gpus(settings: Settings) -> int:
    """How many there are, those that cannot be used among them; a child looks for us."""
    with closing(
        Supervisor(Choose("cpu", "auto", 0, 1), pace_of(settings), begin=beginning())
    ) as child:
        return child.ask(Count("cuda"))


def _others(
    settings: Settings, first: Supervisor, named: Sequence[int], start: Start
) -> list[Supervisor]:
    """The devices beside the first, all at once and of its kind.

    Those that were named must all be there. Of all, those before the first do not work.
    """
    takes_all, kind = settings.device_index == _ALL, first.device.kind
    indices = range(first.device.index + 1, first.ask(Count(kind))) if takes_all else named
    if not indices:
        return []
    with ThreadPoolExecutor(len(indices), "devices") as pool:
        tries = [pool.submit(start, kind, index) for index in indices]
    failed = [error for one in tries if (error := one.exception())]
    started = [one.result() for one in tries if not one.exception()]
    for error in failed:
        if not takes_all or not isinstance(error, DeviceUnavailable):
            for supervisor in started:
                supervisor.close()
            raise error
        log.warning("one of all devices cannot be used", problem=str(error))
    return started


def pace_of(settings: Settings) -> Pace:
    return Pace(factor=settings.engine_deadline_factor, least_s=settings.engine_deadline_s)


def _environment(settings: Settings) -> dict[str, str]:
    """What children get beside what they always do.

    CUDA keeps the kernels that it compiles for newer GPUs; where that is not said otherwise, in a
    place that outlives a container.
    """
    return {"CUDA_CACHE_PATH": str(settings.data_dir.absolute() / "cuda")}
