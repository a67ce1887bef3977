"""What one tenant may use of a server that others use too."""

from dataclasses import dataclass

NO_LIMIT = 2**62  # fits into a database's 64 bits


@dataclass(frozen=True, slots=True)
class TenantLimits:
    """``max_jobs`` counts those that wait or run, ``max_stored_bytes`` is for uploads and jobs.

    Of jobs that is what was asked and the results, of each of both 16 KiB more.
    ``max_day_media_ms`` is how much media its jobs of the last 24 hours may have decoded.
    """

    max_jobs: int = NO_LIMIT
    max_stored_bytes: int = NO_LIMIT
    max_day_media_ms: int = NO_LIMIT
