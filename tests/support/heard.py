"""Who counts what becomes of spans."""

import threading
from collections import Counter

WAIT_S = 60


class Counted:
    """As the server's, but that it can be waited for."""

    def __init__(self) -> None:
        self.spans: Counter[str] = Counter()
        self._news = threading.Condition()

    def sent(self, spans: int) -> None:
        self._note("sent", spans)

    def dropped(self, spans: int, why: str) -> None:
        self._note(why, spans)

    def wait_for(self, outcome: str, least: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: self.spans[outcome] >= least, WAIT_S), self.spans

    def _note(self, outcome: str, spans: int) -> None:
        with self._news:
            self.spans[outcome] += spans
            self._news.notify_all()
