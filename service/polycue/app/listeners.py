"""Where a server answers: its callers, those who look after it, and Prometheus."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from polycue import metrics, telemetry
from polycue.app.doors import Doors, warn_of_open_doors
from polycue.config import Settings
from polycue.domain.errors import AddressUnusable
from polycue.rpc.address import Address
from polycue.rpc.admin import Admin
from polycue.rpc.guard import Guard
from polycue.rpc.health import Health
from polycue.rpc.server import SERVICES, Server, Services

log = telemetry.logger(__name__)


class Listeners:
    """Made, started and stopped in one event loop."""

    def __init__(self, settings: Settings, services: Services, doors: Doors) -> None:
        self._settings, self._doors = settings, doors
        reflect = settings.reflection
        if reflect is None:
            reflect = doors.address.is_local
        self.health = Health()
        guard = Guard(doors.door, reader_idle_s=settings.reader_idle_s)
        self._server = Server(
            services,
            guard,
            self.health,
            reflect=reflect,
            connection_age_s=settings.connection_age_s,
        )
        self._admin = _admin(settings, self.health)
        self._end_metrics: Callable[[], None] = lambda: None

    async def start(self) -> str:
        """Answer everywhere; returns the callers' address, with the port that was bound.

        Raises:
            AddressUnusable: an address is malformed, taken, or not this machine's.
        """
        warn_of_open_doors(self._settings, self._doors.address)
        if self._settings.metrics_listen:
            with _named("--metrics-listen"):
                self._end_metrics = _serve_metrics(Address.parse(self._settings.metrics_listen))
        if self._admin:
            with _named("--admin-listen"):
                log.info("admin is answered", address=await self._admin.start())
        with _named("--listen"):
            return await self._server.start(self._doors.address, self._doors.credentials)

    async def stop(self) -> None:
        """Callers first; health is told to the end."""
        await self._server.stop()
        if self._admin:
            await self._admin.stop()
        self._end_metrics()


@contextmanager
def _named(flag: str) -> Iterator[None]:
    """Let who has to choose another address know by which flag."""
    try:
        yield
    except AddressUnusable as error:
        problem = f"{error.problem}; give another with {flag}"
        raise AddressUnusable(error.address, problem) from error


def _admin(settings: Settings, health: Health) -> Admin | None:
    if not settings.admin_listen:
        return None
    return Admin(health, services=SERVICES, address=Address.parse(settings.admin_listen))


def _serve_metrics(address: Address) -> Callable[[], None]:
    host, port = address.host_and_port()
    try:
        bound, end = metrics.serve(host, port)
    except OSError as error:
        raise AddressUnusable(address.text, error.strerror or "it cannot be used") from error
    log.info("metrics are answered", address=address.with_port(bound))
    return end
