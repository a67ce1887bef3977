"""A clock that stands still until a test moves it."""


class ManualClock:
    """Milliseconds since the epoch, as ``jobs.clock.Clock`` gives them."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, ms: int) -> None:
        self.now_ms += ms
