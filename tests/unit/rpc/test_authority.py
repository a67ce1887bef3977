from collections.abc import Mapping, Sequence

import pytest

from polycue.domain.errors import CertificateUnknown, TokenMissing
from polycue.rpc.access.authority import Authority
from polycue.rpc.access.callers import Allowance, Callers, Token
from polycue.rpc.access.tokens import hash_of, new_token

NOBODY = Allowance()


class Call:
    """What grpc tells of a call."""

    def __init__(
        self,
        metadata: Sequence[tuple[str, str]] = (),
        certificate: Mapping[str, Sequence[bytes]] | None = None,
    ) -> None:
        self._metadata, self._certificate = metadata, certificate or {}

    def invocation_metadata(self) -> Sequence[tuple[str, str]]:
        return self._metadata

    def auth_context(self) -> Mapping[str, Sequence[bytes]]:
        return self._certificate


def authority(callers: Callers) -> Authority:
    return Authority(lambda: callers, everybody=NOBODY, clock=lambda: 0)


def test_names_in_a_certificate_are_not_taken_for_one_another() -> None:
    knows = authority(
        Callers(certificates={"uri:spiffe://example.org/a": "a", "dns:b": "b", "cn:c": "c"})
    )
    for certificate, tenant in (
        ({"peer_uri": [b"spiffe://example.org/a"]}, "a"),
        ({"peer_dns": [b"x", b"b"]}, "b"),
        ({"x509_common_name": [b"c"]}, "c"),
        ({"x509_common_name": [b"c"], "peer_dns": [b"b"]}, "b"),
        ({"x509_common_name": [b"c"], "peer_uri": [b"spiffe://example.org/a"]}, "a"),
    ):
        assert knows.tenant_of(Call(certificate=certificate)) == tenant
    for certificate in (
        {"x509_common_name": [b"b"]},
        {"peer_dns": [b"c"]},
        {"peer_uri": [b"b"]},
        {"x509_common_name": [b"\xff"]},
    ):
        with pytest.raises(CertificateUnknown):
            knows.tenant_of(Call(certificate=certificate))


def test_a_token_goes_before_a_certificate() -> None:
    token = new_token()
    knows = authority(Callers(tokens=(Token("t", hash_of(token)),), certificates={"dns:b": "b"}))
    certificate = {"peer_dns": [b"b"]}
    assert knows.tenant_of(Call([("authorization", f"bearer {token}")], certificate)) == "t"
    assert knows.tenant_of(Call((), certificate)) == "b"
    with pytest.raises(TokenMissing):
        knows.tenant_of(Call([("x-authorization", token)]))
