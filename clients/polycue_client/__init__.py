"""A light client for polycue's gRPC API; see ``connect`` and ``polycue_client.aio``.

Names are imported when they are first used: ``import polycue_client`` costs nothing, and grpc is
loaded by the first ``connect``.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polycue_client.client import Polycue, connect
    from polycue_client.errors import PolycueClientError
    from polycue_client.retry import Retry
    from polycue_client.wire.security import Tls

__all__ = ["Polycue", "PolycueClientError", "Retry", "Tls", "connect"]

_HOME = {
    "Polycue": "polycue_client.client",
    "PolycueClientError": "polycue_client.errors",
    "Retry": "polycue_client.retry",
    "Tls": "polycue_client.wire.security",
    "connect": "polycue_client.client",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
