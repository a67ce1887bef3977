"""ffmpeg's sandbox as the settings want it, and what the machine has of it."""

from polycue import metrics, telemetry
from polycue.config import Settings
from polycue.media import sandbox

log = telemetry.logger(__name__)


def confine_media(settings: Settings) -> None:
    """Give every ffmpeg its budget, and tell the log and the metrics which layers are there.

    Raises:
        SandboxMissing: a layer is not there, and all are required.
    """
    sandbox.configure(
        sandbox.Budget(
            memory_bytes=settings.media_memory_bytes,
            drawing_memory_bytes=settings.burn_in_memory_bytes,
            cpu_s=settings.media_cpu_s,
        )
    )
    layers = sandbox.layers()
    for layer, there in layers.items():
        metrics.SANDBOX.labels(layer).set(there)
    if settings.require_sandbox:
        sandbox.require()
    tell = log.info if all(layers.values()) else log.warning
    tell("ffmpeg is confined", **layers)
