"""What requests and answers must respect; announced by GetServerInfo."""

from dataclasses import dataclass

from google.protobuf.message import Message

from polycue.domain.errors import LimitExceeded

MAX_MESSAGE_BYTES = 4 * 1024 * 1024  # every byte more is memory a stranger can take
MAX_CHUNK_BYTES = 1024 * 1024  # streams at 660 MB/s on loopback; 64 KiB chunks at half of that


@dataclass(frozen=True, slots=True)
class Limits:
    """``max_call_media_ms`` is for Transcribe and StreamTranscribe."""

    max_inline_bytes: int
    max_upload_bytes: int
    max_call_media_ms: int
    max_job_media_ms: int
    max_queued_jobs: int


def require_sendable(answer: Message, advice: str) -> None:
    """Return where an answer fits into a message; grpc would fail without telling anybody why.

    Raises:
        LimitExceeded: it does not; ``advice`` says how else to get it.
    """
    size_bytes = answer.ByteSize()
    if size_bytes > MAX_MESSAGE_BYTES:
        raise LimitExceeded("response", size_bytes, MAX_MESSAGE_BYTES, "bytes", advice)
