"""Certificate authorities made for a test, and what they issue, as files."""

from dataclasses import dataclass
from pathlib import Path

import grpc
import trustme


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: Path
    key: Path

    def replace(self, issued: trustme.LeafCert) -> None:
        self.certificate.write_bytes(issued.cert_chain_pems[0].bytes())
        self.key.write_bytes(issued.private_key_pem.bytes())


class Authority:
    """A CA whose files lie in ``folder``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._ca = folder, trustme.CA(key_type=trustme.KeyType.ECDSA)
        self.path = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.path))

    @property
    def pem(self) -> bytes:
        return self._ca.cert_pem.bytes()

    def issue(self, *names: str, common_name: str | None = None) -> trustme.LeafCert:
        return self._ca.issue_cert(*names, common_name=common_name, key_type=trustme.KeyType.ECDSA)

    def pair(self, name: str, *names: str, common_name: str | None = None) -> Pair:
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        pair.replace(self.issue(*names, common_name=common_name))
        return pair

    def trusting(self, client: Pair | None = None) -> grpc.ChannelCredentials:
        """Credentials of a client that trusts this CA, and shows ``client``."""
        if client is None:
            return grpc.ssl_channel_credentials(self.pem)
        return grpc.ssl_channel_credentials(
            self.pem, client.key.read_bytes(), client.certificate.read_bytes()
        )
