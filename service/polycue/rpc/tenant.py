"""Whose call this is."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LOCAL = "local"
"""The tenant of every call where nobody says who they are."""

_tenant: ContextVar[str] = ContextVar("tenant", default=LOCAL)


def current() -> str:
    """The tenant of the call this runs in; threads of a lane inherit it."""
    return _tenant.get()


@contextmanager
def acting_for(tenant: str) -> Iterator[None]:
    """Do what follows in the block for ``tenant``."""
    token = _tenant.set(tenant)
    try:
        yield
    finally:
        _tenant.reset(token)
