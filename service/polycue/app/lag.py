"""How late the event loop is, which health checks wait for too."""

import asyncio

from polycue import metrics

_EVERY_S = 0.5


async def measure_lag() -> None:
    """Observe it twice a second, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due_s = loop.time() + _EVERY_S
        await asyncio.sleep(_EVERY_S)
        metrics.LOOP_LAG.observe(max(0.0, loop.time() - due_s))
