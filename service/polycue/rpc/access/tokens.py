"""Bearer tokens: made once, kept as their hash."""

import hashlib
import secrets

_PREFIX = "polycue_"  # by it people, and what looks for secrets in repositories, know one
_RANDOM_BYTES = 32


def new_token() -> str:
    """A token nobody can guess; a plain hash of it needs neither salt nor stretching."""
    return _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def hash_of(token: str) -> bytes:
    """What is kept of a token: its SHA-256."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
