"""Where the models of this server live, by its settings."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from polycue import telemetry
from polycue.config import Settings
from polycue.engine.backends.backend import Host
from polycue.engine.backends.processes.host import child_host
from polycue.engine.backends.processes.pace import Pace
from polycue.engine.backends.processes.supervisor import Supervisor
from polycue.engine.backends.processes.work import Choose
from polycue.engine.backends.threads import thread_host
from polycue.engine.devices import Device, choose, has_cuda_driver
from polycue.engine.memory import budget
from polycue.engine.shelf import Shelf

log = telemetry.logger(__name__)


def open_host(settings: Settings, *, check: Callable[[Path], None] = lambda folder: None) -> Host:
    """The place for models that the settings ask for.

    ``check`` raises where a model's folder is not what it should be. It is asked before a loading,
    but for a recogniser in this process, whose folder comes checked. Where models may live in a
    child, the device is looked for in one as well: this process opens no CUDA.

    Raises:
        DeviceUnavailable: the device asked for cannot be used.
    """
    if settings.engine == "threads" or (settings.engine == "auto" and _is_cpu(settings)):
        return _threads(settings, choose(*_wish(settings)), check)
    pace = Pace(factor=settings.engine_deadline_factor, least_s=settings.engine_deadline_s)
    supervisor = Supervisor(Choose(*_wish(settings)), pace, check=check)
    device = supervisor.device
    if settings.engine == "auto" and device.kind == "cpu":
        log.warning("there is a GPU's driver and no GPU to use; polycue doctor says why")
        supervisor.close()
        return _threads(settings, device, check)
    return child_host(supervisor, settings.compute_type)


def open_shelf(settings: Settings, host: Host) -> Shelf:
    """Room for the models of the host."""
    device = host.device
    return Shelf(
        budget(device.kind, device.memory_bytes, settings.model_memory_bytes),
        idle_s=settings.unload_idle_s,
    )


def _wish(settings: Settings) -> tuple[str, str, int, int, int]:
    return (
        settings.device,
        settings.compute_type,
        settings.device_index,
        settings.threads,
        settings.workers,
    )


def _is_cpu(settings: Settings) -> bool:
    """Whether it can be told without a look at CUDA."""
    return settings.device == "cpu" or not has_cuda_driver()


def _threads(settings: Settings, device: Device, check: Callable[[Path], None]) -> Host:
    # A translator is small: CTranslate2 knows best in what it computes on the device.
    return thread_host(device, replace(device, compute_type=settings.compute_type), check=check)
