"""``polycue doctor`` on devices: whether there is a GPU, and how models would run here.

What the light install lacks is imported where it is looked at.
"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from polycue.commands.finding import Finding, State

if TYPE_CHECKING:
    from polycue.engine.backends.backend import Host
    from polycue.models.store import ModelStore

_WHERE = {
    "threads": "in threads of the server",
    "child": "in a child process of the server",
    "ray": "in actors of a Ray cluster",
}


def look_at_gpu() -> Iterator[Finding]:
    from polycue.domain.errors import DeviceUnavailable
    from polycue.engine.devices import choose

    try:
        device = choose("cuda")
    except DeviceUnavailable as error:
        cpu = choose("cpu")
        yield Finding(
            "GPU",
            State.WARNING if Path("/proc/driver/nvidia").exists() else State.FINE,
            f"none used, the CPU in {cpu.compute_type} instead ({error.reason})",
        )
    else:
        yield Finding("GPU", State.FINE, f"CUDA device {device.index} in {device.compute_type}")


def look_at_engine(models_dir: Path | None) -> Iterator[Finding]:
    """As a server with this environment would do it."""
    from pydantic import ValidationError

    from polycue.app.host import open_host
    from polycue.config import Settings
    from polycue.domain.errors import ClusterUnavailable, DeviceUnavailable
    from polycue.models.place import default_models_dir
    from polycue.models.store import ModelStore

    try:
        settings = Settings()
        with contextlib.redirect_stdout(sys.stderr):  # log lines are no part of the answer
            host = open_host(settings)
            try:
                if host.name == "ray":  # to be joined, and an actor to be had; others are here
                    host.restore()
                store = ModelStore(models_dir or default_models_dir())
                found = [_placed(host), *shared(host, settings.model_memory_bytes, store)]
            finally:
                host.close()
    except ValidationError as error:
        first = error.errors()[0]
        yield Finding("engine", State.FAILED, f"{first['loc'][0]}: {first['msg']}")
    except ClusterUnavailable as error:
        yield Finding("engine", State.FAILED, str(error), "look at POLYCUE_RAY_* and RAY_AUTH_*")
    except DeviceUnavailable as error:
        yield Finding("engine", State.FAILED, error.reason, "set POLYCUE_DEVICE or POLYCUE_ENGINE")
    else:
        yield from found


def _placed(host: "Host") -> Finding:
    devices = [device.label for device in host.devices]
    several = host.name == "child" and len(devices) > 1
    where = "in a child process for each device" if several else _WHERE[host.name]
    return Finding("engine", State.FINE, f"models run {where}, on {', '.join(devices)}")


def shared(host: "Host", memory_bytes: int, store: "ModelStore") -> Iterator[Finding]:
    """What each device does at once, and how much memory models have there."""
    from polycue.domain.errors import PolycueError
    from polycue.engine.budget import budget

    device = host.device
    workers = f"{device.workers} {'worker' if device.workers == 1 else 'workers'}"
    threads = f" of {device.threads} {'thread' if device.threads == 1 else 'threads'}"
    try:
        rows = _rows(host, store)
    except PolycueError as error:
        yield Finding(
            "batches", State.WARNING, f"{workers}{threads}; no batch can be tried: {error}"
        )
    else:
        yield Finding("batches", State.FINE, f"{workers}{threads} on each device, {rows}")
    room = budget(host.devices, memory_bytes)
    yield Finding("model memory", State.FINE, f"{room / 2**30:.1f} GiB for weights on each device")


def _rows(host: "Host", store: "ModelStore") -> str:
    """Known on a CPU; a GPU is asked with the model that it would be used for.

    Raises:
        PolycueError: there is no model, or it does not run there.
    """
    from polycue.engine.backends.rehearsal import CPU_ROWS
    from polycue.engine.devices import auto_model
    from polycue.models.kind import ModelKind

    device = host.device
    if device.rows or device.kind == "cpu":
        return f"up to {device.rows or CPU_ROWS} chunks in a batch"
    models = [model.name for model in store.installed() if model.kind is ModelKind.WHISPER]
    name = auto_model(device, models)
    backends = host.open_recogniser(store.whisper_path(name), name)
    rows = [backend.max_rows for backend in backends]
    for backend in backends:
        backend.close()
    return f"up to {', '.join(map(str, rows))} chunks in a batch of {name}"
