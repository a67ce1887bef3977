"""Whose call it is, by the token or the certificate it comes with."""

from collections.abc import Callable, Iterator
from typing import Any

from polycue.domain.errors import TokenMissing, TokenUnknown
from polycue.jobs.clock import Clock
from polycue.rpc.access.callers import Allowance, Callers
from polycue.rpc.tenant import LOCAL

_HEADER = "authorization"
_SCHEME = "bearer"
# What grpc.auth_context() calls the names in a client's certificate, and what the file does.
_NAMES = {"peer_uri": "uri", "peer_dns": "dns", "x509_common_name": "cn"}


class Authority:
    """Without ``callers`` nobody is asked who they are, and all are one tenant."""

    def __init__(
        self, callers: Callable[[], Callers] | None, *, everybody: Allowance, clock: Clock
    ) -> None:
        self._callers, self._everybody, self._clock = callers, everybody, clock

    def tenant_of(self, context: Any) -> str:
        """The tenant of a call; its token goes before its certificate.

        Raises:
            NotAuthenticated: it has none.
        """
        if self._callers is None:
            return LOCAL
        callers = self._callers()
        token = _token_of(context)
        if token is not None:
            return callers.by_token(token, now_ms=self._clock())
        identities = tuple(_identities_of(context))
        if not identities:
            raise TokenMissing
        return callers.by_certificate(identities)

    def allowance_of(self, tenant: str) -> Allowance:
        callers = self._callers() if self._callers else Callers()
        return callers.allowances.get(tenant, self._everybody)


def _token_of(context: Any) -> str | None:
    """The one bearer token of a call, None where it brings none.

    Raises:
        TokenUnknown: it brings several, or something else than a token.
    """
    given = [value for key, value in context.invocation_metadata() or () if key == _HEADER]
    if not given:
        return None
    scheme, _, token = str(given[0]).partition(" ")
    if len(given) > 1 or scheme.lower() != _SCHEME:
        raise TokenUnknown
    return token.strip()


def _identities_of(context: Any) -> Iterator[str]:
    """The names in the client's certificate, as the file of callers writes them."""
    facts = context.auth_context()
    for key, prefix in _NAMES.items():
        for value in facts.get(key, ()):
            yield f"{prefix}:{value.decode('utf-8', 'replace')}"
