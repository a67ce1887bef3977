"""A file on its way in, or come in whole."""

from dataclasses import dataclass

from polycue.jobs.files.protocol import Parts


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes a client sends. Instants are milliseconds since the epoch.

    ``committed_bytes`` are safely kept, in ``parts``. ``sha256`` is what was announced, empty for
    nothing, until the upload is ``complete``; then it is that of the bytes.
    """

    id: str
    tenant: str
    filename: str
    size_bytes: int
    sha256: bytes
    ttl_ms: int
    expires_ms: int
    committed_bytes: int = 0
    parts: Parts = ()
    complete: bool = False
    request_id: str = ""
    fingerprint: str = ""

    def __repr__(self) -> str:
        return f"Upload({self.id}, {self.committed_bytes} of {self.size_bytes} bytes)"
