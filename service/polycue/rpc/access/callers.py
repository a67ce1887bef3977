"""Whom the server knows, and what each may use."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from polycue.domain.errors import CertificateUnknown, TokenExpired, TokenUnknown
from polycue.domain.limits import TenantLimits
from polycue.rpc.access.tokens import hash_of


class Kind(StrEnum):
    """Calls by what they hold while they last."""

    CLIPS = "clips"  # the engine
    TEXTS = "texts"  # a thread that reads and lays out
    WATCHES = "watches"  # little, for hours
    TRANSFERS = "transfers"  # some 10 MiB of buffers
    REQUESTS = "requests"  # a moment of the store


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a tenant's, as its hash; ``name`` is for the operator."""

    tenant: str
    sha256: bytes
    name: str = ""
    expires_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a tenant may have; of a kind of call that is left out, any number at once."""

    limits: TenantLimits = field(default_factory=TenantLimits)
    calls: Mapping[Kind, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Callers:
    """``certificates`` maps ``uri:…``, ``dns:…`` and ``cn:…`` to tenants.

    ``allowances`` has the tenants whose limits are not those of everybody.
    """

    tokens: tuple[Token, ...] = ()
    certificates: Mapping[str, str] = field(default_factory=dict)
    allowances: Mapping[str, Allowance] = field(default_factory=dict)

    def by_token(self, token: str, *, now_ms: int) -> str:
        """The tenant a token belongs to; takes as long for one that is wrong as for any other.

        Raises:
            TokenUnknown, TokenExpired: it belongs to nobody, or not any more.
        """
        digest, found = hash_of(token), None
        for known in self.tokens:
            if hmac.compare_digest(known.sha256, digest):
                found = known
        if found is None:
            raise TokenUnknown
        if found.expires_ms is not None and found.expires_ms <= now_ms:
            raise TokenExpired
        return found.tenant

    def by_certificate(self, identities: Iterable[str]) -> str:
        """The tenant of the first identity that has one.

        Raises:
            CertificateUnknown: none of them has.
        """
        for identity in identities:
            if identity in self.certificates:
                return self.certificates[identity]
        raise CertificateUnknown
