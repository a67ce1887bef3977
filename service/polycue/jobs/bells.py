"""Tells whoever follows a job here that there is news of it."""

import threading
from collections.abc import Callable

Wake = Callable[[], None]


class Bells:
    """One bell for each job that somebody listens to; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listening: dict[str, list[Wake]] = {}

    def __repr__(self) -> str:
        return f"Bells({len(self._listening)} jobs)"

    def listen(self, job_id: str, wake: Wake) -> Callable[[], None]:
        """Call ``wake``, from any thread, whenever there is news; returns what ends that."""
        with self._lock:
            self._listening.setdefault(job_id, []).append(wake)
        return lambda: self._leave(job_id, wake)

    def ring(self, job_id: str) -> None:
        with self._lock:
            wakers = tuple(self._listening.get(job_id, ()))
        for wake in wakers:
            wake()

    def ring_all(self) -> None:
        with self._lock:
            jobs = tuple(self._listening)
        for job_id in jobs:
            self.ring(job_id)

    def _leave(self, job_id: str, wake: Wake) -> None:
        with self._lock:
            wakers = self._listening.get(job_id, [])
            if wake in wakers:
                wakers.remove(wake)
            if not wakers:
                self._listening.pop(job_id, None)
