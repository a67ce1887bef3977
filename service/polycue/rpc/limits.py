"""What requests must respect; announced by GetServerInfo."""

from dataclasses import dataclass

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
