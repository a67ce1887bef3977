"""How fast clips were worked on lately, so that a deadline nobody can keep is told at once."""

from collections import deque

from polycue.domain.errors import DeadlineTooShort
from polycue.domain.request import SpeechOptions

_REMEMBERED = 32


class ClipPace:
    """Safe to use from several threads: it only ever appends, and reads a copy."""

    def __init__(self) -> None:
        self._recent: deque[tuple[SpeechOptions, int, float]] = deque(maxlen=_REMEMBERED)

    def __repr__(self) -> str:
        return f"ClipPace({len(self._recent)} clips)"

    def note(self, speech: SpeechOptions, media_ms: int, took_s: float) -> None:
        """A clip of this length was done in so many seconds."""
        if media_ms > 0:
            self._recent.append((speech, media_ms, took_s))

    def require(self, speech: SpeechOptions, media_ms: int, *, within_s: float) -> None:
        """Return where a clip of this length may be done in time, or nobody knows.

        Held against it is the fastest of the last clips with the same wishes that were half as
        long, or longer: of shorter ones most is what each costs however short it is.

        Raises:
            DeadlineTooShort: even at the best pace it will not be done.
        """
        needed_s = [
            took_s * media_ms / length_ms
            for wished, length_ms, took_s in tuple(self._recent)
            if wished == speech and 2 * length_ms >= media_ms
        ]
        if needed_s and min(needed_s) > within_s:
            raise DeadlineTooShort(min(needed_s), within_s)
