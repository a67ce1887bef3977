"""Where the models of this server live, by its settings."""

from dataclasses import replace

from polycue.config import Settings
from polycue.engine.backends.backend import Host
from polycue.engine.backends.threads import thread_host
from polycue.engine.devices import choose


def open_host(settings: Settings) -> Host:
    """The place for models that the settings ask for.

    Raises:
        DeviceUnavailable: the device asked for cannot be used.
    """
    device = choose(
        settings.device,
        settings.compute_type,
        index=settings.device_index,
        threads=settings.threads,
    )
    # A translator is small: CTranslate2 knows best in what it computes on the device.
    return thread_host(device, replace(device, compute_type=settings.compute_type))
