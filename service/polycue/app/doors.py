"""What stands between callers and the services, made from settings."""

from collections.abc import Callable
from dataclasses import dataclass

from polycue import telemetry
from polycue.config import Settings
from polycue.domain.limits import TenantLimits
from polycue.jobs.clock import Clock
from polycue.rpc.access.authority import Authority
from polycue.rpc.access.callers import Allowance, Callers, Kind
from polycue.rpc.access.callers_file import read_callers
from polycue.rpc.access.door import Door
from polycue.rpc.access.places import Places
from polycue.rpc.access.reloading import Reloaded
from polycue.rpc.access.tls import Credentials, TlsFiles, server_credentials
from polycue.rpc.address import Address
from polycue.rpc.gate import Gate

_REQUESTS_AT_ONCE = 128  # calls that are a moment of the store's

log = telemetry.logger(__name__)


@dataclass(frozen=True, slots=True)
class Doors:
    """``credentials`` are None where calls travel in the clear."""

    address: Address
    credentials: Credentials | None
    authority: Authority
    door: Door
    clips: Places
    texts: Places

    def limits_of(self, tenant: str) -> TenantLimits:
        return self.authority.allowance_of(tenant).limits


def make_doors(settings: Settings, clock: Clock) -> Doors:
    """The way in.

    Raises:
        ListenError: the address is malformed, or not safe.
        CredentialsUnusable: a certificate, a key or the file of callers cannot be used.
    """
    address = safe_address(settings)
    everybody = _everybody(settings)
    authority = Authority(_callers(settings, everybody), everybody=everybody, clock=clock)

    def places(kind: Kind, limit: int, *, patience_s: float = 0) -> Places:
        def most_of(tenant: str) -> int | None:
            return authority.allowance_of(tenant).calls.get(kind)

        return Places(kind, limit, most_of=most_of, patience_s=patience_s)

    wait_s = settings.call_wait_s
    held = {
        Kind.WATCHES: places(Kind.WATCHES, settings.max_watches),
        Kind.TRANSFERS: places(Kind.TRANSFERS, settings.max_transfers),
        Kind.REQUESTS: Places(
            Kind.REQUESTS, _REQUESTS_AT_ONCE, patience_s=wait_s
        ),  # no tenant has less
    }
    return Doors(
        address,
        _credentials(settings),
        authority,
        Door(Gate(), authority, held),
        clips=places(Kind.CLIPS, settings.max_calls, patience_s=wait_s),
        texts=places(Kind.TEXTS, settings.max_texts, patience_s=wait_s),
    )


def safe_address(settings: Settings) -> Address:
    """Where to listen for callers.

    Raises:
        ListenError: the address is malformed, or not safe; or one for those who look after the
            server is malformed.
    """
    if settings.admin_listen:
        Address.parse(settings.admin_listen)
    if settings.metrics_listen:
        Address.parse(settings.metrics_listen).host_and_port()
    address = Address.parse(settings.listen)
    address.require_safe(
        encrypted=settings.tls_cert is not None,
        authenticated=bool(settings.tokens_file or settings.tls_client_ca),
        insecure=settings.insecure,
    )
    return address


def warn_of_open_doors(settings: Settings, address: Address) -> None:
    """Say loudly what ``--insecure`` means."""
    if address.is_local:
        return
    if settings.tls_cert is None:
        log.warning("INSECURE: media, subtitles and tokens cross the network in the clear")
    if not (settings.tokens_file or settings.tls_client_ca):
        log.warning("INSECURE: whoever reaches this address may call, and sees everybody's jobs")


def _callers(settings: Settings, everybody: Allowance) -> Callable[[], Callers] | None:
    path = settings.tokens_file
    if path is None:
        return None
    return Reloaded("tokens", (path,), lambda: read_callers(path, everybody))


def _credentials(settings: Settings) -> Credentials | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    files = TlsFiles(settings.tls_cert, settings.tls_key, settings.tls_client_ca)
    return server_credentials(files)


def _everybody(settings: Settings) -> Allowance:
    """What a tenant may have of whom the file of callers says nothing else."""
    shared = settings.tokens_file is not None
    calls = {
        Kind.CLIPS: settings.max_tenant_clips,
        Kind.TEXTS: settings.max_tenant_texts,
        Kind.WATCHES: settings.max_tenant_watches or (shared and _half(settings.max_watches)),
        Kind.TRANSFERS: settings.max_tenant_transfers or (shared and _half(settings.max_transfers)),
    }
    no_limit = TenantLimits()
    return Allowance(
        TenantLimits(
            max_jobs=settings.max_tenant_jobs or no_limit.max_jobs,
            max_stored_bytes=settings.max_tenant_stored_bytes or no_limit.max_stored_bytes,
            max_day_media_ms=settings.max_tenant_day_media_s * 1000 or no_limit.max_day_media_ms,
        ),
        {kind: most for kind, most in calls.items() if most},
    )


def _half(places: int) -> int:
    """What leaves room for another tenant, whatever the first one does."""
    return (places + 1) // 2
